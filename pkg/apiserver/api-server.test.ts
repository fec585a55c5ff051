import { describe, expect, it } from "vitest";
import type { KubeObject } from "../apis/object.ts";
import { MemoryRecordStore } from "../base/memory-record-store.ts";
import { type RecordChange, StoreFullError } from "../base/record-store.ts";
import { call } from "./calls.fixture.ts";
import { type TestServer, testServer } from "./server.fixture.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const WIDGETS = "/apis/test.example.com/v1/namespaces/default/widgets";
const MERGE = { "content-type": "application/merge-patch+json" };

const version = (name: string, more: object = {}) => ({
  name,
  served: true,
  storage: name === "v1",
  subresources: {
    status: {},
    scale: { specReplicasPath: ".spec.count", statusReplicasPath: ".status.count" },
  },
  schema: {
    openAPIV3Schema: {
      type: "object",
      required: ["spec"],
      properties: {
        spec: {
          type: "object",
          required: ["color"],
          properties: {
            color: { type: "string", enum: ["red", "blue"], maxLength: 5 },
            code: { type: "string", pattern: "^[a-z]+$", minLength: 2 },
            count: { type: "integer", default: 1, minimum: 0, maximum: 9 },
            parts: {
              type: "array",
              maxItems: 2,
              items: { type: "object", properties: { id: { type: "integer" } } },
            },
            labels: { type: "object", additionalProperties: { type: "string" } },
            port: { "x-kubernetes-int-or-string": true },
            maybe: { type: "string", nullable: true },
            free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
        },
        status: { type: "object", properties: { count: { type: "integer" } } },
      },
    },
  },
  ...more,
});

const WIDGET_DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.test.example.com" },
  spec: {
    group: "test.example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [version("v1"), version("v1beta1")],
  },
} as unknown as KubeObject;

const widget = (name: string, spec: object = { color: "red" }) => ({
  apiVersion: "test.example.com/v1",
  kind: "Widget",
  metadata: { name },
  spec,
});

const start = () => testServer({ definitions: [WIDGET_DEFINITION] });

/** The events of a watch, as far as `count`. */
async function watchEvents(
  { transport }: TestServer,
  path: string,
  count: number,
  act?: () => Promise<unknown>,
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of any shape
): Promise<{ type: string; object: any }[]> {
  const gone = new AbortController();
  const response = await transport.request({ method: "GET", path }, gone.signal);
  const acting = act?.();
  let text = "";
  for await (const piece of response.body) {
    text += Buffer.from(piece).toString();
    if (text.split("\n").length > count) gone.abort();
  }
  await acting;
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("create", () => {
  it("fills in what only the server says", async () => {
    await using api = await start();
    const forged = {
      uid: "x",
      resourceVersion: "",
      creationTimestamp: "2000-01-01T00:00:00Z",
      generation: 7,
    };
    const body = { ...widget("a"), metadata: { name: "a", ...forged }, status: { count: 3 } };
    const began = Date.now();
    const made = await call(api.transport, "POST", WIDGETS, body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      metadata: { namespace: "default", generation: 1 },
      spec: { color: "red", count: 1 },
    });
    expect(made.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.parse(made.body.metadata.creationTimestamp)).toBeGreaterThan(began - 1000);
    expect(made.body.status).toBeUndefined();
  });

  it("makes up names", async () => {
    await using api = await start();
    const body = { metadata: { generateName: "x-" } };
    const names = await Promise.all(
      Array.from(
        { length: 20 },
        async () => (await call(api.transport, "POST", MAPS, body)).body.metadata.name,
      ),
    );
    expect(new Set(names).size).toBe(20);
    expect(names[0]).toMatch(/^x-[a-z0-9]{5}$/);
  });

  it.each([
    [
      "a name with capitals",
      MAPS,
      { metadata: { name: "Foo_" } },
      422,
      /^ConfigMap "Foo_" is invalid: metadata.name: Invalid value: "Foo_": a lowercase RFC 1123 subdomain must consist of/,
    ],
    [
      "no name",
      MAPS,
      { metadata: {} },
      422,
      /metadata.name: Required value: name or generateName is required/,
    ],
    [
      "a bad label",
      MAPS,
      { metadata: { name: "a", labels: { "a b": "c" } } },
      422,
      /metadata.labels: Invalid value: "a b": name part must consist of/,
    ],
    [
      "labels that are no texts",
      MAPS,
      { metadata: { name: "a", labels: { a: 1 } } },
      400,
      /cannot unmarshal number/,
    ],
    [
      "another kind",
      MAPS,
      { kind: "Secret", metadata: { name: "a" } },
      400,
      /does not match the expected/,
    ],
    [
      "another namespace",
      MAPS,
      { metadata: { name: "a", namespace: "x" } },
      400,
      /the namespace of the provided object does not match the namespace sent on the request/,
    ],
    [
      "a namespace that is not there",
      "/api/v1/namespaces/nowhere/configmaps",
      { metadata: { name: "a" } },
      404,
      /^namespaces "nowhere" not found$/,
    ],
    [
      "a missing field",
      WIDGETS,
      widget("a", {}),
      422,
      /^Widget.test.example.com "a" is invalid: spec.color: Required value$/,
    ],
    [
      "a value that is not allowed",
      WIDGETS,
      widget("a", { color: "pink" }),
      422,
      /spec.color: Unsupported value: "pink": supported values: "red", "blue"$/,
    ],
    [
      "a wrong type",
      WIDGETS,
      widget("a", { color: "red", count: "x" }),
      422,
      /spec.count: Invalid value: "string": spec.count in body must be of type integer: "string"$/,
    ],
    [
      "a number that is too big",
      WIDGETS,
      widget("a", { color: "red", count: 10 }),
      422,
      /spec.count: Invalid value: 10: spec.count in body should be less than or equal to 9$/,
    ],
    [
      "a text without the pattern",
      WIDGETS,
      widget("a", { color: "red", code: "A1" }),
      422,
      /spec.code: Invalid value: "A1": spec.code in body should match '\^\[a-z\]\+\$'$/,
    ],
    [
      "a short text",
      WIDGETS,
      widget("a", { color: "red", code: "a" }),
      422,
      /spec.code in body should be at least 2 chars long$/,
    ],
    [
      "too many items",
      WIDGETS,
      widget("a", { color: "red", parts: [{}, {}, {}] }),
      422,
      /spec.parts: Too many: 3: must have at most 2 items$/,
    ],
    [
      "a wrong item",
      WIDGETS,
      widget("a", { color: "red", parts: [{ id: "1" }] }),
      422,
      /spec.parts\[0\].id: Invalid value: "string"/,
    ],
    [
      "a wrong map value",
      WIDGETS,
      widget("a", { color: "red", labels: { a: 1 } }),
      422,
      /spec.labels.a: Invalid value: "integer"/,
    ],
    [
      "null in a list where it may not be",
      WIDGETS,
      widget("a", { color: "red", parts: [null] }),
      422,
      /spec.parts\[0\] in body must be of type object: "null"$/,
    ],
    ["half a number", WIDGETS, widget("a", { color: "red", port: 1.5 }), 422, /spec.port/],
    ["no kind", WIDGETS, { metadata: { name: "a" } }, 400, /Object 'Kind' is missing/],
  ])("refuses %s", async (_what, path, body, code, message) => {
    await using api = await start();
    const answer = await call(api.transport, "POST", path, body);
    expect([answer.status, answer.body.kind, answer.body.message]).toEqual([
      code,
      "Status",
      expect.stringMatching(message),
    ]);
  });

  it("drops unknown fields and says so, or refuses them, as the request wants", async () => {
    await using api = await start();
    const body = widget("a", { color: "red", foo: 1, free: { x: 1 }, maybe: null, port: "http" });
    const ask = (level: string) =>
      call(api.transport, "POST", `${WIDGETS}?dryRun=All${level}`, body);
    expect((await ask("&fieldValidation=Strict")).body).toMatchObject({
      code: 400,
      message: 'strict decoding error: unknown field "spec.foo"',
    });
    const warned = await ask("");
    expect([warned.status, warned.headers.warning]).toEqual([
      201,
      '299 - "unknown field \\"spec.foo\\""',
    ]);
    expect(warned.body.spec).toEqual({
      color: "red",
      count: 1,
      free: { x: 1 },
      maybe: null,
      port: "http",
    });
    expect((await ask("&fieldValidation=Ignore")).headers.warning).toBeUndefined();
    expect((await call(api.transport, "GET", `${WIDGETS}/a`)).status).toBe(404);
    const twice = '{"metadata":{"name":"a"},"data":{"x":"1","x":"2"}}';
    expect(
      (await call(api.transport, "POST", `${MAPS}?fieldValidation=Strict`, twice)).body.message,
    ).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.x"',
    );
  });
});

describe("update", () => {
  it("counts what is wanted, and keeps status apart", async () => {
    await using api = await start();
    const made = (await call(api.transport, "POST", WIDGETS, widget("a"))).body;
    const same = (await call(api.transport, "PUT", `${WIDGETS}/a`, made)).body;
    expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    const status = (
      await call(
        api.transport,
        "PATCH",
        `${WIDGETS}/a/status`,
        { status: { count: 2 }, spec: { color: "blue" } },
        MERGE,
      )
    ).body;
    expect([status.status, status.spec.color, status.metadata.generation]).toEqual([
      { count: 2 },
      "red",
      1,
    ]);
    const main = (
      await call(
        api.transport,
        "PATCH",
        `${WIDGETS}/a`,
        { status: { count: 9 }, spec: { color: "blue" } },
        MERGE,
      )
    ).body;
    expect([main.status, main.spec.color, main.metadata.generation]).toEqual([
      { count: 2 },
      "blue",
      2,
    ]);
    const labelled = (
      await call(
        api.transport,
        "PATCH",
        `${WIDGETS}/a`,
        { metadata: { labels: { a: "b" } } },
        MERGE,
      )
    ).body;
    expect(labelled.metadata).toMatchObject({ generation: 2, labels: { a: "b" } });
  });

  it("refuses to overwrite what it has not seen", async () => {
    await using api = await start();
    const made = (await call(api.transport, "POST", MAPS, { metadata: { name: "a" } })).body;
    await call(api.transport, "PATCH", `${MAPS}/a`, { data: { x: "1" } }, MERGE);
    const late = await call(api.transport, "PUT", `${MAPS}/a`, { ...made, data: { x: "2" } });
    expect([late.status, late.body.reason, late.body.message]).toEqual([
      409,
      "Conflict",
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    ]);
    const other = await call(api.transport, "PUT", `${MAPS}/a`, {
      ...made,
      metadata: { name: "a", uid: "other" },
    });
    expect([other.status, other.body.message]).toEqual([
      409,
      expect.stringContaining("Precondition failed: UID in precondition: other"),
    ]);
    expect(
      (await call(api.transport, "PUT", `${MAPS}/a`, { metadata: { name: "a" } })).status,
    ).toBe(200);
    expect(
      (await call(api.transport, "PUT", `${MAPS}/b`, { metadata: { name: "b" } })).status,
    ).toBe(404);
    expect(
      (await call(api.transport, "PUT", `${MAPS}/a`, { metadata: { name: "b" } })).status,
    ).toBe(400);
  });

  it("counts every one of a hundred increments by compare-and-put", async () => {
    await using api = await start();
    await call(api.transport, "POST", MAPS, { metadata: { name: "n" }, data: { n: "0" } });
    const increment = async (): Promise<void> => {
      const { body } = await call(api.transport, "GET", `${MAPS}/n`);
      body.data.n = String(Number(body.data.n) + 1);
      const { status } = await call(api.transport, "PUT", `${MAPS}/n`, body);
      if (status === 409) return increment();
      expect(status).toBe(200);
    };
    await Promise.all(Array.from({ length: 100 }, increment));
    expect((await call(api.transport, "GET", `${MAPS}/n`)).body.data.n).toBe("100");
  });

  it("scales", async () => {
    await using api = await start();
    await call(api.transport, "POST", WIDGETS, widget("a"));
    const scaled = await call(
      api.transport,
      "PATCH",
      `${WIDGETS}/a/scale`,
      { spec: { replicas: 4 } },
      MERGE,
    );
    expect(scaled.body).toMatchObject({
      kind: "Scale",
      spec: { replicas: 4 },
      status: { replicas: 0 },
    });
    expect((await call(api.transport, "GET", `${WIDGETS}/a`)).body.spec.count).toBe(4);
    expect(
      (await call(api.transport, "PATCH", `${WIDGETS}/a/scale`, { spec: { replicas: 40 } }, MERGE))
        .status,
    ).toBe(422);
  });

  it("serves every version of a kind", async () => {
    await using api = await start();
    await call(api.transport, "POST", WIDGETS, widget("a"));
    const beta = WIDGETS.replace("v1", "v1beta1");
    const seen = (await call(api.transport, "GET", `${beta}/a`)).body;
    expect(seen.apiVersion).toBe("test.example.com/v1beta1");
    seen.spec.color = "blue";
    expect((await call(api.transport, "PUT", `${beta}/a`, seen)).body.apiVersion).toBe(
      "test.example.com/v1beta1",
    );
    expect((await call(api.transport, "GET", WIDGETS)).body.items[0]).toMatchObject({
      apiVersion: "test.example.com/v1",
      spec: { color: "blue" },
    });
  });

  it("answers a JSON patch that does not fit, or means harm, with a refusal", async () => {
    await using api = await start();
    await call(api.transport, "POST", MAPS, { metadata: { name: "a" }, data: { x: "1" } });
    const send = (...operations: object[]) =>
      call(api.transport, "PATCH", `${MAPS}/a`, operations, {
        "content-type": "application/json-patch+json",
      });
    expect((await send({ op: "test", path: "/data/x", value: "2" })).status).toBe(422);
    expect((await send({ op: "replace", path: "/data/y/z", value: "2" })).status).toBe(422);
    expect((await send({ op: "add", path: "/__proto__/polluted", value: "2" })).status).toBe(400);
    expect((await send({ op: "replace", path: "", value: [] })).status).toBe(400);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe("delete", () => {
  it("waits for finalizers, which nobody can add any more", async () => {
    await using api = await start();
    await call(api.transport, "POST", MAPS, {
      metadata: { name: "a", finalizers: ["x.com/f", "x.com/g"] },
    });
    const marked = await call(api.transport, "DELETE", `${MAPS}/a`);
    expect([marked.status, marked.body.kind, marked.body.metadata.deletionTimestamp]).toEqual([
      200,
      "ConfigMap",
      expect.any(String),
    ]);
    const keep = (...finalizers: string[]) =>
      call(api.transport, "PATCH", `${MAPS}/a`, { metadata: { finalizers } }, MERGE);
    expect((await keep("x.com/new", "x.com/f")).body.message).toContain(
      "no new finalizers can be added",
    );
    expect((await keep("x.com/f")).status).toBe(200);
    expect((await keep()).status).toBe(200);
    expect((await call(api.transport, "GET", `${MAPS}/a`)).status).toBe(404);
  });

  it("minds preconditions", async () => {
    await using api = await start();
    await call(api.transport, "POST", MAPS, { metadata: { name: "a" } });
    const wrong = await call(api.transport, "DELETE", `${MAPS}/a`, {
      preconditions: { uid: "other" },
    });
    expect([wrong.status, wrong.body.reason]).toEqual([409, "Conflict"]);
    expect((await call(api.transport, "DELETE", `${MAPS}/a`, { dryRun: ["All"] })).status).toBe(
      200,
    );
    expect((await call(api.transport, "GET", `${MAPS}/a`)).status).toBe(200);
  });

  it("deletes the objects that selectors mean", async () => {
    await using api = await start();
    for (const [name, a] of [
      ["x", "1"],
      ["y", "1"],
      ["z", "2"],
    ])
      await call(api.transport, "POST", MAPS, { metadata: { name, labels: { a } } });
    await call(api.transport, "DELETE", `${MAPS}?labelSelector=a%3D1`);
    const left = await call(api.transport, "GET", MAPS);
    expect(left.body.items.map((item: KubeObject) => item.metadata.name)).toEqual(["z"]);
  });

  it("ends a namespace after all that is in it, finalizers included", async () => {
    await using api = await start();
    await call(api.transport, "POST", "/api/v1/namespaces", { metadata: { name: "ns" } });
    const maps = "/api/v1/namespaces/ns/configmaps";
    await call(api.transport, "POST", maps, { metadata: { name: "a", finalizers: ["x.com/f"] } });
    await call(api.transport, "POST", maps, { metadata: { name: "b" } });
    const creating = call(api.transport, "POST", maps, { metadata: { name: "c" } });
    expect((await call(api.transport, "DELETE", "/api/v1/namespaces/ns")).body.status.phase).toBe(
      "Terminating",
    );
    await creating;
    await expect
      .poll(async () => (await call(api.transport, "GET", maps)).body.items.length)
      .toBe(1);
    expect(
      (await call(api.transport, "POST", maps, { metadata: { name: "d" } })).body,
    ).toMatchObject({
      code: 403,
      message:
        'configmaps "d" is forbidden: unable to create new content in namespace ns because it is being terminated',
    });
    await call(api.transport, "PATCH", `${maps}/a`, { metadata: { finalizers: null } }, MERGE);
    await expect
      .poll(async () => (await call(api.transport, "GET", "/api/v1/namespaces/ns")).status)
      .toBe(404);
    expect(api.store.list("configmaps", "ns")).toEqual([]);
  });

  it("deletes what belonged to an object, when it belongs to nobody else", async () => {
    await using api = await start();
    const make = async (name: string, ...owners: { name: string; uid: string }[]) => {
      const ownerReferences = owners.map(({ name, uid }) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        name,
        uid,
      }));
      const { body } = await call(api.transport, "POST", MAPS, {
        metadata: { name, ownerReferences },
      });
      return body.metadata;
    };
    const a = await make("a");
    const b = await make("b");
    const child = await make("child", a);
    await make("grandchild", child);
    await make("shared", a, b);
    await call(api.transport, "DELETE", `${MAPS}/a`);
    const names = () => api.store.list("configmaps").map(({ key }) => key.name);
    await expect.poll(names).toEqual(["b", "shared"]);
    await call(api.transport, "DELETE", `${MAPS}/b`);
    await expect.poll(names).toEqual([]);
  });

  it("ends a definition after its objects", async () => {
    await using api = await start();
    await call(api.transport, "POST", WIDGETS, widget("a"));
    await call(
      api.transport,
      "DELETE",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.example.com",
    );
    await expect.poll(async () => (await call(api.transport, "GET", WIDGETS)).status).toBe(404);
    expect(api.store.list("widgets.test.example.com")).toEqual([]);
  });
});

describe("list", () => {
  it("gives pages of one and the same state", async () => {
    await using api = await start();
    for (const name of ["a", "b", "c", "d", "e"])
      await call(api.transport, "POST", MAPS, { metadata: { name } });
    const names: string[] = [];
    let page = await call(api.transport, "GET", `${MAPS}?limit=2`);
    const { resourceVersion, remainingItemCount } = page.body.metadata;
    expect(remainingItemCount).toBe(3);
    await call(api.transport, "DELETE", `${MAPS}/c`);
    await call(api.transport, "POST", MAPS, { metadata: { name: "bb" } });
    for (;;) {
      names.push(...page.body.items.map((item: KubeObject) => item.metadata.name));
      expect(page.body.metadata.resourceVersion).toBe(resourceVersion);
      if (page.body.metadata.continue === undefined) break;
      page = await call(
        api.transport,
        "GET",
        `${MAPS}?limit=2&continue=${page.body.metadata.continue}`,
      );
    }
    expect(names).toEqual(["a", "b", "c", "d", "e"]);
    expect((await call(api.transport, "GET", `${MAPS}?continue=xyz`)).status).toBe(400);
  });

  it("says that a page is gone when history is", async () => {
    await using api = await testServer({ history: { events: 3, bytes: 1 << 20 } });
    for (const name of ["a", "b", "c"])
      await call(api.transport, "POST", MAPS, { metadata: { name } });
    const page = await call(api.transport, "GET", `${MAPS}?limit=1`);
    for (const name of ["d", "e", "f", "g"])
      await call(api.transport, "POST", MAPS, { metadata: { name } });
    const late = await call(
      api.transport,
      "GET",
      `${MAPS}?limit=1&continue=${page.body.metadata.continue}`,
    );
    expect([late.status, late.body.reason]).toEqual([410, "Expired"]);
  });

  it.each([
    ["labelSelector=tier%3Dedge", ["a", "b"]],
    ["labelSelector=tier!%3Dedge", ["c", "d"]],
    ["labelSelector=tier+in+(edge,+hub),!gone", ["b", "c"]],
    ["labelSelector=tier+notin+(edge)", ["c", "d"]],
    ["labelSelector=size%3E5", ["c"]],
    ["labelSelector=tier", ["a", "b", "c"]],
    ["fieldSelector=metadata.name%3Dc", ["c"]],
    ["fieldSelector=metadata.name!%3Dc,metadata.namespace%3Ddefault", ["a", "b", "d"]],
  ])("selects by %s", async (query, names) => {
    await using api = await start();
    const labels: Record<string, object> = {
      a: { tier: "edge", gone: "yes" },
      b: { tier: "edge" },
      c: { tier: "hub", size: "10" },
      d: {},
    };
    for (const name of Object.keys(labels))
      await call(api.transport, "POST", MAPS, { metadata: { name, labels: labels[name] } });
    const found = await call(api.transport, "GET", `${MAPS}?${query}`);
    expect(found.body.items.map((item: KubeObject) => item.metadata.name)).toEqual(names);
  });

  it("refuses selectors that it cannot read", async () => {
    await using api = await start();
    for (const query of [
      "labelSelector=a%3D%3D%3Db",
      "labelSelector=a+in+b",
      "fieldSelector=spec.x%3D1",
      "fieldSelector=x",
      "limit=-1",
    ])
      expect([query, (await call(api.transport, "GET", `${MAPS}?${query}`)).status]).toEqual([
        query,
        400,
      ]);
  });
});

describe("watch", () => {
  it("shows what is there, then what happens, and how selectors see it", async () => {
    await using api = await start();
    const labels = (a: string) => ({ metadata: { labels: { a } } });
    await call(api.transport, "POST", MAPS, { metadata: { name: "x", labels: { a: "1" } } });
    const events = await watchEvents(api, `${MAPS}?watch=true&labelSelector=a%3D1`, 4, async () => {
      await call(api.transport, "POST", MAPS, { metadata: { name: "y" } });
      await call(api.transport, "PATCH", `${MAPS}/y`, labels("1"), MERGE);
      await call(api.transport, "PATCH", `${MAPS}/y`, { data: { k: "v" } }, MERGE);
      await call(api.transport, "PATCH", `${MAPS}/y`, labels("2"), MERGE);
    });
    expect(
      events.map(
        ({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.labels?.a}`,
      ),
    ).toEqual(["ADDED x 1", "ADDED y 1", "MODIFIED y 1", "DELETED y 1"]);
  });

  it("goes on after a revision, and ends with 410 when it cannot", async () => {
    await using api = await testServer({ history: { events: 4, bytes: 1 << 20 } });
    const made = await call(api.transport, "POST", MAPS, { metadata: { name: "x" } });
    await call(api.transport, "PATCH", `${MAPS}/x`, { data: { k: "v" } }, MERGE);
    const revision = made.body.metadata.resourceVersion;
    const events = await watchEvents(api, `${MAPS}?watch=1&resourceVersion=${revision}`, 1);
    expect(events).toMatchObject([{ type: "MODIFIED", object: { data: { k: "v" } } }]);
    for (const k of ["1", "2", "3", "4", "5"])
      await call(api.transport, "PATCH", `${MAPS}/x`, { data: { k } }, MERGE);
    const gone = await watchEvents(api, `${MAPS}?watch=1&resourceVersion=${revision}`, 1);
    expect(gone).toMatchObject([
      { type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } },
    ]);
  });

  it("marks the end of the initial objects, and its own end", async () => {
    await using api = await start();
    await call(api.transport, "POST", MAPS, { metadata: { name: "x" } });
    const path = `${MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1`;
    const events = await watchEvents(
      api,
      `${path}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
      3,
    );
    expect(events.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK", "BOOKMARK"]);
    expect(events[1]?.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  });

  it("ends a watcher that does not keep up, and nobody else", async () => {
    await using api = await start();
    const gone = new AbortController();
    const slow = await api.transport.request(
      { method: "GET", path: `${MAPS}?watch=1` },
      gone.signal,
    );
    const reader = slow.body[Symbol.asyncIterator]();
    await call(api.transport, "POST", MAPS, { metadata: { name: "x" } });
    await reader.next();
    const big = "x".repeat(900_000);
    for (let i = 0; i < 12; i++)
      await call(api.transport, "PATCH", `${MAPS}/x`, { data: { k: big + i } }, MERGE);
    const pieces: Buffer[] = [];
    for (let next = await reader.next(); !next.done; next = await reader.next())
      pieces.push(Buffer.from(next.value));
    expect(JSON.parse(Buffer.concat(pieces).toString())).toMatchObject({
      type: "ERROR",
      object: { code: 410 },
    });
  });
});

describe("tables", () => {
  const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };

  it("shows an object as a row, with as much of it as is wanted", async () => {
    await using api = await start();
    await call(api.transport, "POST", MAPS, { metadata: { name: "x" }, data: { a: "1", b: "2" } });
    const one = await call(api.transport, "GET", `${MAPS}/x`, undefined, TABLE);
    expect(one.body).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      columnDefinitions: [{ name: "Name" }, { name: "Data" }, { name: "Age" }],
      rows: [
        {
          cells: ["x", 2, "0s"],
          object: { kind: "PartialObjectMetadata", metadata: { name: "x" } },
        },
      ],
    });
    const all = await call(api.transport, "GET", `${MAPS}?includeObject=None`, undefined, TABLE);
    expect(all.body.rows).toEqual([{ cells: ["x", 2, "0s"] }]);
    const old = { accept: "application/json;as=Table;v=v1beta1;g=meta.k8s.io" };
    expect(
      (await call(api.transport, "GET", `${MAPS}?includeObject=Object`, undefined, old)).body,
    ).toMatchObject({
      apiVersion: "meta.k8s.io/v1beta1",
      rows: [{ object: { kind: "ConfigMap", data: { a: "1" } } }],
    });
    const missing = await call(api.transport, "GET", `${MAPS}/y`, undefined, TABLE);
    expect([missing.status, missing.body.kind]).toEqual([404, "Status"]);
    expect(
      (await call(api.transport, "GET", MAPS, undefined, { accept: "text/html" })).status,
    ).toBe(406);
  });
});

describe("bad input", () => {
  const nested = `${'{"a":'.repeat(400)}1${"}".repeat(400)}`;
  it.each<[string, string, string, string | undefined, Record<string, string>, number]>([
    ["no JSON", "POST", MAPS, "{", {}, 400],
    ["no object", "POST", MAPS, "[1]", {}, 400],
    ["null", "POST", MAPS, "null", {}, 422],
    ["no UTF-8", "POST", MAPS, "\ud800", {}, 400],
    ["no YAML", "POST", MAPS, "a: b: c", { "content-type": "application/yaml" }, 400],
    [
      "a YAML bomb",
      "POST",
      MAPS,
      `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh".replace(/./g, (c) => `${c}: &${c} [${"*a,".replace("a", String.fromCharCode(c.charCodeAt(0) - 1)).repeat(9)}]\n`)}`,
      { "content-type": "application/yaml" },
      400,
    ],
    ["deep nesting", "POST", MAPS, nested, {}, 400],
    ["metadata that is a list", "POST", MAPS, '{"metadata":[]}', {}, 400],
    ["a prototype", "POST", MAPS, '{"metadata":{"name":"a"},"__proto__":{"x":1}}', {}, 400],
    [
      "a prototype inside",
      "POST",
      MAPS,
      '{"metadata":{"name":"a"},"data":{"__proto__":"x"}}',
      {},
      400,
    ],
    ["an unknown notation", "POST", MAPS, "{}", { "content-type": "text/plain" }, 415],
    [
      "protobuf without its mark",
      "POST",
      MAPS,
      "abc",
      { "content-type": "application/vnd.kubernetes.protobuf" },
      400,
    ],
    [
      "broken protobuf",
      "POST",
      MAPS,
      "k8s\0\xff\xff\xff",
      { "content-type": "application/vnd.kubernetes.protobuf" },
      400,
    ],
    [
      "a strategic patch of a custom kind",
      "PATCH",
      `${WIDGETS}/a`,
      "{}",
      { "content-type": "application/strategic-merge-patch+json" },
      415,
    ],
    ["a path that is not escaped", "GET", "/api/v1/%zz", undefined, {}, 400],
    ["a path that nobody serves", "GET", "/api/v1/namespaces/default/nothings", undefined, {}, 404],
    ["a path that is too long", "GET", `/api/v1/${"x".repeat(10_000)}`, undefined, {}, 413],
    ["a name that is a constructor", "GET", "/apis/apps/v1/constructor", undefined, {}, 404],
    ["a method that nobody has", "BREW", MAPS, undefined, {}, 405],
    ["a POST to an object", "POST", `${MAPS}/a`, "{}", {}, 405],
    ["a watch from nowhere", "GET", `${MAPS}?watch=1&resourceVersion=x`, undefined, {}, 400],
    ["a revision that is yet to come", "GET", `${MAPS}?resourceVersion=999999`, undefined, {}, 504],
    ["an unknown dryRun", "POST", `${MAPS}?dryRun=Some`, '{"metadata":{"name":"a"}}', {}, 422],
    [
      "a body that is too long",
      "POST",
      MAPS,
      JSON.stringify({ data: { a: "x".repeat(4 << 20) } }),
      {},
      413,
    ],
    [
      "a definition without anything",
      "POST",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      '{"metadata":{"name":"a.b.c"},"spec":5}',
      {},
      400,
    ],
  ])("refuses %s", async (_what, method, path, body, headers, code) => {
    await using api = await start();
    const answer = await call(api.transport, method, path, body, headers);
    expect([answer.status, answer.body.kind]).toEqual([code, "Status"]);
  });

  it("says that nothing can be kept when the disk is full, and reads on", async () => {
    let isFull = false;
    class Disk extends MemoryRecordStore {
      override async write(changes: readonly RecordChange[]): Promise<void> {
        if (isFull) throw new StoreFullError("/data/store.mdb");
        await super.write(changes);
      }
    }
    await using api = await testServer({ records: new Disk() });
    isFull = true;
    const refused = await call(api.transport, "POST", MAPS, { metadata: { name: "a" } });
    expect([refused.status, refused.body.message]).toEqual([
      503,
      'Cannot write to store "/data/store.mdb": there is no space left; objects can be read but not changed until this is repaired',
    ]);
    expect((await call(api.transport, "GET", MAPS)).body.items).toEqual([]);
    isFull = false;
    expect((await call(api.transport, "POST", MAPS, { metadata: { name: "a" } })).status).toBe(201);
  });
});

describe("definitions", () => {
  it("takes the old version of a definition, and shows it in both", async () => {
    await using api = await testServer();
    const old = {
      apiVersion: "apiextensions.k8s.io/v1beta1",
      kind: "CustomResourceDefinition",
      metadata: { name: "olds.test.example.com" },
      spec: {
        group: "test.example.com",
        version: "v1",
        names: { plural: "olds", kind: "Old" },
        scope: "Cluster",
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: "X", type: "string", JSONPath: ".spec.x" }],
        validation: {
          openAPIV3Schema: {
            properties: { spec: { type: "object", properties: { x: { type: "string" } } } },
          },
        },
      },
    };
    const path = "/apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions";
    const made = await call(api.transport, "POST", path, old);
    expect(made.body).toMatchObject({ apiVersion: old.apiVersion, spec: { version: "v1" } });
    const now = await call(
      api.transport,
      "GET",
      `${path.replace("v1beta1", "v1")}/olds.test.example.com`,
    );
    expect(now.body.spec.versions[0]).toMatchObject({
      name: "v1",
      additionalPrinterColumns: [{ jsonPath: ".spec.x" }],
    });
    const object = {
      apiVersion: "test.example.com/v1",
      kind: "Old",
      metadata: { name: "o" },
      spec: { x: "1", y: 2 },
    };
    expect(
      (await call(api.transport, "POST", "/apis/test.example.com/v1/olds", object)).status,
    ).toBe(201);
  });

  it.each([
    ["a name that does not fit", { metadata: { name: "x.y.z" } }, /must be spec.names.plural/],
    [
      "no schema",
      { spec: { versions: [{ name: "v1", served: true, storage: true }] } },
      /schemas are required/,
    ],
    [
      "two storage versions",
      { spec: { versions: [version("v1"), version("v2", { storage: true })] } },
      /exactly one version marked as storage/,
    ],
    [
      "a field without a type",
      {
        spec: {
          versions: [
            version("v1", {
              schema: { openAPIV3Schema: { type: "object", properties: { a: {} } } },
            }),
          ],
        },
      },
      /properties\[a\].type: Required value/,
    ],
  ])("refuses a definition with %s", async (_what, change, message) => {
    await using api = await testServer();
    const { metadata, spec, ...rest } = WIDGET_DEFINITION as unknown as {
      metadata: object;
      spec: object;
    };
    const body = {
      ...rest,
      metadata,
      ...change,
      spec: { ...spec, ...("spec" in change ? change.spec : {}) },
    };
    const answer = await call(
      api.transport,
      "POST",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      body,
    );
    expect([answer.status, answer.body.message]).toEqual([422, expect.stringMatching(message)]);
  });
});

it("shows tables and watches of objects with strange fields", async () => {
  await using api = await start();
  const events = "/api/v1/namespaces/default/events";
  const involvedObject = { kind: { toString: 1, valueOf: 2 }, name: "a" };
  await call(api.transport, "POST", events, { metadata: { name: "a" }, involvedObject });
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const table = await call(api.transport, "GET", events, undefined, { accept });
  expect(table.body.rows[0].cells[3]).toBe(null);
  const managedFields = [{ manager: "x", operation: "Apply", fieldsV1: { "k:oops": 1 } }];
  const patched = await call(
    api.transport,
    "PATCH",
    `${events}/a`,
    { metadata: { managedFields } },
    MERGE,
  );
  expect(patched.status).toBe(200);
  const apply = { "content-type": "application/apply-patch+yaml" };
  const body = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "a" },
    reason: "Tested",
  };
  expect(
    (await call(api.transport, "PATCH", `${events}/a?fieldManager=m`, body, apply)).status,
  ).toBe(200);
});
