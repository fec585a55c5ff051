import { afterAll, beforeAll, expect, it } from "vitest";
import { call } from "../calls.fixture.ts";
import { type TestServer, testServer } from "../server.fixture.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const GAUGES = "/apis/rules.example.com/v1/namespaces/default/gauges";
const MERGE = { "content-type": "application/merge-patch+json" };

function definition(plural: string, ...rules: object[]) {
  const spec = {
    type: "object",
    required: ["low"],
    properties: { low: { type: "integer" }, high: { type: "integer", default: 10 } },
    "x-kubernetes-validations": rules,
  };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
  const kind = `${plural[0]?.toUpperCase()}${plural.slice(1, -1)}`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.rules.example.com` },
    spec: {
      group: "rules.example.com",
      scope: "Namespaced",
      names: { plural, kind },
      versions: [{ name: "v1", served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

const gauge = (name: string, spec: object) => ({
  apiVersion: "rules.example.com/v1",
  kind: "Gauge",
  metadata: { name },
  spec,
});

let api: TestServer;

beforeAll(async () => {
  api = await testServer();
  const rules = [
    { rule: "self.low <= self.high" },
    { rule: "self.low >= oldSelf.low", message: "low cannot fall" },
  ];
  const { status } = await call(api.transport, "POST", CRDS, definition("gauges", ...rules));
  expect(status).toBe(201);
});
afterAll(() => api[Symbol.asyncDispose]());

it("an object is checked with its defaults by the rules of its definition", async () => {
  const good = await call(api.transport, "POST", GAUGES, gauge("good", { low: 9 }));
  expect(good.status).toBe(201);
  const bad = await call(api.transport, "POST", GAUGES, gauge("bad", { low: 11 }));
  expect([bad.status, bad.body.message]).toEqual([
    422,
    'Gauge.rules.example.com "bad" is invalid: spec: Invalid value: "object": failed rule: self.low <= self.high',
  ]);
});

it("every way to change it asks the rules with what it was", async () => {
  await call(api.transport, "POST", GAUGES, gauge("changed", { low: 5 }));
  const path = `${GAUGES}/changed`;
  const patched = await call(api.transport, "PATCH", path, { spec: { low: 4 } }, MERGE);
  const { body: current } = await call(api.transport, "GET", path);
  const wanted = { ...current, spec: { low: 4 } };
  const put = await call(api.transport, "PUT", path, wanted);
  const applied = await call(
    api.transport,
    "PATCH",
    `${path}?fieldManager=me&force=true`,
    gauge("changed", { low: 4 }),
    { "content-type": "application/apply-patch+yaml" },
  );
  for (const { status, body } of [patched, put, applied])
    expect([status, body.details?.causes?.[0]?.message]).toEqual([
      422,
      'Invalid value: "object": low cannot fall',
    ]);
  const risen = await call(api.transport, "PATCH", path, { spec: { low: 6 } }, MERGE);
  expect(risen.status).toBe(200);
});

it("an object that has not the form of its schema is not asked", async () => {
  const { body } = await call(api.transport, "POST", GAUGES, gauge("formless", { low: "x" }));
  expect(body.details.causes.map((cause: { message: string }) => cause.message)).toEqual([
    'Invalid value: "string": spec.low in body must be of type integer: "string"',
    'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  ]);
});

it("a definition whose rules cannot be compiled is refused", async () => {
  const refused = definition("others", { rule: "self.middle > 1" }, { rule: "self.low.half()" });
  const { status, body } = await call(api.transport, "POST", CRDS, refused);
  expect([status, body.details.causes.map((cause: { field: string }) => cause.field)]).toEqual([
    422,
    [0, 1].map(
      (i) => `spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[${i}].rule`,
    ),
  ]);
  expect(body.message).toContain(
    "compilation failed: ERROR: <input>:1:5: undefined field 'middle'",
  );
  expect(body.message).toContain("undeclared reference to 'half' (in container '')");
});

it("a definition whose pattern is none is refused", async () => {
  const refused = definition("patterns");
  const properties = refused.spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties;
  Object.assign(properties ?? {}, { text: { type: "string", pattern: "(?=a)" } });
  const { status, body } = await call(api.transport, "POST", CRDS, refused);
  expect([status, body.message]).toEqual([
    422,
    expect.stringContaining(
      'properties[text].pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: error parsing regexp',
    ),
  ]);
});
