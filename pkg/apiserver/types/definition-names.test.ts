import { expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { call } from "../calls.fixture.ts";
import { testServer } from "../server.fixture.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const definition = (plural: string, kind: string) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.names.example.com` },
  spec: {
    group: "names.example.com",
    scope: "Cluster",
    names: { plural, kind },
    versions: [
      { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
    ],
  },
});

it("of definitions made in the same moment one gets the name, and the other when it is gone", async () => {
  await using api = await testServer();
  const plurals = ["aas", "bbs", "ccs"];
  await Promise.all(
    plurals.map((plural) => call(api.transport, "POST", CRDS, definition(plural, "Same"))),
  );
  const served = async () => {
    const codes = plurals.map(async (plural) => {
      const { status } = await call(api.transport, "GET", `/apis/names.example.com/v1/${plural}`);
      return status === 200 ? [plural] : [];
    });
    return (await Promise.all(codes)).flat();
  };
  await eventually("one is served", async () => (await served()).join() === "aas");
  await call(api.transport, "DELETE", `${CRDS}/aas.names.example.com`);
  await eventually("the next is served", async () => (await served()).join() === "bbs");
});

it("a definition keeps its names when others want them", async () => {
  await using api = await testServer();
  await call(api.transport, "POST", CRDS, definition("firsts", "Same"));
  await call(api.transport, "POST", CRDS, definition("seconds", "Same"));
  const path = `${CRDS}/firsts.names.example.com`;
  const headers = { "content-type": "application/merge-patch+json" };
  const change = { spec: { names: { shortNames: ["f"] } } };
  const { body } = await call(api.transport, "PATCH", path, change, headers);
  expect(body.status.acceptedNames).toMatchObject({ kind: "Same", shortNames: ["f"] });
  expect(body.status.conditions.map(({ status }: { status: string }) => status)).toEqual([
    "True",
    "True",
  ]);
});
