import type { StatusCause } from "../../apis/status.ts";
import { errorText } from "../../base/errors.ts";
import { regularExpression } from "../cel/regular-expression.ts";
import { isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";
import type { Schema } from "./schema.ts";
import { validate } from "./schema-validation.ts";

const MAX_DEPTH = 64;
const TYPES = ["array", "boolean", "integer", "number", "object", "string"];

/** Why `schema` cannot be the schema of a kind: Kubernetes wants to know the type of every field. */
export function checkStructural(schema: unknown, path: string): StatusCause[] {
  if (!isObject(schema)) return [cause(path, "must be a schema")];
  if (schema.type === undefined) return [required(`${path}.type`, "must not be empty at the root")];
  if (schema.type !== "object")
    return [cause(`${path}.type`, 'must be "object" at the root', schema.type)];
  return [...check(schema, path, 0), ...checkParts(schema, path, 0)];
}

function check(schema: unknown, path: string, depth: number): StatusCause[] {
  if (!isObject(schema)) return [cause(path, "must be a schema")];
  if (depth > MAX_DEPTH) return [cause(path, `must not be nested deeper than ${MAX_DEPTH}`)];
  return [
    ...checkType(schema, path),
    ...checkKeywords(schema, path),
    ...checkDefault(schema, path),
    ...checkChildren(schema, path, depth + 1),
  ];
}

function checkType(schema: JsonObject, path: string): StatusCause[] {
  const { type } = schema;
  const loose =
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    schema["x-kubernetes-int-or-string"] === true;
  if (type === undefined && !loose)
    return [required(`${path}.type`, "must not be empty for specified object fields")];
  if (type !== undefined && !TYPES.some((known) => known === type))
    return [
      {
        reason: "FieldValueNotSupported",
        message: `Unsupported value: ${JSON.stringify(type)}: supported values: ${TYPES.map((known) => `"${known}"`).join(", ")}`,
        field: `${path}.type`,
      },
    ];
  if (type === "array" && schema.items === undefined)
    return [required(`${path}.items`, "must be specified")];
  return [];
}

/** A default that is refused would make every object refused. */
function checkDefault(schema: JsonObject, path: string): StatusCause[] {
  if (schema.default === undefined || schema.default === null) return [];
  if (checkKeywords(schema, path).length > 0) return [];
  return validate(schema.default, schema as Schema).map(({ message = "", ...rest }) => ({
    ...rest,
    message,
    field: `${path}.default`,
  }));
}

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number";
const isFlag = (value: unknown) => typeof value === "boolean";
const isListOf = (holds: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(holds);

/** What the other keywords must hold, so that validation can rely on it. */
const KEYWORDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  description: isText,
  format: isText,
  pattern: isText,
  nullable: isFlag,
  enum: Array.isArray,
  required: isListOf(isText),
  properties: isObject,
  additionalProperties: (value) => isFlag(value) || isObject(value),
  minimum: isNumber,
  maximum: isNumber,
  multipleOf: isNumber,
  minLength: isNumber,
  maxLength: isNumber,
  minItems: isNumber,
  maxItems: isNumber,
  minProperties: isNumber,
  maxProperties: isNumber,
  uniqueItems: isFlag,
  allOf: isListOf(isObject),
  anyOf: isListOf(isObject),
  oneOf: isListOf(isObject),
  not: isObject,
  "x-kubernetes-list-type": isText,
  "x-kubernetes-list-map-keys": isListOf(isText),
  "x-kubernetes-map-type": isText,
};

function checkKeywords(schema: JsonObject, path: string): StatusCause[] {
  const causes = Object.entries(schema)
    .filter(([name, value]) => Object.hasOwn(KEYWORDS, name) && KEYWORDS[name]?.(value) !== true)
    .map(([name, value]) => cause(`${path}.${name}`, "must be what the keyword takes", value));
  return [...causes, ...checkPattern(schema, path)];
}

function checkPattern({ pattern }: JsonObject, path: string): StatusCause[] {
  if (typeof pattern !== "string") return [];
  try {
    regularExpression(pattern);
    return [];
  } catch (error) {
    const why = `must be a valid regular expression, but isn't: ${errorText(error)}`;
    return [cause(`${path}.pattern`, why, pattern)];
  }
}

/** The parts of a logical combination need no types, but their keywords are used too. */
function checkParts(schema: JsonObject, path: string, depth: number): StatusCause[] {
  if (depth > MAX_DEPTH) return [cause(path, `must not be nested deeper than ${MAX_DEPTH}`)];
  const parts = [
    ...["allOf", "anyOf", "oneOf"].flatMap((name) => listOf(schema[name])),
    ...[schema.not, schema.items, schema.additionalProperties],
    ...Object.values(objectOf(schema.properties)),
  ].filter(isObject);
  return parts.flatMap((part) => [
    ...checkKeywords(part, path),
    ...checkParts(part, path, depth + 1),
  ]);
}

function checkChildren(schema: JsonObject, path: string, depth: number): StatusCause[] {
  const causes = Object.entries(objectOf(schema.properties)).flatMap(([name, inner]) =>
    check(inner, `${path}.properties[${name}]`, depth),
  );
  if (isObject(schema.additionalProperties))
    causes.push(...check(schema.additionalProperties, `${path}.additionalProperties`, depth));
  if (schema.items !== undefined) causes.push(...check(schema.items, `${path}.items`, depth));
  return causes;
}

function required(path: string, why: string): StatusCause {
  return { reason: "FieldValueRequired", message: `Required value: ${why}`, field: path };
}

function cause(path: string, why: string, value?: unknown): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value ?? "")}: ${why}`;
  return { reason: "FieldValueInvalid", message, field: path };
}
