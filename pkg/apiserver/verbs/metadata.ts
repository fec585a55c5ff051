import { randomUUID } from "node:crypto";
import type { StatusCause } from "../../apis/status.ts";
import { at, isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";
import { badRequest } from "../request/refusals.ts";
import type { ServedType } from "../types/served-type.ts";
import { keyCauses, labelValueCauses, nameCauses, prefixCauses } from "./names.ts";

type Shape = "text" | "texts" | "list" | "number";

/** The fields of metadata and what each holds; others are dropped. */
const FIELDS: Readonly<Record<string, Shape>> = {
  name: "text",
  generateName: "text",
  namespace: "text",
  selfLink: "text",
  uid: "text",
  resourceVersion: "text",
  generation: "number",
  creationTimestamp: "text",
  deletionTimestamp: "text",
  deletionGracePeriodSeconds: "number",
  labels: "texts",
  annotations: "texts",
  ownerReferences: "list",
  finalizers: "list",
  managedFields: "list",
};

const MAX_ANNOTATION_BYTES = 256 << 10;

/**
 * Makes `object.metadata` an object of known fields, dropping nulls and unknown ones, and returns the
 * paths of the unknown. Throws a bad request, which begins with `what`, when a field cannot hold what it holds.
 */
export function normalizeMetadata(object: JsonObject, what: string): string[] {
  const given = object.metadata ?? {};
  if (!isObject(given)) throw badRequest(`${what}metadata must be an object`);
  const unknown: string[] = [];
  const metadata: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(FIELDS, name)) unknown.push(`metadata.${name}`);
    else if (value !== null && value !== undefined) metadata[name] = checked(name, value, what);
  }
  delete metadata.selfLink;
  object.metadata = metadata;
  return unknown;
}

function checked(name: string, value: unknown, what: string): unknown {
  const { holds, type } = SHAPES[FIELDS[name] as Shape];
  if (!holds(value)) throw wrongType(name, value, type, what);
  if (FIELDS[name] !== "texts") return value;
  for (const item of Object.values(objectOf(value)))
    if (typeof item !== "string") throw wrongType(name, item, "string", what);
  return value;
}

const SHAPES = {
  text: { holds: (value: unknown) => typeof value === "string", type: "string" },
  number: { holds: (value: unknown) => typeof value === "number", type: "int64" },
  list: { holds: (value: unknown) => Array.isArray(value), type: "slice" },
  texts: { holds: isObject, type: "map[string]string" },
} as const;

function wrongType(name: string, value: unknown, type: string, what = "") {
  const found = Array.isArray(value) ? "array" : typeof value;
  return badRequest(
    `${what}json: cannot unmarshal ${found} into Go struct field ObjectMeta.metadata.${name} of type ${type}`,
  );
}

/** What is wrong with the metadata of `object`. */
export function metadataCauses(type: ServedType, object: JsonObject): StatusCause[] {
  const metadata = object.metadata as JsonObject;
  const labels = Object.entries(metadata.labels ?? {}) as [string, string][];
  const annotations = Object.entries(metadata.annotations ?? {}) as [string, string][];
  const bytes = annotations.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return [
    ...prefixCauses(metadata.generateName, type.nameRule, "metadata.generateName"),
    ...nameCauses(metadata.name, type.nameRule, "metadata.name"),
    ...labels.flatMap(([key, value]) => [
      ...keyCauses(key, "metadata.labels"),
      ...labelValueCauses(value, "metadata.labels"),
    ]),
    ...annotations.flatMap(([key]) => keyCauses(key.toLowerCase(), "metadata.annotations")),
    ...(bytes > MAX_ANNOTATION_BYTES ? [TOO_LONG] : []),
    ...listOf(metadata.ownerReferences).flatMap(ownerCauses),
    ...controllerCauses(listOf(metadata.ownerReferences)),
    ...listOf(metadata.finalizers).flatMap(finalizerCauses),
    ...(type.custom ? [] : listOf(metadata.finalizers).flatMap(standardCauses)),
  ];
}

const TOO_LONG: StatusCause = {
  reason: "FieldValueTooLong",
  message: `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`,
  field: "metadata.annotations",
};

const STANDARD_FINALIZERS = ["kubernetes", "orphan", "foregroundDeletion"];

/** Builtin kinds know the finalizers that have no domain. */
function standardCauses(item: unknown, i: number): StatusCause[] {
  if (String(item).includes("/") || STANDARD_FINALIZERS.some((known) => known === item)) return [];
  const why = "name is neither a standard finalizer name nor is it fully qualified";
  return [invalidField(`metadata.finalizers[${i}]`, item, why)];
}

function finalizerCauses(item: unknown): StatusCause[] {
  if (typeof item === "string") return keyCauses(item, "metadata.finalizers");
  throw wrongType("finalizers", item, "string");
}

const OWNERS = "metadata.ownerReferences";

function ownerCauses(owner: unknown): StatusCause[] {
  const missing = ["apiVersion", "kind", "name", "uid"]
    .filter((name) => typeof at(owner, name) !== "string" || at(owner, name) === "")
    .map((name) => {
      const what = name === "apiVersion" ? "version" : name;
      return invalidField(`${OWNERS}.${name}`, "", `${what} must not be empty`);
    });
  if (at(owner, "kind") !== "Event" || at(owner, "apiVersion") !== "v1") return missing;
  const why = "/v1, Kind=Event is disallowed from being an owner";
  return [...missing, invalidField(OWNERS, owner, why)];
}

function controllerCauses(owners: readonly unknown[]): StatusCause[] {
  const controllers = owners.filter((owner) => at(owner, "controller") === true);
  if (controllers.length < 2) return [];
  const [first, second] = controllers.map((owner) => at(owner, "name"));
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
  return [invalidField(OWNERS, owners, why)];
}

function invalidField(field: string, value: unknown, why: string): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return { reason: "FieldValueInvalid", message, field };
}

/** The metadata with which a new object begins: what the caller may say, and what only we say. */
export function newMetadata(type: ServedType, given: JsonObject): JsonObject {
  const { resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, ...metadata } = given;
  return {
    ...withoutEmpty(metadata),
    uid: randomUUID(),
    creationTimestamp: timestamp(),
    ...(type.generation === undefined ? {} : { generation: 1 }),
  };
}

const EMPTIED = new Set(["labels", "annotations", "ownerReferences", "finalizers"]);

const OURS = [
  "name",
  "generateName",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "resourceVersion",
] as const;

/** The metadata after a change: what the caller said, and what is not the caller's as it was. */
export function changedMetadata(current: JsonObject, given: JsonObject): JsonObject {
  const kept = Object.fromEntries(OURS.map((name) => [name, current[name]]));
  return { ...withoutEmpty(given), ...kept };
}

/** Lists and maps with nothing in them are left out, as everywhere in Kubernetes. */
function withoutEmpty(metadata: JsonObject): JsonObject {
  const isEmpty = (name: string, value: unknown) =>
    EMPTIED.has(name) && Object.keys(Object(value)).length === 0;
  return Object.fromEntries(
    Object.entries(metadata).filter(([name, value]) => !isEmpty(name, value)),
  );
}

/** The present time, or one some seconds later, as Kubernetes writes it: whole seconds, UTC. */
export function timestamp(later = 0): string {
  return `${new Date(Date.now() + later * 1000).toISOString().slice(0, 19)}Z`;
}
