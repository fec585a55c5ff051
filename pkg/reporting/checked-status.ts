import { quantityNanos } from "../apis/quantity.ts";

/** Most names in one map that a cluster reports, and most kinds that it counts. */
const MOST = 64;
const MOST_KINDS = 32;
const LONGEST_NAME = 253;
/** Longest name of a kind, or of a state that objects of it are in. */
const LONGEST_WORD = 63;
const LONGEST_TEXT = 500;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The part of a Cluster's status that it reports itself, from what came over the wire: known fields only, each of
 * its type and bounded; whatever is not is left out.
 */
export function checkedStatus(reported: unknown): Fields {
  const { capacity, allocatable, used, counts, kubernetesVersion, reportedAt, api } =
    fields(reported);
  const kinds = entries(counts, LONGEST_WORD).slice(0, MOST_KINDS);
  const numbers = kinds.map(([kind, sums]) => [kind, countsOf(sums)] as const);
  const nodes = numbers.find(([kind]) => kind === "nodes")?.[1];
  const status = {
    capacity: amountsOf(capacity),
    allocatable: amountsOf(allocatable),
    used: amountsOf(used),
    counts: Object.fromEntries(numbers),
    nodeText: nodes && `${nodes.ready ?? 0}/${nodes.total ?? 0}`,
    kubernetesVersion: textOf(kubernetesVersion),
    reportedAt: timeOf(reportedAt),
    conditions: [conditionOf(api)].filter((condition) => condition !== undefined),
  };
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}

function conditionOf(api: unknown): Fields | undefined {
  const { status, reason, message, lastTransitionTime } = fields(api);
  if (status !== "True" && status !== "False") return undefined;
  return {
    type: "ApiReachable",
    status,
    reason: textOf(reason) ?? "",
    message: textOf(message) ?? "",
    lastTransitionTime: timeOf(lastTransitionTime) ?? new Date(0).toISOString(),
  };
}

function amountsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  const amounts = entries(value).filter(
    (pair): pair is [string, string] =>
      typeof pair[1] === "string" && quantityNanos(pair[1]) !== undefined,
  );
  return Object.fromEntries(amounts);
}

function countsOf(value: unknown): Readonly<Record<string, number>> {
  const counts = entries(value, LONGEST_WORD).filter(
    (pair): pair is [string, number] => Number.isSafeInteger(pair[1]) && Number(pair[1]) >= 0,
  );
  return Object.fromEntries(counts);
}

function entries(value: unknown, longest = LONGEST_NAME): [string, unknown][] {
  return Object.entries(fields(value))
    .filter(([name]) => name !== "" && name.length <= longest)
    .slice(0, MOST);
}

function fields(value: unknown): Fields {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= LONGEST_TEXT ? value : undefined;
}

function timeOf(value: unknown): string | undefined {
  const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);
  return isTime && Number.isFinite(Date.parse(value)) ? value : undefined;
}
