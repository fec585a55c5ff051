import { apiVersionOf } from "../../apis/object.ts";
import { StatusError } from "../../apis/status.ts";
import { at, clone, field, isObject, type JsonObject, objectOf, same } from "../request/json.ts";
import type { Operation } from "../request/operation.ts";
import { isOn } from "../request/query.ts";
import { badRequest } from "../request/refusals.ts";
import { timestamp } from "../verbs/metadata.ts";
import {
  common,
  type FieldSet,
  fieldsOf,
  itemKey,
  only,
  removeFields,
  subtract,
  union,
  valueAt,
} from "./field-set.ts";
import {
  fieldPlace,
  isAtomicMap,
  itemPlace,
  listRule,
  type Place,
  rootPlace,
} from "./list-rules.ts";
import { type Manager, managedFields, managerName, managersOf, ownable } from "./managed-fields.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const CLIENT_SIDE = "kubectl-client-side-apply";

interface Conflict {
  readonly with: Manager;
  readonly keys: readonly string[];
}

/**
 * Server-side apply: `current` (undefined if there is none yet) with the fields of `wanted`, and without
 * those that the same manager applied before and nobody else wants. Throws a conflict when somebody else
 * owns a field and wants another value, unless the request says `force`.
 */
export function apply(
  operation: Operation,
  current: JsonObject | undefined,
  wanted: JsonObject,
): JsonObject {
  if (at(wanted, "metadata", "managedFields") !== undefined)
    throw badRequest("metadata.managedFields must be nil");
  const place = rootPlace(operation.type);
  const fields = fieldsOf(ownable(wanted), place);
  const managers = current === undefined ? [] : managersBefore(current, place);
  const mine = managers.find((entry) => isMine(operation, entry));
  const others = managers.filter((entry) => entry !== mine);
  const conflicts =
    current === undefined ? [] : conflictsOf(operation, others, fields, wanted, current);
  if (conflicts.length > 0 && !isOn(operation.query, "force")) throw conflictError(conflicts);
  const left = others.map((entry) => withoutConflicts(operation, entry, conflicts, fields));
  const orphaned = left.reduce(
    (rest, entry) => subtract(rest, entry.fields),
    subtract(mine?.fields ?? {}, fields),
  );
  const merged = merge(removeFields(current ?? {}, orphaned), wanted, place) as JsonObject;
  const own = ownEntry(operation, fields, mine);
  merged.metadata = {
    ...objectOf(merged.metadata),
    managedFields: managedFields([...left, own]),
  };
  return settleTime(merged, current, mine?.time);
}

/** What was there before anybody applied belongs to whoever wrote it; apply must not take it unseen. */
function managersBefore(current: JsonObject, place: Place): readonly Manager[] {
  const managers = managersOf(current);
  if (managers.length > 0) return managers;
  const isKubectl = at(current, "metadata", "annotations", LAST_APPLIED) !== undefined;
  const manager = isKubectl ? CLIENT_SIDE : "before-first-apply";
  const { status, ...object } = current;
  const fields = fieldsOf(ownable(object), place);
  const apiVersion = String(current.apiVersion);
  return [{ manager, operation: "Update", apiVersion, time: timestamp(), fields }];
}

function isMine(operation: Operation, entry: Manager): boolean {
  return (
    entry.operation === "Apply" &&
    entry.manager === managerName(operation) &&
    (entry.subresource ?? "") === operation.subresource
  );
}

function conflictsOf(
  operation: Operation,
  others: readonly Manager[],
  fields: FieldSet,
  wanted: JsonObject,
  current: JsonObject,
): readonly Conflict[] {
  return others
    .filter((entry) => !isFormerSelf(operation, entry))
    .flatMap((entry) =>
      common(fields, entry.fields)
        .filter((keys) => !same(valueAt(wanted, keys), valueAt(current, keys)))
        .map((keys) => ({ with: entry, keys })),
    );
}

/** kubectl that turns from client-side to server-side apply does not conflict with itself. */
function isFormerSelf(operation: Operation, { manager, operation: how }: Manager): boolean {
  return managerName(operation) === "kubectl" && manager === CLIENT_SIDE && how === "Update";
}

function withoutConflicts(
  operation: Operation,
  entry: Manager,
  conflicts: readonly Conflict[],
  fields: FieldSet,
): Manager {
  if (isFormerSelf(operation, entry)) return { ...entry, fields: subtract(entry.fields, fields) };
  const lost = conflicts
    .filter((conflict) => conflict.with === entry)
    .reduce<FieldSet>((set, { keys }) => union(set, only(keys)), {});
  return { ...entry, fields: subtract(entry.fields, lost) };
}

function ownEntry(operation: Operation, fields: FieldSet, mine: Manager | undefined): Manager {
  return {
    manager: managerName(operation),
    operation: "Apply",
    apiVersion: apiVersionOf(operation.type),
    time: same(mine?.fields, fields) ? mine?.time : timestamp(),
    subresource: operation.subresource || undefined,
    fields,
  };
}

/** Applying the same again changes nothing, not even a time. */
function settleTime(
  merged: JsonObject,
  current: JsonObject | undefined,
  time: string | undefined,
): JsonObject {
  if (current === undefined || time === undefined) return merged;
  return same(merged, current) ? current : merged;
}

/** `live` with what `wanted` says. */
function merge(live: unknown, wanted: unknown, place: Place): unknown {
  if (Array.isArray(wanted)) return mergeList(Array.isArray(live) ? live : [], wanted, place);
  if (!isObject(wanted) || !isObject(live) || isAtomicMap(place)) return clone(wanted);
  const merged: JsonObject = { ...live };
  for (const [name, value] of Object.entries(wanted))
    merged[name] = merge(field(live, name), value, fieldPlace(place, name));
  return merged;
}

function mergeList(live: readonly unknown[], wanted: readonly unknown[], place: Place): unknown {
  const rule = listRule(place);
  if (rule.kind === "atomic") return clone(wanted);
  if (rule.kind === "set")
    return [...live, ...wanted.filter((item) => !live.some((known) => same(known, item)))];
  const byKey = new Map(live.map((item) => [itemKey(item, rule.keys), item]));
  for (const item of wanted) {
    const key = itemKey(item, rule.keys);
    byKey.set(key, merge(byKey.get(key), item, itemPlace(place)));
  }
  return [...byKey.values()];
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map((conflict) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${managerText(conflict.with)}`,
    field: pathText(conflict),
  }));
  return StatusError.of("Conflict", conflictText(conflicts), { causes });
}

function conflictText(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (conflicts.length === 1 && only !== undefined)
    return `Apply failed with 1 conflict: conflict with ${managerText(only.with)}: ${pathText(only)}`;
  const byManager = new Map<string, string[]>();
  for (const conflict of conflicts) {
    const manager = managerText(conflict.with);
    byManager.set(manager, [...(byManager.get(manager) ?? []), `- ${pathText(conflict)}`]);
  }
  const texts = [...byManager].map(([manager, paths]) =>
    [`conflicts with ${manager}:`, ...paths].join("\n"),
  );
  return `Apply failed with ${conflicts.length} conflicts: ${texts.join("\n")}`;
}

/** Who updates has no intent of its own, so it helps to know when that was. */
function managerText({ manager, operation, apiVersion, time, subresource }: Manager): string {
  const part = subresource === undefined ? "" : ` with subresource "${subresource}"`;
  const when = time === undefined ? "" : ` at ${time}`;
  return `"${manager}"${part}${operation === "Update" ? ` using ${apiVersion}${when}` : ""}`;
}

function pathText({ keys }: Conflict): string {
  return keys.map(keyText).join("");
}

function keyText(key: string): string {
  if (key.startsWith("f:")) return `.${key.slice(2)}`;
  if (key.startsWith("v:")) return `[${key.slice(1)}]`;
  const parts = Object.entries(JSON.parse(key.slice(2)) as JsonObject);
  return `[${parts.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}
