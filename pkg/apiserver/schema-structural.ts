import type { StatusCause } from "../apis/status.ts";
import { isObject, type JsonObject, objectOf } from "./json.ts";

const MAX_DEPTH = 64;
const TYPES = ["object", "array", "string", "number", "integer", "boolean"];

/** Why `schema` cannot be the schema of a kind: Kubernetes wants to know the type of every field. */
export function checkStructural(schema: unknown, path: string): StatusCause[] {
  if (!isObject(schema)) return [cause(path, "must be a schema")];
  if (schema.type !== "object")
    return [cause(`${path}.type`, 'must be "object" at the root', schema.type)];
  return check(schema, path, 0);
}

function check(schema: unknown, path: string, depth: number): StatusCause[] {
  if (!isObject(schema)) return [cause(path, "must be a schema")];
  if (depth > MAX_DEPTH) return [cause(path, `must not be nested deeper than ${MAX_DEPTH}`)];
  return [
    ...checkType(schema, path),
    ...checkPattern(schema, path),
    ...checkChildren(schema, path, depth + 1),
  ];
}

function checkType(schema: JsonObject, path: string): StatusCause[] {
  const { type } = schema;
  const loose =
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    schema["x-kubernetes-int-or-string"] === true;
  if (type === undefined && !loose)
    return [
      {
        reason: "FieldValueRequired",
        message: "Required value: must not be empty for specified object fields",
        field: `${path}.type`,
      },
    ];
  if (type !== undefined && !TYPES.includes(String(type)))
    return [cause(`${path}.type`, `supported values: ${TYPES.join(", ")}`, type)];
  if (type === "array" && schema.items === undefined)
    return [
      {
        reason: "FieldValueRequired",
        message: "Required value: must be specified",
        field: `${path}.items`,
      },
    ];
  return [];
}

function checkPattern(schema: JsonObject, path: string): StatusCause[] {
  if (schema.pattern === undefined || typeof schema.pattern === "string") return [];
  return [cause(`${path}.pattern`, "must be a text", schema.pattern)];
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

function cause(path: string, why: string, value?: unknown): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value ?? "")}: ${why}`;
  return { reason: "FieldValueInvalid", message, field: path };
}
