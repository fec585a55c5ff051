import type { StatusCause } from "../../apis/status.ts";
import { trackUpdate } from "../patch/managed-fields.ts";
import {
  child,
  clone,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  same,
} from "../request/json.ts";
import { type Operation, toStored } from "../request/operation.ts";
import { badRequest, conflict, invalid } from "../request/refusals.ts";
import { mediaType } from "../request/request-body.ts";
import { hasRules, ruleCauses } from "../schema/rules-evaluation.ts";
import { setDefaults } from "../schema/schema-defaults.ts";
import { validate } from "../schema/schema-validation.ts";
import type { ServedType } from "../types/served-type.ts";
import { changedMetadata, metadataCauses, newMetadata } from "./metadata.ts";

/** `given`, complete and checked, as a new object to be stored. Throws what is wrong with it. */
export function admitNew(operation: Operation, name: string, given: JsonObject): JsonObject {
  const { type } = operation;
  const object = clone(toStored(type, given));
  const metadata = newMetadata(type, objectOf(object.metadata));
  object.metadata = { ...metadata, name, ...homeOf(operation, metadata) };
  if (type.status && !type.statusOnCreate) delete object.status;
  type.sign?.(object, operation.user);
  return complete(type, name, object, undefined);
}

/**
 * `given` (which the caller wants instead of `current`), complete and checked. What the caller cannot
 * change through this subresource is as it was. Throws what is wrong with it.
 */
export function admitChange(
  operation: Operation,
  current: JsonObject,
  given: JsonObject,
): JsonObject {
  const { type, name, subresource } = operation;
  checkPreconditions(operation, current, given);
  const wanted = clone(toStored(type, given));
  const part = partOf(type, subresource);
  const object =
    subresource === "status"
      ? withStatusOf(type, current, wanted)
      : part === undefined
        ? wanted
        : withPart(current, wanted, part);
  object.metadata = changedMetadata(objectOf(current.metadata), objectOf(object.metadata));
  if (type.status && subresource !== "status" && part === undefined)
    keep(object, current, "status");
  if (part === undefined) keepParts(type, object, current);
  checkFinalizers(type, name, current, object);
  const admitted = complete(type, name, object, current);
  if (!isApply(operation)) trackUpdate(operation, current, admitted);
  if (type.generation !== undefined && isOtherSpec(type, current, admitted))
    bumpGeneration(admitted);
  return admitted;
}

/** Adds one to metadata.generation: what is wanted has changed. */
export function bumpGeneration(object: JsonObject): void {
  const metadata = objectOf(object.metadata);
  metadata.generation = Number(metadata.generation ?? 0) + 1;
}

/** Server-side apply says itself whose field is whose. */
function isApply({ headers }: Operation): boolean {
  return mediaType(headers["content-type"]) === "application/apply-patch+yaml";
}

function homeOf({ type, namespace }: Operation, metadata: JsonObject): JsonObject {
  if (!type.namespaced) return { namespace: undefined };
  if ((metadata.namespace ?? namespace) !== namespace)
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  return { namespace };
}

function complete(
  type: ServedType,
  name: string,
  object: JsonObject,
  old: JsonObject | undefined,
): JsonObject {
  if (type.schema !== undefined) setDefaults(object, type.schema);
  const ofSchema = schemaCauses(type, object);
  const ofRules = rulesCauses(type, object, old, ofSchema);
  const early = [...metadataCauses(type, object), ...ofSchema, ...ofRules];
  if (early.length > 0) throw invalid(type, name, early);
  type.complete?.(object, old);
  const late = type.check?.(object, old) ?? [];
  if (late.length > 0) throw invalid(type, name, late);
  return object;
}

function schemaCauses(type: ServedType, object: JsonObject): readonly StatusCause[] {
  if (type.schema === undefined) return [];
  // metadata is checked by its own rules, and a schema that mentions it can only know less.
  const { metadata, ...rest } = object;
  const causes = validate(rest, type.schema).filter(({ field }) => field !== "metadata");
  const unreadable = type.custom ? undefined : causes.find(isUnreadable);
  if (unreadable === undefined) return causes;
  const { kind, version } = type;
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: ${unreadable.field}: ${unreadable.message}`,
  );
}

/** Rules can only be asked of an object that has the form its schema wants. */
function rulesCauses(
  { custom, schema }: ServedType,
  object: JsonObject,
  old: JsonObject | undefined,
  ofSchema: readonly StatusCause[],
): readonly StatusCause[] {
  if (!custom || schema === undefined || !hasRules(schema)) return [];
  if (!ofSchema.some(({ reason = "" }) => BLOCKING.has(reason)))
    return ruleCauses(object, schema, old);
  const message =
    'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  return [{ reason: "FieldValueInvalid", message, field: "<nil>" }];
}

const BLOCKING = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

/** What a builtin kind cannot even be read from is no invalid object but a bad request. */
function isUnreadable({ reason, message = "" }: StatusCause): boolean {
  return reason === "FieldValueTypeInvalid" || message.includes(" in body must be of type byte");
}

function checkPreconditions(
  { type, name }: Operation,
  current: JsonObject,
  given: JsonObject,
): void {
  const have = objectOf(current.metadata);
  const want = objectOf(given.metadata);
  if (want.name !== undefined && want.name !== name)
    throw badRequest(
      `the name of the object (${want.name}) does not match the name on the URL (${name})`,
    );
  if (type.namespaced && want.namespace !== undefined && want.namespace !== have.namespace)
    throw badRequest(
      `the namespace of the object (${want.namespace}) does not match the namespace on the request (${have.namespace})`,
    );
  if (want.uid !== undefined && want.uid !== have.uid)
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${want.uid}, UID in object meta: ${have.uid}`,
    );
  const { resourceVersion } = want;
  if (isGiven(resourceVersion) && resourceVersion !== have.resourceVersion)
    throw conflict(type, name);
}

function isGiven(resourceVersion: unknown): boolean {
  return resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== "0";
}

/** A custom kind's metadata cannot be changed through /status, those of builtin kinds can. */
function withStatusOf(type: ServedType, current: JsonObject, wanted: JsonObject): JsonObject {
  const metadata = type.custom ? { ...objectOf(current.metadata) } : objectOf(wanted.metadata);
  if (type.custom) keep(metadata, objectOf(wanted.metadata), "managedFields");
  const object: JsonObject = { ...current, metadata };
  keep(object, wanted, "status");
  return clone(object);
}

/** The field that `subresource` changes, if it changes one. */
function partOf({ parts = {} }: ServedType, subresource: string) {
  return Object.hasOwn(parts, subresource) ? parts[subresource] : undefined;
}

function withPart(
  current: JsonObject,
  wanted: JsonObject,
  [outer, name]: readonly [string, string],
): JsonObject {
  const object = { ...clone(current), metadata: wanted.metadata };
  keep(child(object, outer), objectOf(wanted[outer]), name);
  return object;
}

/** Parts of the spec have a subresource because not everybody who writes the spec may write them. */
function keepParts({ parts = {} }: ServedType, object: JsonObject, current: JsonObject): void {
  for (const [outer, name] of Object.values(parts))
    if (outer === "spec") keep(child(object, outer), objectOf(current[outer]), name);
}

function keep(object: JsonObject, from: JsonObject, name: string): void {
  if (Object.hasOwn(from, name)) object[name] = clone(from[name]);
  else delete object[name];
}

function checkFinalizers(
  type: ServedType,
  name: string,
  current: JsonObject,
  object: JsonObject,
): void {
  const before = objectOf(current.metadata);
  if (before.deletionTimestamp === undefined) return;
  const known = new Set(listOf(before.finalizers));
  const added = listOf(objectOf(object.metadata).finalizers).filter((item) => !known.has(item));
  if (added.length === 0) return;
  const list = added.map((item) => JSON.stringify(item)).join(", ");
  throw invalid(type, name, [
    {
      reason: "FieldValueForbidden",
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      field: "metadata.finalizers",
    },
  ]);
}

function isOtherSpec(type: ServedType, current: JsonObject, admitted: JsonObject): boolean {
  if (!same(specOf(type, current), specOf(type, admitted))) return true;
  const notes = (object: JsonObject) => objectOf(objectOf(object.metadata).annotations);
  return type.generation === "spec and annotations" && !same(notes(current), notes(admitted));
}

/** What is wanted: everything that is neither identity nor, where it is apart, status. */
function specOf(type: ServedType, object: JsonObject): JsonObject {
  const { apiVersion, kind, metadata, ...rest } = object;
  if (type.status && isObject(rest)) delete rest.status;
  return rest;
}
