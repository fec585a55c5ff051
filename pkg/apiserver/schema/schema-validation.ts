import type { StatusCause } from "../../apis/status.ts";
import { regularExpression } from "../cel/regular-expression.ts";
import { at, isObject, same } from "../request/json.ts";
import { fieldPath, propertySchema, type Schema } from "./schema.ts";
import { matchesFormat } from "./schema-formats.ts";

type Report = (reason: string, message: string, field?: string) => void;
type Rule = (value: unknown, schema: Schema, path: string, report: Report) => void;

/** What of `value` breaks `schema`, in the words of Kubernetes; nothing if it holds. */
export function validate(value: unknown, schema: Schema, path = ""): StatusCause[] {
  const causes: StatusCause[] = [];
  const report: Report = (reason, message, field = path) =>
    causes.push({ reason, message, field: field === "" ? "<nil>" : field });
  if (value === null && schema.nullable === true) return causes;
  if (!hasType(value, schema)) {
    const wanted = schema["x-kubernetes-int-or-string"] === true ? "integer,string" : schema.type;
    const message = `${path} in body must be of type ${wanted}: "${typeName(value)}"`;
    report("FieldValueTypeInvalid", `Invalid value: "${typeName(value)}": ${message}`);
    return causes;
  }
  for (const rule of RULES) rule(value, schema, path, report);
  causes.push(...childCauses(value, schema, path));
  return causes;
}

function childCauses(value: unknown, schema: Schema, path: string): StatusCause[] {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items === undefined
      ? []
      : value.flatMap((item, i) => validate(item, items, fieldPath(path, i)));
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const inner = propertySchema(schema, name);
    return inner === undefined ? [] : validate(item, inner, fieldPath(path, name));
  });
}

const isOneOf: Rule = (value, schema, _path, report) => {
  if (schema.enum === undefined || schema.enum.some((allowed) => same(allowed, value))) return;
  const allowed = schema.enum.map((item) => JSON.stringify(item)).join(", ");
  report(
    "FieldValueNotSupported",
    `Unsupported value: ${shown(value)}: supported values: ${allowed}`,
  );
};

const hasRequired: Rule = (value, schema, path, report) => {
  if (!isObject(value)) return;
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name))
      report("FieldValueRequired", "Required value", fieldPath(path, name));
};

const isInRange: Rule = (value, schema, path, report) => {
  if (typeof value !== "number") return;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const refuse = (rule: string) => invalidValue(report, value, `${path} in body should be ${rule}`);
  if (minimum !== undefined && value < minimum) refuse(`greater than or equal to ${minimum}`);
  if (exclusiveMinimum === true && value === minimum) refuse(`greater than ${minimum}`);
  if (maximum !== undefined && value > maximum) refuse(`less than or equal to ${maximum}`);
  if (exclusiveMaximum === true && value === maximum) refuse(`less than ${maximum}`);
  if (multipleOf !== undefined && value % multipleOf !== 0) refuse(`a multiple of ${multipleOf}`);
};

const isLongEnough: Rule = (value, schema, path, report) => {
  if (typeof value !== "string") return;
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength)
    invalidValue(
      report,
      value,
      `${path} in body should be at least ${schema.minLength} chars long`,
    );
  if (schema.maxLength !== undefined && length > schema.maxLength)
    report("FieldValueTooLong", `Too long: may not be more than ${schema.maxLength} bytes`);
};

const hasForm: Rule = (value, schema, path, report) => {
  if (typeof value !== "string") return;
  if (schema.pattern !== undefined && !matches(schema.pattern, value))
    invalidValue(report, value, `${path} in body should match '${schema.pattern}'`);
  if (schema.format !== undefined && !matchesFormat(schema.format, value))
    invalidValue(report, value, `${path} in body must be of type ${schema.format}: "${value}"`);
};

const hasItems: Rule = (value, schema, path, report) => {
  if (!Array.isArray(value)) return;
  const { minItems, maxItems } = schema;
  if (minItems !== undefined && value.length < minItems)
    invalidValue(report, value.length, `${path} in body should have at least ${minItems} items`);
  tooMany(report, value.length, maxItems);
  if (schema.uniqueItems === true && twins(value).length > 0)
    report("FieldValueDuplicate", `Duplicate value: ${path} shouldn't contain duplicates`);
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const ids = type === "set" ? value : value.map((item) => keysOf(item, keys));
  for (const i of twins(ids))
    report("FieldValueDuplicate", `Duplicate value: ${JSON.stringify(ids[i])}`, fieldPath(path, i));
};

const hasProperties: Rule = (value, schema, path, report) => {
  if (!isObject(value)) return;
  const { minProperties, maxProperties } = schema;
  const count = Object.keys(value).length;
  if (minProperties !== undefined && count < minProperties)
    // The value that Kubernetes shows here is the limit.
    invalidValue(
      report,
      minProperties,
      `${path} in body should have at least ${minProperties} properties`,
    );
  tooMany(report, count, maxProperties);
};

function tooMany(report: Report, count: number, most: number | undefined): void {
  if (most !== undefined && count > most)
    report("FieldValueTooMany", `Too many: ${count}: must have at most ${most} items`);
}

const combines: Rule = (value, schema, path, report) => {
  const holds = (part: Schema) => validate(value, part, path).length === 0;
  const refuse = (text: string) =>
    report("FieldValueInvalid", `Invalid value: "": "${path}" must ${text}`, "<nil>");
  const pass = (part: Schema | undefined) => {
    for (const cause of part === undefined ? [] : validate(value, part, path))
      report(cause.reason ?? "", cause.message ?? "", cause.field);
  };
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  for (const part of allOf) pass(part);
  if (!allOf.every(holds))
    refuse(`validate all the schemas (allOf)${allOf.some(holds) ? "" : ". None validated"}`);
  if (anyOf.length > 0 && !anyOf.some(holds)) {
    refuse("validate at least one schema (anyOf)");
    pass(anyOf[0]);
  }
  const held = oneOf.filter(holds).length;
  if (oneOf.length > 0 && held !== 1)
    refuse(
      `validate one and only one schema (oneOf). Found ${held === 0 ? "none valid" : `${held} valid alternatives`}`,
    );
  if (not !== undefined && holds(not)) refuse("not validate the schema (not)");
};

const RULES = [
  isOneOf,
  hasRequired,
  isInRange,
  isLongEnough,
  hasForm,
  hasItems,
  hasProperties,
  combines,
];

function invalidValue(report: Report, value: unknown, message: string): void {
  report("FieldValueInvalid", `Invalid value: ${shown(value)}: ${message}`);
}

function hasType(value: unknown, schema: Schema): boolean {
  if (schema["x-kubernetes-int-or-string"] === true)
    return typeof value === "string" || Number.isInteger(value);
  switch (schema.type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    default:
      return true;
  }
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return typeof value;
}

/** A value as messages show it: objects would be too long. */
function shown(value: unknown): string {
  return isObject(value) ? '"object"' : JSON.stringify(value);
}

/** The places of the items that are there already. */
function twins(items: readonly unknown[]): readonly number[] {
  const texts = items.map((item) => JSON.stringify(item));
  return [...texts.keys()].filter((i) => texts.indexOf(texts[i] as string) < i);
}

function keysOf(item: unknown, keys: readonly string[]): unknown {
  return Object.fromEntries(keys.map((key) => [key, at(item, key)]));
}

/** A pattern that was accepted by a version that checked less matches everything. */
function matches(source: string, text: string): boolean {
  try {
    return regularExpression(source).test(text);
  } catch {
    return true;
  }
}
