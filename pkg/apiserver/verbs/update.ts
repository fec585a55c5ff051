import { incomingObject } from "../request/incoming.ts";
import { at, type JsonObject, listOf, same } from "../request/json.ts";
import {
  asKubeObject,
  keyOf,
  type Operation,
  type Outcome,
  served,
  shown,
} from "../request/operation.ts";
import { checkDryRun, checkManager } from "../request/query.ts";
import { badRequest, invalid, notFound } from "../request/refusals.ts";
import { commit } from "../store/commit.ts";
import type { Edit, StoredObject } from "../store/store.ts";
import { admitChange } from "./admit.ts";
import { fromScale, scaleOf } from "./scale.ts";

/** PUT: the object in the body takes the place of the present one. */
export async function update(operation: Operation): Promise<Outcome> {
  checkDryRun("UpdateOptions", operation.query.getAll("dryRun"));
  checkManager("UpdateOptions", operation.query);
  const given = incomingObject(operation);
  const { type, name } = operation;
  if (!at(given, "metadata", "name"))
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  if (type.custom && operation.subresource !== "scale" && !at(given, "metadata", "resourceVersion"))
    // Kubernetes names the resource here, not the kind.
    throw invalid({ ...type, kind: type.plural }, name, [
      {
        reason: "FieldValueInvalid",
        message: "Invalid value: 0x0: must be specified for an update",
        field: "metadata.resourceVersion",
      },
    ]);
  return change(operation, () => given);
}

/**
 * Changes the present object into what `make` makes of it (both as the type of the request serves it,
 * or as a Scale for /scale). Rejects with `NotFound` when there is none.
 */
export async function change(
  operation: Operation,
  make: (current: JsonObject) => JsonObject,
): Promise<Outcome> {
  const { type, name, subresource } = operation;
  const stored = await commit(operation, keyOf(operation, name), (current) => {
    if (current === undefined) throw notFound(type, name);
    return edit(operation, current, make);
  });
  const outcome = shown(operation, 200, stored);
  if (subresource !== "scale" || outcome.kind !== "object") return outcome;
  return { kind: "object", code: 200, object: scaleOf(type, outcome.object) };
}

function edit(
  operation: Operation,
  current: StoredObject,
  make: (current: JsonObject) => JsonObject,
): Edit {
  const { type, subresource } = operation;
  const present = served(type, current);
  const wanted =
    subresource === "scale"
      ? fromScale(type, present, make(scaleOf(type, present)))
      : make(present);
  const before = current.object as unknown as JsonObject;
  return settle(current, admitChange(operation, before, wanted));
}

/** Writes `next`, unless it is what there is already; a marked object without finalizers ends. */
export function settle(current: StoredObject, next: JsonObject): Edit {
  const metadata = next.metadata as JsonObject;
  const isOver =
    metadata.deletionTimestamp !== undefined &&
    !(Number(metadata.deletionGracePeriodSeconds) > 0) &&
    listOf(metadata.finalizers).length === 0 &&
    listOf(at(current.object, "metadata", "finalizers")).length > 0;
  if (isOver) return { kind: "remove", object: asKubeObject(next) };
  if (same(next, current.object)) return { kind: "keep", current };
  return { kind: "put", object: asKubeObject(next) };
}
