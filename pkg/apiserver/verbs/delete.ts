import { at, clone, type JsonObject, listOf, objectOf } from "../request/json.ts";
import {
  asKubeObject,
  keptIn,
  keyOf,
  type Operation,
  type Outcome,
  served,
  shown,
} from "../request/operation.ts";
import { conflict, forbidden, notFound } from "../request/refusals.ts";
import { commit } from "../store/commit.ts";
import type { Edit, StoredObject, VersionedStore } from "../store/store.ts";
import type { ServedType } from "../types/served-type.ts";
import { bumpGeneration } from "./admit.ts";
import { deleteOptions, propagationFinalizers, withDryRun } from "./delete-options.ts";
import { timestamp } from "./metadata.ts";
import { requestTest } from "./selectors.ts";

/** DELETE of one object: it ends, or is marked and ends when its finalizers are gone. */
export async function remove(operation: Operation): Promise<Outcome> {
  const options = deleteOptions(operation);
  const { name } = operation;
  const query = withDryRun(operation.query, options);
  const { ended, stored } = await end({ ...operation, query }, name, options);
  if (!ended || operation.type.returnsDeleted === true) return shown(operation, 200, stored);
  return { kind: "status", status: success(operation, stored) };
}

/** DELETE of a collection: all objects that its selectors mean, one by one. */
export async function removeCollection(operation: Operation): Promise<Outcome> {
  const { store, type, namespace } = operation;
  const options = deleteOptions(operation);
  const query = withDryRun(operation.query, options);
  const test = requestTest(type, query);
  const meant = store
    .list(keptIn(type), namespace === "" ? undefined : namespace)
    .filter((stored) => test?.(served(type, stored)) !== false);
  await Promise.all(
    meant.map(({ key }) =>
      end({ ...operation, query, namespace: key.namespace }, key.name, options).catch(
        ignoreMissing,
      ),
    ),
  );
  return {
    kind: "object",
    code: 200,
    object: {
      kind: type.listKind,
      apiVersion: `${type.group === "" ? "" : `${type.group}/`}${type.version}`,
      metadata: { resourceVersion: String(store.revision) },
      items: meant.map((stored) => served(type, stored)),
    },
  };
}

/** Ends an object without being asked by anybody, finalizers or not permitting. */
export async function removeOwned(
  store: VersionedStore,
  type: ServedType,
  stored: StoredObject,
  options: JsonObject = {},
): Promise<void> {
  await store.change(stored.key, (current) => {
    if (current === undefined || isMarked(current))
      return { kind: "keep", current: current ?? stored };
    return ending(type, current, options);
  });
}

async function end(
  operation: Operation,
  name: string,
  options: JsonObject,
): Promise<{ readonly ended: boolean; readonly stored: StoredObject }> {
  const { type } = operation;
  let ended = false;
  const stored = await commit(operation, keyOf(operation, name), (current) => {
    if (current === undefined) throw notFound(type, name);
    if (type.permanent?.includes(name) === true)
      throw forbidden(type, name, "this namespace may not be deleted");
    checkPreconditions(type, name, current, options);
    if (isMarked(current) && !isShortened(type, current, options)) return { kind: "keep", current };
    const decision = ending(type, current, options);
    ended = decision.kind === "remove";
    return decision;
  });
  return { ended, stored };
}

function ending(type: ServedType, current: StoredObject, options: JsonObject = {}): Edit {
  const object = clone(current.object) as unknown as JsonObject;
  const metadata = objectOf(object.metadata);
  const finalizers = propagationFinalizers(listOf(metadata.finalizers), options);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  const seconds = graceOf(type, object, options);
  const waits = listOf(metadata.finalizers).length > 0 || type.owns !== undefined || seconds > 0;
  if (!waits) return { kind: "remove", object: asKubeObject(object) };
  metadata.deletionTimestamp = timestamp(seconds);
  if (type.owns !== "namespace") metadata.deletionGracePeriodSeconds = seconds;
  if (type.generation !== undefined) bumpGeneration(object);
  if (type.owns === "namespace")
    object.status = { ...objectOf(object.status), phase: "Terminating" };
  return { kind: "put", object: asKubeObject(object) };
}

/** How long the object may still be there, for whoever ends it. */
function graceOf({ graceSeconds }: ServedType, object: JsonObject, options: JsonObject): number {
  const usual = graceSeconds?.(object) ?? 0;
  const { gracePeriodSeconds } = options;
  return usual > 0 && typeof gracePeriodSeconds === "number"
    ? Math.max(0, gracePeriodSeconds)
    : usual;
}

/** Whether what was to take its time is to end at once after all. */
function isShortened(type: ServedType, current: StoredObject, options: JsonObject): boolean {
  return (
    type.graceSeconds !== undefined &&
    options.gracePeriodSeconds === 0 &&
    Number(current.object.metadata.deletionGracePeriodSeconds ?? 0) > 0
  );
}

/** Whether its deletion was asked for. */
export function isMarked(stored: StoredObject): boolean {
  return at(stored.object, "metadata", "deletionTimestamp") !== undefined;
}

function checkPreconditions(
  type: ServedType,
  name: string,
  current: StoredObject,
  options: JsonObject,
): void {
  // Kubernetes names the kind here, not the resource.
  const named = { ...type, plural: type.kind };
  const wanted = objectOf(options.preconditions);
  const { uid, resourceVersion } = current.object.metadata;
  if (typeof wanted.uid === "string" && wanted.uid !== uid)
    throw conflict(
      named,
      name,
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  if (typeof wanted.resourceVersion === "string" && wanted.resourceVersion !== resourceVersion)
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
}

function success({ type, name }: Operation, stored: StoredObject) {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name,
      group: type.group || undefined,
      kind: type.plural,
      uid: stored.object.metadata.uid,
    },
    code: 200,
  } as const;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error) || !error.message.includes("not found")) throw error;
}
