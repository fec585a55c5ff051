import { apiVersionOf } from "../../apis/object.ts";
import { prune } from "../schema/schema-pruning.ts";
import { normalizeMetadata } from "../verbs/metadata.ts";
import { pruneBuiltin } from "./builtin-fields.ts";
import { at, isObject, type JsonObject, textOf } from "./json.ts";
import type { Operation } from "./operation.ts";
import { badRequest, invalid } from "./refusals.ts";
import { decodeBody, decodeYaml } from "./request-body.ts";

/** The object in the body of a request, as the type of the request. Throws a bad request or 415. */
export function incomingObject(operation: Operation): JsonObject {
  const { value, duplicates } = decodeBody(operation.body, operation.headers["content-type"]);
  if (!isObject(value) && value !== null)
    throw badRequest("the body of the request is not an object");
  const object = { ...value };
  checkIdentity(operation, object);
  const level = fieldValidation(operation.query);
  const repeated =
    level === "Ignore" ? [] : duplicates().map((path) => `duplicate field "${path}"`);
  settleUnknown(operation, object, repeated);
  return object;
}

/** The object in the body of a server-side apply. Throws a bad request. */
export function appliedObject(operation: Operation): JsonObject {
  const { value, duplicates } = decodeYaml(operation.body);
  if (!isObject(value)) throw badRequest("the body of the request is not an object");
  const object = { ...value };
  const expected = apiVersionOf(operation.type);
  if (object.apiVersion !== expected)
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${textOf(object.apiVersion ?? "")}, expected: ${expected}`,
    );
  checkIdentity(operation, object);
  settleUnknown(
    operation,
    object,
    duplicates().map((path) => `duplicate field "${path}"`),
  );
  return object;
}

/**
 * Removes from `object` the fields that its type does not have, and refuses or warns as the request's
 * `fieldValidation` says; `problems` are those the notation had already.
 */
export function settleUnknown(
  operation: Operation,
  object: JsonObject,
  problems: readonly string[] = [],
): void {
  const { schema, custom } = operation.type;
  const unknown = normalizeMetadata(object, subjectOf(operation));
  if (schema !== undefined) unknown.push(...prune(object, schema));
  if (!custom) unknown.push(...pruneBuiltin(apiVersionOf(operation.type), object));
  report(operation, [...problems, ...unknown.map((path) => `unknown field "${path}"`)]);
}

function report(operation: Operation, problems: readonly string[]): void {
  const level = fieldValidation(operation.query);
  if (problems.length === 0 || level === "Ignore") return;
  if (level === "Warn") {
    for (const problem of problems) operation.warnings.add(problem);
    return;
  }
  throw badRequest(`${subjectOf(operation)}strict decoding error: ${problems.join(", ")}`);
}

/** How messages about the fields of a builtin kind begin. */
function subjectOf({ type: { kind, version, custom } }: Operation): string {
  return custom ? "" : `${kind} in version "${version}" cannot be handled as a ${kind}: `;
}

function fieldValidation(query: URLSearchParams): "Strict" | "Warn" | "Ignore" {
  const level = query.get("fieldValidation") ?? "";
  if (level === "Strict" || level === "Ignore") return level;
  if (level === "" || level === "Warn") return "Warn";
  throw badRequest(
    `fieldValidation: Unsupported value: "${level}": supported values: "Ignore", "Strict", "Warn"`,
  );
}

/** kubectl's typed clients leave out apiVersion and kind; a custom kind must say them. */
function checkIdentity({ type, subresource }: Operation, object: JsonObject): void {
  if (subresource === "scale") return;
  const expected = apiVersionOf(type);
  if (!type.custom) {
    object.apiVersion ||= expected;
    object.kind ||= type.kind;
  }
  if (typeof object.kind !== "string" || object.kind === "")
    throw badRequest("Object 'Kind' is missing in the body of the request");
  if (typeof object.apiVersion !== "string")
    throw badRequest("Object 'apiVersion' is missing in the body of the request");
  if (object.apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  if (object.kind !== type.kind && type.custom)
    throw invalid({ ...type, kind: object.kind }, textOf(at(object, "metadata", "name") ?? ""), [
      {
        reason: "FieldValueInvalid",
        message: `Invalid value: ${JSON.stringify(object.kind)}: must be ${type.kind}`,
        field: "kind",
      },
    ]);
  if (object.kind !== type.kind)
    throw badRequest(
      `the kind in the data (${object.kind}) does not match the expected kind (${type.kind})`,
    );
}
