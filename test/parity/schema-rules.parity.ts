import { area, behaviour, differs } from "./behaviour.ts";
import { kept, object } from "./things.ts";

export const schemaRules = area("schema rules", [
  behaviour(
    "wants the type",
    kept(object({ x: { type: "integer" } }), { x: "1" }),
    differs("type-reason"),
  ),
  behaviour("wants an object", kept(object({}), "text"), differs("type-reason")),
  behaviour(
    "wants a list",
    kept({ type: "array", items: { type: "string" } }, {}),
    differs("type-reason"),
  ),
  behaviour(
    "takes a whole number as number, not a fraction as integer",
    kept(object({ x: { type: "number" }, y: { type: "integer" } }), { x: 1, y: 1.5 }),
    differs("type-reason"),
  ),
  behaviour(
    "wants one of an enum",
    kept(object({ x: { type: "string", enum: ["a", "b"] } }), { x: "c" }),
    [422, 'spec.x FieldValueNotSupported: Unsupported value: "c": supported values: "a", "b"'],
  ),
  behaviour("wants a minimum", kept(object({ x: { type: "integer", minimum: 2 } }), { x: 1 }), [
    422,
    "spec.x FieldValueInvalid: Invalid value: 1: spec.x in body should be greater than or equal to 2",
  ]),
  behaviour(
    "wants more than an exclusive minimum",
    kept(object({ x: { type: "integer", minimum: 2, exclusiveMinimum: true } }), { x: 2 }),
    [422, "spec.x FieldValueInvalid: Invalid value: 2: spec.x in body should be greater than 2"],
  ),
  behaviour("wants a maximum", kept(object({ x: { type: "integer", maximum: 2 } }), { x: 3 }), [
    422,
    "spec.x FieldValueInvalid: Invalid value: 3: spec.x in body should be less than or equal to 2",
  ]),
  behaviour("wants a multiple", kept(object({ x: { type: "integer", multipleOf: 3 } }), { x: 4 }), [
    422,
    "spec.x FieldValueInvalid: Invalid value: 4: spec.x in body should be a multiple of 3",
  ]),
  behaviour(
    "wants a pattern",
    kept(object({ x: { type: "string", pattern: "^a+$" } }), { x: "b" }),
    [422, "spec.x FieldValueInvalid: Invalid value: \"b\": spec.x in body should match '^a+$'"],
  ),
  behaviour(
    "wants what is required",
    kept(object({ x: { type: "string" } }, { required: ["x"] }), {}),
    [422, "spec.x FieldValueRequired: Required value"],
  ),
  behaviour("wants a length", kept(object({ x: { type: "string", minLength: 3 } }), { x: "ab" }), [
    422,
    'spec.x FieldValueInvalid: Invalid value: "ab": spec.x in body should be at least 3 chars long',
  ]),
  behaviour(
    "wants no more than a length",
    kept(object({ x: { type: "string", maxLength: 3 } }), { x: "abcd" }),
    differs("limit-texts"),
  ),
]);
