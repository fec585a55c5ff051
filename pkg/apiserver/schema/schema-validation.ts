import type { StatusCause } from "../../apis/status.ts";
import { isObject, same } from "../request/json.ts";
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
    const message = `${path} in body must be of type ${schema.type}: "${typeName(value)}"`;
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
  if (schema.pattern !== undefined && !pattern(schema.pattern).test(value))
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
  const isSet = schema.uniqueItems === true || schema["x-kubernetes-list-type"] === "set";
  if (isSet && hasTwins(value))
    report("FieldValueDuplicate", `Duplicate value: ${path} shouldn't contain duplicates`);
};

const hasProperties: Rule = (value, schema, path, report) => {
  if (!isObject(value)) return;
  const { minProperties, maxProperties } = schema;
  const count = Object.keys(value).length;
  if (minProperties !== undefined && count < minProperties)
    invalidValue(report, count, `${path} in body should have at least ${minProperties} properties`);
  tooMany(report, count, maxProperties);
};

function tooMany(report: Report, count: number, most: number | undefined): void {
  if (most !== undefined && count > most)
    report("FieldValueTooMany", `Too many: ${count}: must have at most ${most} items`);
}

const combines: Rule = (value, schema, path, report) => {
  const holds = (part: Schema) => validate(value, part, path).length === 0;
  const refuse = (text: string) => invalidValue(report, value, `${path} ${text}`);
  for (const part of schema.allOf ?? [])
    for (const cause of validate(value, part, path))
      report(cause.reason ?? "", cause.message ?? "", cause.field);
  if (schema.anyOf !== undefined && !schema.anyOf.some(holds))
    refuse("in body must validate at least one schema (anyOf)");
  if (schema.oneOf !== undefined && schema.oneOf.filter(holds).length !== 1)
    refuse("in body must validate one and only one schema (oneOf)");
  if (schema.not !== undefined && holds(schema.not))
    refuse("in body must not validate the schema (not)");
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

function hasTwins(items: readonly unknown[]): boolean {
  return new Set(items.map((item) => JSON.stringify(item))).size < items.length;
}

const patterns = new Map<string, RegExp>();

function pattern(source: string): RegExp {
  const known = patterns.get(source) ?? compiled(source);
  patterns.set(source, known);
  return known;
}

/** Go's `(?i)` and `\z` are rare in CRDs; a pattern that only Go understands matches everything. */
function compiled(source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch {
    try {
      return new RegExp(source);
    } catch {
      return /(?:)/;
    }
  }
}
