import { describe, expect, it } from "vitest";
import type { ApiTransport } from "../../apis/api-transport.ts";
import { call } from "../calls.fixture.ts";
import { testServer } from "../server.fixture.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const held = { finalizers: ["example.com/hold"] };
const RELEASE = [{ op: "remove", path: "/metadata/finalizers" }];
const JSON_PATCH = { "content-type": "application/json-patch+json" };

async function family(transport: ApiTransport, more: object = {}): Promise<void> {
  const owner = await call(transport, "POST", MAPS, { metadata: { name: "owner" } });
  const { uid } = owner.body.metadata;
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid };
  const ownerReferences = [{ ...reference, blockOwnerDeletion: true }];
  const metadata = { name: "child", ownerReferences, ...more };
  await call(transport, "POST", MAPS, { metadata });
}

const remove = (transport: ApiTransport, propagationPolicy: string) =>
  call(transport, "DELETE", `${MAPS}/owner`, { propagationPolicy });

const codeOf = async (transport: ApiTransport, name: string) =>
  (await call(transport, "GET", `${MAPS}/${name}`)).status;

describe("the deletion of an owner", () => {
  it("waits in the foreground for the dependents that block it", async () => {
    await using api = await testServer();
    await family(api.transport, held);
    const { body } = await remove(api.transport, "Foreground");
    expect(body.metadata.finalizers).toEqual(["foregroundDeletion"]);
    await expect.poll(() => childOf(api.transport)).toHaveProperty("deletionTimestamp");
    expect(await codeOf(api.transport, "owner")).toBe(200);
    await call(api.transport, "PATCH", `${MAPS}/child`, RELEASE, JSON_PATCH);
    await expect.poll(() => codeOf(api.transport, "owner")).toBe(404);
    expect(await codeOf(api.transport, "child")).toBe(404);
  });

  it("leaves orphans that name it no more", async () => {
    await using api = await testServer();
    await family(api.transport);
    await remove(api.transport, "Orphan");
    await expect.poll(() => codeOf(api.transport, "owner")).toBe(404);
    expect((await childOf(api.transport)).ownerReferences).toBeUndefined();
  });
});

async function childOf(transport: ApiTransport) {
  return (await call(transport, "GET", `${MAPS}/child`)).body.metadata;
}
