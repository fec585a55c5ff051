import { randomUUID } from "node:crypto";
import type { StatusCause } from "../../apis/status.ts";
import { at, isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";
import { badRequest } from "../request/refusals.ts";
import type { ServedType } from "../types/served-type.ts";
import { keyCauses, labelValueCauses, nameCauses } from "./names.ts";

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
 * paths of the unknown. Throws a bad request when a field cannot hold what it holds.
 */
export function normalizeMetadata(object: JsonObject): string[] {
  const given = object.metadata ?? {};
  if (!isObject(given)) throw badRequest("metadata must be an object");
  const unknown: string[] = [];
  const metadata: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(FIELDS, name)) unknown.push(`metadata.${name}`);
    else if (value !== null && value !== undefined) metadata[name] = checked(name, value);
  }
  delete metadata.selfLink;
  object.metadata = metadata;
  return unknown;
}

function checked(name: string, value: unknown): unknown {
  const { holds, type } = SHAPES[FIELDS[name] as Shape];
  if (!holds(value)) throw wrongType(name, value, type);
  if (FIELDS[name] !== "texts") return value;
  for (const [key, item] of Object.entries(objectOf(value)))
    if (typeof item !== "string") throw wrongType(`${name}.${key}`, item, "string");
  return value;
}

const SHAPES = {
  text: { holds: (value: unknown) => typeof value === "string", type: "string" },
  number: { holds: (value: unknown) => typeof value === "number", type: "int64" },
  list: { holds: (value: unknown) => Array.isArray(value), type: "slice" },
  texts: { holds: isObject, type: "map[string]string" },
} as const;

function wrongType(name: string, value: unknown, type: string) {
  const found = Array.isArray(value) ? "array" : typeof value;
  return badRequest(
    `json: cannot unmarshal ${found} into Go struct field ObjectMeta.metadata.${name} of type ${type}`,
  );
}

/** What is wrong with the metadata of `object`. */
export function metadataCauses(type: ServedType, object: JsonObject): StatusCause[] {
  const metadata = object.metadata as JsonObject;
  const labels = Object.entries(metadata.labels ?? {}) as [string, string][];
  const annotations = Object.entries(metadata.annotations ?? {}) as [string, string][];
  const bytes = annotations.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return [
    ...nameCauses(metadata.name, type.nameRule, "metadata.name"),
    ...labels.flatMap(([key, value]) => [
      ...keyCauses(key, "metadata.labels"),
      ...labelValueCauses(value, "metadata.labels"),
    ]),
    ...annotations.flatMap(([key]) => keyCauses(key.toLowerCase(), "metadata.annotations")),
    ...(bytes > MAX_ANNOTATION_BYTES ? [TOO_LONG] : []),
    ...listOf(metadata.finalizers).flatMap((item) => finalizerCauses(item)),
    ...listOf(metadata.ownerReferences).flatMap(ownerCauses),
  ];
}

const TOO_LONG: StatusCause = {
  reason: "FieldValueTooLong",
  message: `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`,
  field: "metadata.annotations",
};

function finalizerCauses(item: unknown): StatusCause[] {
  if (typeof item === "string") return keyCauses(item, "metadata.finalizers");
  throw wrongType("finalizers", item, "string");
}

function ownerCauses(owner: unknown, i: number): StatusCause[] {
  return ["apiVersion", "kind", "name", "uid"]
    .filter((name) => typeof at(owner, name) !== "string" || at(owner, name) === "")
    .map((name) => ({
      reason: "FieldValueRequired",
      message: "Required value: must not be empty",
      field: `metadata.ownerReferences[${i}].${name}`,
    }));
}

/** The metadata with which a new object begins: what the caller may say, and what only we say. */
export function newMetadata(type: ServedType, given: JsonObject): JsonObject {
  const { resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, ...metadata } = given;
  return {
    ...metadata,
    uid: randomUUID(),
    creationTimestamp: timestamp(),
    generation: type.generation ? 1 : undefined,
  };
}

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
  return { ...given, ...kept };
}

/** The present time as Kubernetes writes it: whole seconds, UTC. */
export function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
