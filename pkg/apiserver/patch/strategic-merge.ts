import { clone, field, isObject, type JsonObject, listOf, same } from "../request/json.ts";
import { badRequest } from "../request/refusals.ts";
import { fieldPlace, itemPlace, listRule, type Place } from "./list-rules.ts";

const ORDER = "$setElementOrder/";
const DROP = "$deleteFromPrimitiveList/";
const RETAIN = "$retainKeys";
const DIRECTIVE = "$patch";

/**
 * Kubernetes' strategic merge: like a merge patch, but lists with a merge key are merged item by item, and
 * directives (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) say what a patch
 * alone cannot. Neither argument is changed. Throws a bad request.
 */
export function strategicMerge(target: unknown, patch: JsonObject, place: Place): JsonObject {
  const directive = field(patch, DIRECTIVE);
  if (directive === "replace") return without(clone(patch), DIRECTIVE);
  if (directive === "delete") return {};
  const before: JsonObject = isObject(target) ? target : {};
  const merged = retained({ ...before }, field(patch, RETAIN));
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(DROP)) dropValues(merged, name.slice(DROP.length), value);
    else if (!name.startsWith("$")) mergeField(merged, name, value, fieldPlace(place, name));
  }
  for (const [name, value] of Object.entries(patch))
    if (name.startsWith(ORDER))
      sortField(merged, name.slice(ORDER.length), listOf(value), before, place);
  return merged;
}

function mergeField(merged: JsonObject, name: string, value: unknown, place: Place): void {
  const known = field(merged, name);
  if (value === null) delete merged[name];
  else if (Array.isArray(value)) merged[name] = mergeList(listOf(known), value, place);
  else if (!isObject(value)) merged[name] = value;
  else if (field(value, DIRECTIVE) === "delete") delete merged[name];
  else merged[name] = strategicMerge(known, value, place);
}

function mergeList(target: readonly unknown[], patch: readonly unknown[], place: Place): unknown[] {
  const rule = listRule(place);
  const isWhole = patch.some((item) => isObject(item) && field(item, DIRECTIVE) === "replace");
  if (rule.kind === "atomic" || isWhole)
    return patch.filter((item) => !isReplaceMark(item)).map(clone);
  if (rule.kind === "set")
    return arranged([...new Set([...target, ...patch])], target, patch, undefined);
  const key = rule.keys[0] ?? "";
  const merged = patch.reduce<unknown[]>(
    (items, item) => mergeItem(items, item, key, place),
    [...target],
  );
  return arranged(merged, target, patch, key);
}

function mergeItem(items: unknown[], item: unknown, key: string, place: Place): unknown[] {
  const id = field(item, key);
  if (!isObject(item) || id === undefined)
    throw badRequest(
      `an item of ${place.path.join(".")} does not contain declared merge key: ${key}`,
    );
  const i = items.findIndex((known) => same(field(known, key), id));
  if (field(item, DIRECTIVE) === "delete") return items.filter((_, j) => j !== i);
  const merged = strategicMerge(items[i], item, itemPlace(place));
  return i < 0 ? [...items, merged] : items.with(i, merged);
}

function sortField(
  merged: JsonObject,
  name: string,
  order: readonly unknown[],
  target: JsonObject,
  place: Place,
): void {
  const items = field(merged, name);
  if (!Array.isArray(items)) return;
  const rule = listRule(fieldPlace(place, name));
  const key = rule.kind === "map" ? (rule.keys[0] ?? "") : undefined;
  merged[name] = arranged(items, listOf(field(target, name)), order, key);
}

/** `items` with those of `order` in that order, and the others where they were among them. */
function arranged(
  items: readonly unknown[],
  before: readonly unknown[],
  order: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const idOf = (item: unknown) => JSON.stringify(key === undefined ? item : field(item, key));
  const ranks = new Map(order.map((item, i) => [idOf(item), i]));
  const places = new Map(before.map((item, i) => [idOf(item), i]));
  const rank = (item: unknown) => ranks.get(idOf(item)) ?? -1;
  const ours = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  const others = items.filter((item) => rank(item) < 0);
  const sorted: unknown[] = [];
  for (const other of others) {
    const place = places.get(idOf(other)) ?? Infinity;
    while (ours.length > 0 && (places.get(idOf(ours[0])) ?? -1) < place) sorted.push(ours.shift());
    sorted.push(other);
  }
  return [...sorted, ...ours];
}

function dropValues(merged: JsonObject, name: string, values: unknown): void {
  const known = field(merged, name);
  if (!Array.isArray(known)) return;
  merged[name] = known.filter((item) => !listOf(values).some((value) => same(value, item)));
}

function retained(target: JsonObject, keys: unknown): JsonObject {
  if (!Array.isArray(keys)) return target;
  return Object.fromEntries(Object.entries(target).filter(([name]) => keys.includes(name)));
}

function isReplaceMark(item: unknown): boolean {
  return isObject(item) && field(item, DIRECTIVE) === "replace" && Object.keys(item).length === 1;
}

function without(object: JsonObject, name: string): JsonObject {
  delete object[name];
  return object;
}
