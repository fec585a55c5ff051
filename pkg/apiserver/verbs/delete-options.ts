import { isObject, type JsonObject, listOf } from "../request/json.ts";
import type { Operation } from "../request/operation.ts";
import { checkDryRun, isOn, numberOf } from "../request/query.ts";
import { badRequest, invalidOption } from "../request/refusals.ts";
import { decodeBody } from "../request/request-body.ts";

/** The finalizer that waits until nothing names the object as its owner any more. */
export const ORPHAN = "orphan";
/** The finalizer that waits until the dependents which block it are gone. */
export const FOREGROUND = "foregroundDeletion";

const POLICIES = ["Foreground", "Background", "Orphan"];
const KIND = "DeleteOptions";

/** How a deletion is meant: what the body says, or the query. Throws what is wrong with that. */
export function deleteOptions(operation: Operation): JsonObject {
  const options = givenOptions(operation);
  const { propagationPolicy, orphanDependents, dryRun } = options;
  checkDryRun(KIND, listOf(dryRun));
  if (propagationPolicy === undefined || propagationPolicy === null) return options;
  if (typeof orphanDependents === "boolean")
    throw invalidOption(KIND, {
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set`,
      field: "propagationPolicy",
    });
  if (!POLICIES.some((known) => known === propagationPolicy))
    throw invalidOption(KIND, {
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ${JSON.stringify(propagationPolicy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
      field: "propagationPolicy",
    });
  return options;
}

function givenOptions({ body, headers, query }: Operation): JsonObject {
  if (body.length === 0) return optionsOf(query);
  const { value } = decodeBody(body, headers["content-type"]);
  if (value === null) return {};
  const isOptions = isObject(value) && (value.kind ?? KIND) === KIND;
  if (!isOptions) throw badRequest("the body of the request is not a DeleteOptions");
  return { ...value, dryRun: [...listOf(value.dryRun), ...query.getAll("dryRun")] };
}

function optionsOf(query: URLSearchParams): JsonObject {
  const options: JsonObject = { dryRun: query.getAll("dryRun") };
  const seconds = numberOf(query, "gracePeriodSeconds");
  if (seconds !== undefined) options.gracePeriodSeconds = seconds;
  const policy = query.get("propagationPolicy") ?? "";
  if (policy !== "") options.propagationPolicy = policy;
  if (query.has("orphanDependents")) options.orphanDependents = isOn(query, "orphanDependents");
  return options;
}

/** `query` with the dryRun of the body. */
export function withDryRun(query: URLSearchParams, options: JsonObject): URLSearchParams {
  if (!listOf(options.dryRun).includes("All")) return query;
  const changed = new URLSearchParams(query);
  changed.set("dryRun", "All");
  return changed;
}

/** `finalizers` with the one that makes the object wait for what becomes of its dependents. */
export function propagationFinalizers(
  finalizers: readonly unknown[],
  { propagationPolicy, orphanDependents }: JsonObject,
): readonly unknown[] {
  const others = finalizers.filter((item) => item !== ORPHAN && item !== FOREGROUND);
  if (propagationPolicy === "Orphan" || orphanDependents === true) return [...others, ORPHAN];
  if (propagationPolicy === "Foreground") return [...others, FOREGROUND];
  return propagationPolicy === undefined && orphanDependents === undefined ? finalizers : others;
}
