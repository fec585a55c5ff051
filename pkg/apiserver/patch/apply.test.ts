import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../apis/object.ts";
import { call } from "../calls.fixture.ts";
import { type TestServer, testServer } from "../server.fixture.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const APPLY = { "content-type": "application/apply-patch+yaml" };
const MERGE = { "content-type": "application/merge-patch+json" };

const map = (data: object) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a" },
  data,
});
const deployment = (...containers: object[]) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "a" },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers } },
  },
});

function applyAs(
  api: TestServer,
  manager: string,
  object: { metadata: { name: string }; kind: string },
  force = false,
) {
  const path = object.kind === "ConfigMap" ? MAPS : DEPLOYMENTS;
  const query = `fieldManager=${manager}${force ? "&force=true" : ""}`;
  return call(api.transport, "PATCH", `${path}/a?${query}`, object, APPLY);
}

function owners(object: KubeObject): Record<string, unknown> {
  const entries = (object.metadata.managedFields ?? []) as { manager: string; fieldsV1: object }[];
  return Object.fromEntries(entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
}

describe("server-side apply", () => {
  it("creates what is not there, and changes nothing when nothing changes", async () => {
    await using api = await testServer();
    const made = await applyAs(api, "one", map({ x: "1" }));
    expect([made.status, owners(made.body)]).toEqual([201, { one: { "f:data": { "f:x": {} } } }]);
    const again = await applyAs(api, "one", map({ x: "1" }));
    expect([again.status, again.body]).toEqual([200, made.body]);
  });

  it("removes what its manager no longer wants, unless somebody else does", async () => {
    await using api = await testServer();
    await applyAs(api, "one", map({ x: "1", y: "1", z: "1" }));
    await applyAs(api, "two", map({ y: "1" }));
    const less = await applyAs(api, "one", map({ x: "1" }));
    expect([less.body.data, owners(less.body)]).toEqual([
      { x: "1", y: "1" },
      { two: { "f:data": { "f:y": {} } }, one: { "f:data": { "f:x": {} } } },
    ]);
  });

  it("names those with whom it conflicts, and takes their fields only by force", async () => {
    await using api = await testServer();
    await applyAs(api, "one", map({ x: "1" }));
    const refused = await applyAs(api, "two", map({ x: "2" }));
    expect(refused.body).toMatchObject({
      code: 409,
      reason: "Conflict",
      message: 'Apply failed with 1 conflict: conflict with "one": .data.x',
      details: {
        causes: [
          {
            reason: "FieldManagerConflict",
            message: 'conflict with "one"',
            field: ".data.x",
          },
        ],
      },
    });
    const forced = await applyAs(api, "two", map({ x: "2" }), true);
    expect([forced.body.data, Object.keys(owners(forced.body))]).toEqual([{ x: "2" }, ["two"]]);
  });

  it("gives a field to whoever changes it in another way", async () => {
    await using api = await testServer();
    await applyAs(api, "one", map({ x: "1", y: "1" }));
    const patched = await call(
      api.transport,
      "PATCH",
      `${MAPS}/a?fieldManager=editor`,
      { data: { x: "9" } },
      MERGE,
    );
    expect(owners(patched.body)).toEqual({
      one: { "f:data": { "f:y": {} } },
      editor: { "f:data": { "f:x": {} } },
    });
    expect((await applyAs(api, "one", map({ x: "1", y: "1" }))).body.message).toContain(
      'conflict with "editor"',
    );
    expect((await applyAs(api, "one", map({ y: "2" }))).body.data).toEqual({ x: "9", y: "2" });
  });

  it("does not take unseen what was there before", async () => {
    await using api = await testServer();
    await call(api.transport, "POST", MAPS, map({ x: "1" }));
    expect((await applyAs(api, "one", map({ x: "2" }))).body.message).toContain(
      '"before-first-apply"',
    );
    expect((await applyAs(api, "one", map({ x: "1", y: "1" }))).status).toBe(200);
  });

  it("merges lists by their keys", async () => {
    await using api = await testServer();
    await applyAs(api, "one", deployment({ name: "a", image: "1" }, { name: "b", image: "1" }));
    await applyAs(
      api,
      "two",
      deployment({ name: "b", env: [{ name: "E", value: "1" }] }, { name: "c", image: "1" }),
    );
    const both = await applyAs(api, "one", deployment({ name: "b", image: "2" }));
    expect(both.body.spec.template.spec.containers).toMatchObject([
      { name: "b", image: "2", env: [{ name: "E", value: "1" }] },
      { name: "c", image: "1" },
    ]);
  });

  it("asks for a manager, and for no managed fields", async () => {
    await using api = await testServer();
    expect((await call(api.transport, "PATCH", `${MAPS}/a`, map({}), APPLY)).status).toBe(422);
    const body = { ...map({}), metadata: { name: "a", managedFields: [] } };
    expect(
      (await call(api.transport, "PATCH", `${MAPS}/a?fieldManager=x`, body, APPLY)).status,
    ).toBe(400);
  });
});
