import { describe, expect, it } from "vitest";
import type { StatusCause } from "../../apis/status.ts";
import { checkRules } from "./rules-definition.ts";
import { ruleCauses } from "./rules-evaluation.ts";
import type { Schema, SchemaRule } from "./schema.ts";

const text: Schema = { type: "string" };
const whole: Schema = { type: "integer" };
const texts: Schema = { type: "array", items: text };

/** The schema of an object with `properties`, and with rules. */
function object(properties: Record<string, Schema>, ...rules: (string | SchemaRule)[]): Schema {
  const validations = rules.map((rule) => (typeof rule === "string" ? { rule } : rule));
  return {
    type: "object",
    properties,
    ...(rules.length === 0 ? {} : { "x-kubernetes-validations": validations }),
  };
}

/** An object's schema whose spec has the rules. */
function ofSpec(properties: Record<string, Schema>, ...rules: (string | SchemaRule)[]): Schema {
  return object({ spec: object(properties, ...rules) });
}

function shown(causes: readonly StatusCause[]): readonly string[] {
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

function defined(schema: Schema): readonly string[] {
  return shown(checkRules(schema, "schema"));
}

function found(schema: Schema, spec: unknown, old?: unknown): readonly string[] {
  expect(defined(schema)).toEqual([]);
  const metadata = { name: "thing-1" };
  return shown(
    ruleCauses({ spec, metadata }, schema, old === undefined ? undefined : { spec: old, metadata }),
  );
}

const named: Schema = {
  type: "array",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
  items: object({ name: text, value: text }),
};

describe("the rules in the documentation of Kubernetes", () => {
  it.each([
    [
      "self.minReplicas <= self.replicas && self.replicas <= self.maxReplicas",
      { minReplicas: whole, replicas: whole, maxReplicas: whole },
      { minReplicas: 1, replicas: 2, maxReplicas: 3 },
      { minReplicas: 1, replicas: 4, maxReplicas: 3 },
    ],
    [
      "'Available' in self.stateCounts",
      { stateCounts: { type: "object", additionalProperties: whole } },
      { stateCounts: { Available: 1 } },
      { stateCounts: {} },
    ],
    [
      "(self.list1.size() == 0) != (self.list2.size() == 0)",
      { list1: texts, list2: texts },
      { list1: ["a"], list2: [] },
      { list1: [], list2: [] },
    ],
    [
      "!('MY_KEY' in self.map1) || self.map1['MY_KEY'].matches('^[a-zA-Z]*$')",
      { map1: { type: "object", additionalProperties: text } },
      { map1: { MY_KEY: "abc" } },
      { map1: { MY_KEY: "a1" } },
    ],
    [
      "self.envars.filter(e, e.name == 'MY_ENV').all(e, e.value.matches('^[a-zA-Z]*$'))",
      { envars: named },
      {
        envars: [
          { name: "MY_ENV", value: "abc" },
          { name: "B", value: "1" },
        ],
      },
      { envars: [{ name: "MY_ENV", value: "a1" }] },
    ],
    [
      "has(self.expired) && self.created + self.ttl < self.expired",
      {
        created: { type: "string", format: "date-time" },
        expired: { type: "string", format: "date-time" },
        ttl: { type: "string", format: "duration" },
      },
      { created: "2024-01-01T00:00:00Z", ttl: "1h", expired: "2024-01-01T02:00:00Z" },
      { created: "2024-01-01T00:00:00Z", ttl: "3h", expired: "2024-01-01T02:00:00Z" },
    ],
    ["self.health.startsWith('ok')", { health: text }, { health: "ok!" }, { health: "no" }],
    [
      "self.widgets.exists(w, w.key == 'x' && w.foo < 10)",
      { widgets: { type: "array", items: object({ key: text, foo: whole }) } },
      { widgets: [{ key: "x", foo: 9 }] },
      { widgets: [{ key: "x", foo: 10 }] },
    ],
    [
      "type(self.port) == string ? self.port == '99%' : self.port == 42",
      { port: { "x-kubernetes-int-or-string": true } },
      { port: "99%" },
      { port: 41 },
    ],
    [
      "self.set1.all(e, !(e in self.set2))",
      { set1: texts, set2: texts },
      { set1: ["a"], set2: ["b"] },
      { set1: ["a"], set2: ["a"] },
    ],
    [
      "size(self.names) == size(self.details) && self.names.all(n, n in self.details)",
      { names: texts, details: { type: "object", additionalProperties: text } },
      { names: ["a"], details: { a: "x" } },
      { names: ["a"], details: { b: "x" } },
    ],
    [
      "size(self.clusters.filter(c, c.name == self.primary)) == 1",
      { clusters: named, primary: text },
      { clusters: [{ name: "a" }], primary: "a" },
      { clusters: [{ name: "b" }], primary: "a" },
    ],
  ] as const)("%s", (rule, properties, good, bad) => {
    const schema = ofSpec(properties as Record<string, Schema>, rule);
    expect(found(schema, good)).toEqual([]);
    expect(found(schema, bad)).toEqual([`spec: Invalid value: "object": failed rule: ${rule}`]);
  });

  it("can use the name of the object at the root", () => {
    const rule = "self.metadata.name.startsWith(self.spec.prefix)";
    const schema = object({ spec: object({ prefix: text }) }, rule);
    expect(found(schema, { prefix: "thing" })).toEqual([]);
    expect(found(schema, { prefix: "other" })).toEqual([
      `<nil>: Invalid value: "object": failed rule: ${rule}`,
    ]);
  });

  it("write fields that are no names in another way", () => {
    const names = { "x-prop": whole, redact__d: whole, "a.b/c": whole, namespace: whole };
    const rule =
      "self.x__dash__prop > 0 && self.redact__underscores__d > 0 && self.a__dot__b__slash__c > 0 && self.__namespace__ > 0";
    const schema = ofSpec(names, rule);
    expect(found(schema, { "x-prop": 1, redact__d: 1, "a.b/c": 1, namespace: 1 })).toEqual([]);
    expect(found(schema, { "x-prop": 1, redact__d: 1, "a.b/c": 0, namespace: 1 })).toHaveLength(1);
  });

  it("take sets and maps as what they are, whatever the order", () => {
    const set: Schema = { ...texts, "x-kubernetes-list-type": "set" };
    const rules = ["self.a == self.b", "(self.a + self.b).size() == 2", "self.m == self.n"];
    const schema = ofSpec({ a: set, b: set, m: named, n: named }, ...rules);
    const [x, y] = [{ name: "x" }, { name: "y" }];
    expect(found(schema, { a: ["1", "2"], b: ["2", "1"], m: [x, y], n: [y, x] })).toEqual([]);
  });
});

describe("what a rule says", () => {
  const rule = "self.a > 1";
  const bad = { a: 1 };
  it.each<[string, Partial<SchemaRule>, string]>([
    ["its message", { message: "too small" }, 'spec: Invalid value: "object": too small'],
    [
      "what its expression comes to",
      { messageExpression: "'a is ' + string(self.a)" },
      'spec: Invalid value: "object": a is 1',
    ],
    [
      "its message if the expression comes to nothing",
      { messageExpression: "string(1 / (self.a - 1))", message: "too small" },
      'spec: Invalid value: "object": too small',
    ],
    ["its reason", { reason: "FieldValueForbidden", message: "no" }, "spec: Forbidden: no"],
    ["Required", { reason: "FieldValueRequired", message: "no" }, "spec: Required value: no"],
    ["Duplicate", { reason: "FieldValueDuplicate" }, 'spec: Duplicate value: "object"'],
    [
      "of another field",
      { fieldPath: ".a" },
      'spec.a: Invalid value: "object": failed rule: self.a > 1',
    ],
  ])("is %s", (_name, more, message) => {
    expect(found(ofSpec({ a: whole }, { rule, ...more }), bad)).toEqual([message]);
  });

  it("names the type and place of the value", () => {
    const schema = ofSpec({
      list: {
        type: "array",
        items: { type: "integer", "x-kubernetes-validations": [{ rule: "self > 0" }] },
      },
      map: {
        type: "object",
        additionalProperties: {
          type: "string",
          "x-kubernetes-validations": [{ rule: "self != ''" }],
        },
      },
    });
    expect(found(schema, { list: [1, 0], map: { k: "" } })).toEqual([
      'spec.list[1]: Invalid value: "integer": failed rule: self > 0',
      "spec.map.k: Invalid value: \"string\": failed rule: self != ''",
    ]);
  });

  it("is why it has no result", () => {
    expect(found(ofSpec({ a: whole, b: whole }, "self.a < self.b"), { a: 1 })).toEqual([
      'spec: Invalid value: "object": no such key: b evaluating rule: self.a < self.b',
    ]);
  });
});

describe("a rule that compares with what was", () => {
  const schema = ofSpec({ a: text, list: named }, "self.a == oldSelf.a");

  it("is asked only when there was something", () => {
    expect(found(schema, { a: "new" })).toEqual([]);
    expect(found(schema, { a: "same" }, { a: "same" })).toEqual([]);
    expect(found(schema, { a: "new" }, { a: "old" })).toHaveLength(1);
  });

  it("knows items of a list by their keys", () => {
    const items = {
      ...named.items,
      "x-kubernetes-validations": [{ rule: "self.value == oldSelf.value" }],
    };
    const ofItems = ofSpec({ list: { ...named, items } as Schema });
    const old = {
      list: [
        { name: "a", value: "1" },
        { name: "b", value: "2" },
      ],
    };
    expect(
      found(
        ofItems,
        {
          list: [
            { name: "b", value: "2" },
            { name: "c", value: "9" },
          ],
        },
        old,
      ),
    ).toEqual([]);
    expect(found(ofItems, { list: [{ name: "b", value: "1" }] }, old)).toEqual([
      'spec.list[0]: Invalid value: "object": failed rule: self.value == oldSelf.value',
    ]);
  });

  it("cannot stand where nothing can be compared", () => {
    const items: Schema = { ...whole, "x-kubernetes-validations": [{ rule: "self >= oldSelf" }] };
    expect(defined(ofSpec({ list: { type: "array", items } }))).toEqual([
      'schema.properties[spec].properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self >= oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[spec].properties[list].items',
    ]);
  });

  it("is asked for new objects too, if it can do without", () => {
    const rule = "oldSelf.hasValue() || self.a == 'first'";
    const optional = ofSpec({ a: text }, { rule, optionalOldSelf: true });
    expect(found(optional, { a: "first" })).toEqual([]);
    expect(found(optional, { a: "second" })).toHaveLength(1);
    expect(found(optional, { a: "second" }, { a: "first" })).toEqual([]);
  });
});

it("a rule is not asked again of what has not changed", () => {
  const schema = ofSpec({ a: whole, b: object({ c: whole }, "self.c > 1") });
  expect(found(schema, { a: 2, b: { c: 0 } }, { a: 1, b: { c: 0 } })).toEqual([]);
  expect(found(schema, { a: 2, b: { c: 1 } }, { a: 1, b: { c: 0 } })).toHaveLength(1);
});

it("null is a value, and what a schema does not say cannot be named", () => {
  const schema = ofSpec(
    { a: { type: "string", nullable: true }, o: object({ x: text }) },
    "has(self.a)",
  );
  expect(found(schema, { a: null })).toEqual([]);
  const free = ofSpec({ a: { "x-kubernetes-preserve-unknown-fields": true } }, "has(self.a)");
  expect(defined(free)[0]).toContain("undefined field 'a'");
});

describe("a rule that is refused", () => {
  const place = "schema.properties[spec].x-kubernetes-validations[0]";
  it.each<[SchemaRule, string]>([
    [{ rule: " " }, "rule: Required value: rule is not specified"],
    [
      { rule: "self.x > 1" },
      "rule: Invalid value: \"self.x > 1\": compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x > 1\n | ....^",
    ],
    [{ rule: "self.a" }, 'rule: Invalid value: "self.a": cel expression must evaluate to a bool'],
    [
      { rule: "self.a.unheard()" },
      "rule: Invalid value: \"self.a.unheard()\": compilation failed: ERROR: <input>:1:15: undeclared reference to 'unheard' (in container '')\n | self.a.unheard()\n | ..............^",
    ],
    [
      { rule: "self.a > 1\n" + "&& true" },
      "message: Required value: message must be specified if rule contains line breaks",
    ],
    [
      { rule: "true", message: "a\nb" },
      'message: Invalid value: "a\\nb": message must not contain line breaks',
    ],
    [
      { rule: "true", messageExpression: "1" },
      'messageExpression: Invalid value: "1": messageExpression must evaluate to a string',
    ],
    [
      { rule: "true", reason: "Other" },
      'reason: Unsupported value: "Other": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    ],
    [
      { rule: "true", fieldPath: ".b" },
      'fieldPath: Invalid value: ".b": fieldPath is invalid: does not refer to a valid field',
    ],
    [
      { rule: "true", fieldPath: "a" },
      "fieldPath: Invalid value: \"a\": fieldPath is invalid: it must be like .spec.name or ['name']",
    ],
    [
      { rule: "true", optionalOldSelf: true },
      "optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
    ],
    [{ rule: 1 } as unknown as SchemaRule, "rule: Invalid value: 1: must be a string"],
  ])("%j", (rule, message) => {
    expect(defined(ofSpec({ a: whole }, rule))).toEqual([`${place}.${message}`]);
  });

  it("stands in a logical part", () => {
    const part = { "x-kubernetes-validations": [{ rule: "true" }] };
    expect(defined({ type: "object", allOf: [part as Schema] })).toEqual([
      "schema.allOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural",
    ]);
  });
});

/** `list`, and how often anything of it was read. */
function watched(list: readonly number[]) {
  let reads = 0;
  const proxy = new Proxy(list, {
    get(target, name) {
      reads++;
      return Reflect.get(target, name);
    },
  });
  return { list: proxy, reads: () => reads };
}

describe("the cost of rules", () => {
  const pairs = "self.list.all(x, self.list.all(y, x != y || x == y))";
  const list = Array.from({ length: 20_000 }, (_, i) => i);

  it("is limited for one", () => {
    const [message] = found(ofSpec({ list: { type: "array", items: whole } }, pairs), { list });
    expect(message).toContain(
      "no further validation rules will be run due to call cost exceeds limit",
    );
  });

  it("is limited for all together, and those after are not asked", () => {
    const rule = "self.all(x, x >= 0)";
    const items: Schema = { type: "array", items: whole, "x-kubernetes-validations": [{ rule }] };
    const schema = ofSpec({ lists: { type: "array", items } });
    const lists = Array.from({ length: 100 }, () => watched(list));
    const causes = found(schema, { lists: lists.map((one) => one.list) });
    expect(causes).toHaveLength(1);
    const asked = lists.map(({ reads }) => reads() > 0);
    const end = asked.indexOf(false);
    expect(causes).toEqual([expect.stringContaining(`lists[${end - 1}]`)]);
    expect(asked.slice(end)).not.toContain(true);
  });

  it("leaves room for a rule over a long list", () => {
    const schema = ofSpec({ list: { type: "array", items: whole } }, "self.list.all(x, x >= 0)");
    expect(found(schema, { list })).toEqual([]);
  });
});
