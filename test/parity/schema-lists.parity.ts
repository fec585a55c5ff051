import { area, behaviour, differs } from "./behaviour.ts";
import { kept, object } from "./things.ts";

export const schemaLists = area("schema lists", [
  behaviour(
    "wants some items",
    kept({ type: "array", items: { type: "string" }, minItems: 1 }, []),
    [422, "spec FieldValueInvalid: Invalid value: 0: spec in body should have at least 1 items"],
  ),
  behaviour(
    "wants no more than some items",
    kept({ type: "array", items: { type: "string" }, maxItems: 1 }, ["a", "b"]),
    differs("limit-texts"),
  ),
  behaviour(
    "wants some properties",
    kept({ type: "object", additionalProperties: { type: "string" }, minProperties: 1 }, {}),
    [
      422,
      "spec FieldValueInvalid: Invalid value: 1: spec in body should have at least 1 properties",
    ],
  ),
  behaviour(
    "wants no more than some properties",
    kept(
      { type: "object", additionalProperties: { type: "string" }, maxProperties: 1 },
      { a: "1", b: "2" },
    ),
    differs("limit-texts"),
  ),
  behaviour(
    "wants the type of additional properties",
    kept({ type: "object", additionalProperties: { type: "string" } }, { a: 1 }),
    differs("type-reason"),
  ),
  behaviour(
    "wants a date-time",
    kept(object({ x: { type: "string", format: "date-time" } }), { x: "yesterday" }),
    [
      422,
      'spec.x FieldValueInvalid: Invalid value: "yesterday": spec.x in body must be of type date-time: "yesterday"',
    ],
  ),
  behaviour(
    "wants an ipv4",
    kept(object({ x: { type: "string", format: "ipv4" } }), { x: "1.2.3" }),
    [
      422,
      'spec.x FieldValueInvalid: Invalid value: "1.2.3": spec.x in body must be of type ipv4: "1.2.3"',
    ],
  ),
  behaviour("wants a uuid", kept(object({ x: { type: "string", format: "uuid" } }), { x: "1" }), [
    422,
    'spec.x FieldValueInvalid: Invalid value: "1": spec.x in body must be of type uuid: "1"',
  ]),
  behaviour(
    "does not look at a format it does not know",
    kept(object({ x: { type: "string", format: "strange" } }), { x: "1" }),
    { x: "1" },
  ),
  behaviour(
    "takes a number or a text",
    kept(
      object({
        x: { "x-kubernetes-int-or-string": true },
        y: { "x-kubernetes-int-or-string": true },
      }),
      { x: 1, y: "1" },
    ),
    { x: 1, y: "1" },
  ),
  behaviour(
    "takes nothing else for a number or a text",
    kept(object({ x: { "x-kubernetes-int-or-string": true } }), { x: true }),
    differs("type-reason"),
  ),
  behaviour(
    "wants different items of a set",
    kept({ type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" }, ["a", "a"]),
    [422, 'spec[1] FieldValueDuplicate: Duplicate value: "a"'],
  ),
  behaviour(
    "wants different keys of a map",
    kept(
      {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        items: object({ k: { type: "string" } }, { required: ["k"] }),
      },
      [{ k: "a" }, { k: "a" }],
    ),
    differs("duplicate-key-text"),
  ),
  behaviour(
    "wants one of several",
    kept(
      object(
        { a: { type: "string" }, b: { type: "string" } },
        { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      ),
      { a: "1", b: "2" },
    ),
    [
      422,
      '<nil> FieldValueInvalid: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ),
  behaviour(
    "wants any of several",
    kept(
      object(
        { a: { type: "string" }, b: { type: "string" } },
        { anyOf: [{ required: ["a"] }, { required: ["b"] }] },
      ),
      {},
    ),
    [
      422,
      '<nil> FieldValueInvalid: Invalid value: "": "spec" must validate at least one schema (anyOf)',
      "spec.a FieldValueRequired: Required value",
    ],
  ),
  behaviour(
    "wants all of several",
    kept(object({ a: { type: "string" } }, { allOf: [{ required: ["a"] }] }), {}),
    [
      422,
      '<nil> FieldValueInvalid: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
      "spec.a FieldValueRequired: Required value",
    ],
  ),
  behaviour(
    "wants what must not be",
    kept(object({ a: { type: "string" } }, { not: { required: ["a"] } }), { a: "1" }),
    [422, '<nil> FieldValueInvalid: Invalid value: "": "spec" must not validate the schema (not)'],
  ),
  behaviour(
    "names every field that is wrong",
    kept(object({ x: { type: "integer", minimum: 2 }, y: { type: "string", enum: ["a"] } }), {
      x: 1,
      y: "b",
    }),
    [
      422,
      "spec.x FieldValueInvalid: Invalid value: 1: spec.x in body should be greater than or equal to 2",
      'spec.y FieldValueNotSupported: Unsupported value: "b": supported values: "a"',
    ],
  ),
]);
