import { expect, it } from "vitest";
import { call } from "../calls.fixture.ts";
import { testServer } from "../server.fixture.ts";

const path = (version: string, name = "") =>
  `/apis/discovery.k8s.io/${version}/namespaces/default/endpointslices${name}`;
const old = {
  addresses: ["192.0.2.1"],
  topology: {
    "kubernetes.io/hostname": "n",
    "topology.kubernetes.io/zone": "z",
    "example.com/rack": "r",
  },
};
const recent = {
  addresses: ["192.0.2.1"],
  nodeName: "n",
  zone: "z",
  deprecatedTopology: { "example.com/rack": "r" },
};

it.each([
  ["v1beta1", old, "v1", recent],
  ["v1", recent, "v1beta1", { ...old, nodeName: "n" }],
  ["v1beta1", { addresses: ["192.0.2.2"] }, "v1", { addresses: ["192.0.2.2"] }],
])("a slice of %s is known in %3$s", async (written, endpoint, read, found) => {
  await using server = await testServer();
  const slice = { metadata: { name: "a" }, addressType: "IPv4", endpoints: [endpoint] };
  const made = await call(server.transport, "POST", path(written), slice);
  expect(made.status).toBe(201);
  const { body } = await call(server.transport, "GET", path(read, "/a"));
  expect([body.apiVersion, body.endpoints]).toEqual([`discovery.k8s.io/${read}`, [found]]);
});

it("a slice of v1beta1 reads as it was written, and without endpoints too", async () => {
  await using server = await testServer();
  const slice = (name: string, endpoints?: object[]) => ({
    ...{ metadata: { name }, addressType: "IPv4", endpoints },
  });
  await call(server.transport, "POST", path("v1beta1"), slice("a", [{ ...old, nodeName: "n" }]));
  await call(server.transport, "POST", path("v1beta1"), slice("b"));
  const [a, b] = (await call(server.transport, "GET", path("v1beta1"))).body.items;
  expect(a.endpoints).toEqual([{ ...old, nodeName: "n" }]);
  expect(b).not.toHaveProperty("endpoints");
});
