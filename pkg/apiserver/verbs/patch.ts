import fastJsonPatch, { type Operation as JsonPatchOperation } from "fast-json-patch";
import { apiVersionOf } from "../../apis/object.ts";
import { type StatusCause, StatusError } from "../../apis/status.ts";
import { errorText } from "../../base/errors.ts";
import { apply } from "../patch/apply.ts";
import { rootPlace } from "../patch/list-rules.ts";
import { strategicMerge } from "../patch/strategic-merge.ts";
import { appliedObject, settleUnknown } from "../request/incoming.ts";
import { at, clone, field, isObject, type JsonObject, objectOf, textOf } from "../request/json.ts";
import type { Operation, Outcome } from "../request/operation.ts";
import { checkDryRun, checkManager } from "../request/query.ts";
import { badRequest, conflict, invalid, invalidOption } from "../request/refusals.ts";
import { decodeJson, mediaType, unsupported } from "../request/request-body.ts";
import { createFrom } from "./create.ts";
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
  const media = mediaType(operation.headers["content-type"]);
  const { custom } = operation.type;
  const known = [JSON_PATCH, MERGE, ...(custom ? [] : [STRATEGIC]), APPLY];
  if (!known.includes(media)) throw unsupported(known);
  checkPatchOptions(operation.query, media === APPLY);
  if (media === APPLY) return applyOrCreate(operation);
  const make = patcher(operation, media);
  return change(operation, (current) => {
    const next = make(current);
    if (!isObject(next)) throw badRequest("the patch does not leave an object");
    if (operation.subresource !== "scale") {
      checkUnchanged(operation, current, next);
      settleUnknown(operation, next);
    }
    return next;
  });
}

/** Server-side apply makes an object that is not there, unless it is for a part of one. */
async function applyOrCreate(operation: Operation): Promise<Outcome> {
  const wanted = appliedObject(operation);
  try {
    return await change(operation, (current) => apply(operation, current, wanted));
  } catch (error) {
    const isMissing = error instanceof StatusError && error.reason === "NotFound";
    if (!isMissing || operation.subresource !== "") throw error;
    return createFrom(operation, apply(operation, undefined, asNew(operation, wanted)));
  }
}

/** What names the uid of an object means that object and no other; a resourceVersion is let pass. */
function asNew({ type, name }: Operation, wanted: JsonObject): JsonObject {
  const { resourceVersion, uid, ...metadata } = objectOf(wanted.metadata);
  if (uid !== undefined && uid !== "")
    throw conflict(
      type,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  return { ...wanted, metadata };
}

/** A patch cannot make another object, or one of another kind, of what it changes. */
function checkUnchanged({ type, name }: Operation, current: JsonObject, next: JsonObject): void {
  const expected = apiVersionOf(type);
  if (next.kind !== type.kind)
    throw invalid({ ...type, kind: textOf(next.kind ?? "") }, name, [
      mustBe("kind", next.kind, `must be ${type.kind}`),
    ]);
  if (next.apiVersion !== expected)
    throw invalid({ ...type, group: "" }, name, [
      mustBe("apiVersion", next.apiVersion, `must be ${expected}`),
    ]);
  const uid = at(next, "metadata", "uid");
  if (uid !== undefined && uid !== at(current, "metadata", "uid"))
    throw invalid(type, name, [mustBe("metadata.uid", uid, "field is immutable")]);
}

function mustBe(path: string, value: unknown, why: string): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value ?? "")}: ${why}`;
  return { reason: "FieldValueInvalid", message, field: path };
}

const OPTIONS = "PatchOptions";

function checkPatchOptions(query: URLSearchParams, isApply: boolean): void {
  checkDryRun(OPTIONS, query.getAll("dryRun"));
  checkManager(OPTIONS, query);
  if (isApply && (query.get("fieldManager") ?? "") === "")
    throw invalidOption(OPTIONS, {
      reason: "FieldValueRequired",
      message: "Required value: is required for apply patch",
      field: "fieldManager",
    });
  if (!isApply && query.has("force"))
    throw invalidOption(OPTIONS, {
      reason: "FieldValueForbidden",
      message: "Forbidden: may not be specified for non-apply patch",
      field: "force",
    });
}

function patcher(operation: Operation, media: string): (current: JsonObject) => unknown {
  const document = decodeJson(operation.body).value;
  if (media === JSON_PATCH) return jsonPatch(document);
  if (!isObject(document)) throw badRequest("the patch is not an object");
  if (media === MERGE) return (current) => mergePatch(current, document);
  const place = rootPlace(operation.type);
  return (current) => strategicMerge(current, document, place);
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
    "the server rejected our request due to an error in our request",
    { causes: [{ message: what }] },
  );
}
