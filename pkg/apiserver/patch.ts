import fastJsonPatch, { type Operation as JsonPatchOperation } from "fast-json-patch";
import { StatusError } from "../apis/status.ts";
import { errorText } from "../base/errors.ts";
import { settleUnknown } from "./incoming.ts";
import { clone, field, isObject, type JsonObject } from "./json.ts";
import type { Operation, Outcome } from "./operation.ts";
import { badRequest } from "./refusals.ts";
import { decodeJson, decodeYaml, mediaType, unsupported } from "./request-body.ts";
import { change } from "./update.ts";

// The package is CommonJS without names that Node could find.
const { applyPatch, JsonPatchError } = fastJsonPatch;

const MERGE = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const APPLY = "application/apply-patch+yaml";
const MAX_OPERATIONS = 10_000;

/** PATCH: the present object changed as the body says, in the notation that the Content-Type says. */
export async function patch(operation: Operation): Promise<Outcome> {
  const type = mediaType(operation.headers["content-type"]);
  const kinds = operation.type.custom
    ? [JSON_PATCH, MERGE, APPLY]
    : [JSON_PATCH, MERGE, STRATEGIC, APPLY];
  if (!kinds.includes(type)) throw unsupported(type, kinds);
  const make = patcher(operation, type);
  return change(operation, (current) => {
    const next = make(current);
    if (!isObject(next)) throw badRequest("the patch does not leave an object");
    if (operation.subresource !== "scale") settleUnknown(operation, next);
    return next;
  });
}

function patcher(operation: Operation, type: string): (current: JsonObject) => unknown {
  const { body } = operation;
  if (type === JSON_PATCH) return jsonPatch(decodeJson(body).value);
  const document = (type === APPLY ? decodeYaml(body) : decodeJson(body)).value;
  if (!isObject(document)) throw badRequest("the patch is not an object");
  return (current) => mergePatch(current, document);
}

/** RFC 7386. Neither argument is changed. */
export function mergePatch(target: unknown, document: unknown): unknown {
  if (!isObject(document)) return clone(document);
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(document)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(field(merged, name), value);
  }
  return merged;
}

/** RFC 6902. */
function jsonPatch(document: unknown): (current: JsonObject) => unknown {
  if (!Array.isArray(document)) throw badRequest("a JSON patch is a list of operations");
  if (document.length > MAX_OPERATIONS)
    throw StatusError.of(
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${document.length}`,
    );
  const operations = document as JsonPatchOperation[];
  return (current) => {
    try {
      return applyPatch(clone(current), operations, true, true, true).newDocument;
    } catch (cause) {
      throw patchRefusal(cause);
    }
  };
}

function patchRefusal(cause: unknown): StatusError {
  if (!(cause instanceof JsonPatchError)) return badRequest(errorText(cause));
  const [what = ""] = cause.message.split("\n");
  return StatusError.of(
    "Invalid",
    `the server rejected our request due to an error in our request: ${what}`,
  );
}
