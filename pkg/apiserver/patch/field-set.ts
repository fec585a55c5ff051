import { field, isObject, type JsonObject, same } from "../request/json.ts";
import { fieldPlace, isAtomicMap, itemPlace, listRule, type Place } from "./list-rules.ts";

/**
 * A set of fields of an object as Kubernetes' FieldsV1 writes it: a tree whose keys are `f:name`,
 * `k:{"name":"x"}` for an item of a list, `v:value` for a member of a set, and `.` for an item itself.
 */
export interface FieldSet {
  readonly [key: string]: FieldSet;
}

const LEAF: FieldSet = {};
const SELF = ".";

/** All fields that `value` has. */
export function fieldsOf(value: unknown, place: Place): FieldSet {
  if (Array.isArray(value)) return fieldsOfList(value, place);
  if (!isObject(value) || isAtomicMap(place)) return LEAF;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      `f:${name}`,
      fieldsOf(item, fieldPlace(place, name)),
    ]),
  );
}

function fieldsOfList(items: readonly unknown[], place: Place): FieldSet {
  const rule = listRule(place);
  if (rule.kind === "atomic") return LEAF;
  if (rule.kind === "set")
    return Object.fromEntries(items.map((item) => [`v:${JSON.stringify(item)}`, LEAF]));
  return Object.fromEntries(
    items.map((item) => [
      itemKey(item, rule.keys),
      { [SELF]: LEAF, ...fieldsOf(item, itemPlace(place)) },
    ]),
  );
}

/** The key of an item in its list. A port that does not say its protocol means TCP. */
export function itemKey(item: unknown, keys: readonly string[]): string {
  const parts = keys.map((key) => [key, field(item, key) ?? (key === "protocol" ? "TCP" : null)]);
  return `k:${JSON.stringify(Object.fromEntries(parts.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))))}`;
}

/** Whether what somebody sent as FieldsV1 is a set of fields at all. */
export function isFieldSet(value: unknown): value is FieldSet {
  if (!isObject(value)) return false;
  return Object.entries(value).every(([key, inner]) => isKey(key) && isFieldSet(inner));
}

function isKey(key: string): boolean {
  if (key === SELF || key.startsWith("f:")) return true;
  if (!key.startsWith("k:") && !key.startsWith("v:")) return false;
  try {
    const value = JSON.parse(key.slice(2)) as unknown;
    return key.startsWith("v:") || isObject(value);
  } catch {
    return false;
  }
}

/** Whether nothing is told apart below. */
export function isLeaf(set: FieldSet): boolean {
  return Object.keys(set).length === 0;
}

/** The fields that are in either. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  const merged: Record<string, FieldSet> = { ...a };
  for (const [key, inner] of Object.entries(b))
    merged[key] = Object.hasOwn(a, key) ? union(a[key] ?? LEAF, inner) : inner;
  return merged;
}

/** The fields of `a` that are not in `b`. A map that was empty has nothing of what is in it now. */
export function subtract(a: FieldSet, b: FieldSet): FieldSet {
  const rest: Record<string, FieldSet> = {};
  for (const [key, inner] of Object.entries(a)) {
    const other = Object.hasOwn(b, key) ? b[key] : undefined;
    if (other === undefined) rest[key] = inner;
    else if (!isLeaf(inner)) {
      const left = subtract(inner, other);
      if (!isLeaf(left)) rest[key] = left;
    }
  }
  return rest;
}

/** The smallest fields that are in both, each as the keys on the way to it. */
export function common(a: FieldSet, b: FieldSet): readonly (readonly string[])[] {
  return Object.entries(a).flatMap(([key, inner]) => {
    const other = Object.hasOwn(b, key) ? b[key] : undefined;
    if (other === undefined || key === SELF) return [];
    if (isLeaf(inner) || isLeaf(other)) return isLeaf(inner) && isLeaf(other) ? [[key]] : [];
    return common(inner, other).map((rest) => [key, ...rest]);
  });
}

/** The set of one field. */
export function only(keys: readonly string[]): FieldSet {
  return keys.reduceRight<FieldSet>((inner, key) => ({ [key]: inner }), LEAF);
}

/** What `value` has at the end of `keys`; undefined if nothing. */
export function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(step, value);
}

function step(value: unknown, key: string): unknown {
  if (key === SELF) return value;
  if (key.startsWith("f:")) return field(value, key.slice(2));
  if (!Array.isArray(value)) return undefined;
  const i = indexOf(value, key);
  return i < 0 ? undefined : value[i];
}

function indexOf(items: readonly unknown[], key: string): number {
  const wanted = JSON.parse(key.slice(2)) as unknown;
  if (key.startsWith("v:")) return items.findIndex((item) => same(item, wanted));
  const keys = Object.keys(wanted as JsonObject);
  return items.findIndex((item) => itemKey(item, keys) === key);
}

/** `value` without the fields of `set`. What becomes empty by that goes too. */
export function removeFields(value: unknown, set: FieldSet): unknown {
  if (Array.isArray(value)) return removeItems(value, set);
  if (!isObject(value)) return value;
  const rest: JsonObject = { ...value };
  for (const [key, inner] of Object.entries(set)) {
    const name = key.slice(2);
    if (!key.startsWith("f:") || !Object.hasOwn(rest, name)) continue;
    const left = isLeaf(inner) ? undefined : removeFields(rest[name], inner);
    if (left === undefined || isEmpty(left)) delete rest[name];
    else rest[name] = left;
  }
  return rest;
}

function removeItems(items: readonly unknown[], set: FieldSet): readonly unknown[] {
  let rest: readonly unknown[] = items;
  for (const [key, inner] of Object.entries(set)) {
    const i = key === SELF ? -1 : indexOf(rest, key);
    if (i < 0) continue;
    rest =
      isLeaf(inner) || Object.hasOwn(inner, SELF)
        ? rest.toSpliced(i, 1)
        : rest.with(i, removeFields(rest[i], inner));
  }
  return rest;
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value)
    ? value.length === 0
    : isObject(value) && Object.keys(value).length === 0;
}
