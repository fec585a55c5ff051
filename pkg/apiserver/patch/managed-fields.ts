import { apiVersionOf } from "../../apis/object.ts";
import {
  field,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  same,
  textOf,
} from "../request/json.ts";
import type { Operation } from "../request/operation.ts";
import { timestamp } from "../verbs/metadata.ts";
import {
  type FieldSet,
  fieldsOf,
  isFieldSet,
  isLeaf,
  subtract,
  union,
  valueAt,
} from "./field-set.ts";
import { fieldPlace, itemPlace, listRule, type Place, rootPlace } from "./list-rules.ts";

/** Who set which fields, as metadata.managedFields says it. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly time?: string | undefined;
  readonly subresource?: string | undefined;
  readonly fields: FieldSet;
}

/** The fields of metadata that somebody can own; the others are the server's. */
const OWNABLE = ["labels", "annotations", "finalizers", "ownerReferences"];

/** The managers that metadata.managedFields of `object` names. */
export function managersOf(object: JsonObject): readonly Manager[] {
  return listOf(objectOf(object.metadata).managedFields)
    .filter(isObject)
    .filter((entry) => typeof entry.manager === "string" && isFieldSet(entry.fieldsV1 ?? {}))
    .map((entry) => ({
      manager: String(entry.manager),
      operation: entry.operation === "Apply" ? "Apply" : "Update",
      apiVersion: textOf(entry.apiVersion ?? ""),
      time: typeof entry.time === "string" ? entry.time : undefined,
      subresource: typeof entry.subresource === "string" ? entry.subresource : undefined,
      fields: objectOf(entry.fieldsV1) as unknown as FieldSet,
    }));
}

/** `managers` as metadata.managedFields; those who own nothing any more are left out. */
export function managedFields(managers: readonly Manager[]): readonly JsonObject[] | undefined {
  const entries = managers
    .filter(({ fields }) => !isLeaf(fields))
    .sort(byTime)
    .map(({ fields, ...entry }) => ({ ...entry, fieldsType: "FieldsV1", fieldsV1: fields }));
  return entries.length === 0 ? undefined : entries;
}

/** Those who apply first, then by time and name, as Kubernetes keeps them. */
function byTime(a: Manager, b: Manager): number {
  const rank = ({ operation, time = "", manager }: Manager) => `${operation} ${time} ${manager}`;
  return rank(a) < rank(b) ? -1 : 1;
}

/** Who makes this request: what it says itself, else the first word of its User-Agent. */
export function managerName({ query, headers }: Operation): string {
  const agent = (headers["user-agent"] ?? "").split("/")[0];
  return (query.get("fieldManager") || agent || "unknown").slice(0, 128);
}

/** `object` without what nobody can own. */
export function ownable(object: JsonObject): JsonObject {
  const { apiVersion, kind, metadata, ...rest } = object;
  const known = objectOf(metadata);
  const kept = OWNABLE.filter((name) => Object.hasOwn(known, name) && known[name] !== undefined);
  if (kept.length === 0) return rest;
  return { ...rest, metadata: Object.fromEntries(kept.map((name) => [name, known[name]])) };
}

/**
 * metadata.managedFields after somebody changed `current` into `next` otherwise than by apply: what
 * changed is theirs now. It is kept only once somebody has applied; before that nobody asks.
 */
export function trackUpdate(operation: Operation, current: JsonObject, next: JsonObject): void {
  const metadata = objectOf(next.metadata);
  const before = objectOf(current.metadata).managedFields;
  const given = metadata.managedFields;
  const isReset = Array.isArray(given) && given.every((item) => same(item, {}));
  if (isReset) delete metadata.managedFields;
  if (isReset || before === undefined) return;
  if (given !== undefined && !same(given, before)) return;
  const place = rootPlace(operation.type);
  const changed = changedFields(ownable(current), ownable(next), place);
  metadata.managedFields = before;
  if (isLeaf(changed)) return;
  const present = subtract(changed, subtract(changed, fieldsOf(ownable(next), place)));
  metadata.managedFields = managedFields(taken(operation, managersOf(current), changed, present));
}

function taken(
  operation: Operation,
  managers: readonly Manager[],
  changed: FieldSet,
  present: FieldSet,
): readonly Manager[] {
  const name = managerName(operation);
  const subresource = operation.subresource || undefined;
  const isMine = (entry: Manager) =>
    entry.manager === name && entry.operation === "Update" && entry.subresource === subresource;
  const mine = managers.find(isMine);
  const others = managers
    .filter((entry) => !isMine(entry))
    .map((entry) => ({ ...entry, fields: subtract(entry.fields, changed) }));
  const own: Manager = {
    manager: name,
    operation: "Update",
    apiVersion: apiVersionOf(operation.type),
    time: timestamp(),
    subresource,
    fields: union(subtract(mine?.fields ?? {}, changed), present),
  };
  return [...others, own];
}

/** The fields in which `a` and `b` differ, those that only one of them has included. */
function changedFields(a: unknown, b: unknown, place: Place): FieldSet {
  if (isObject(a) && isObject(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
      (name) => !same(field(a, name), field(b, name)),
    );
    return Object.fromEntries(
      names.map((name) => [
        `f:${name}`,
        changedFields(field(a, name), field(b, name), fieldPlace(place, name)),
      ]),
    );
  }
  if (!Array.isArray(a) && !Array.isArray(b)) return fieldsOf(b ?? a, place);
  return changedItems(listOf(a), listOf(b), place);
}

function changedItems(a: readonly unknown[], b: readonly unknown[], place: Place): FieldSet {
  const rule = listRule(place);
  const before = fieldsOf(a, place);
  const after = fieldsOf(b, place);
  if (rule.kind === "atomic") return {};
  if (rule.kind === "set") return union(subtract(before, after), subtract(after, before));
  const changed: Record<string, FieldSet> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = valueAt(a, [key]);
    const now = valueAt(b, [key]);
    if (old === undefined || now === undefined) changed[key] = before[key] ?? after[key] ?? {};
    else if (!same(old, now)) changed[key] = changedFields(old, now, itemPlace(place));
  }
  return changed;
}
