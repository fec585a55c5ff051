import type { QueryFailure } from "../../apis/cluster-query.ts";
import { printable } from "./table-text.ts";

/** Clusters that are named in one line on a terminal. */
const NAMED = 10;

/** One line for each cluster that did not answer; those with the same reason and message share one. */
export function failureLines(failures: readonly QueryFailure[], isTerminal: boolean): string[] {
  const groups = new Map<string, QueryFailure[]>();
  for (const failure of failures) {
    const key = `${failure.reason}\n${failure.message}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [failure]);
    else group.push(failure);
  }
  return [...groups.values()].map((group) => lineOf(group, isTerminal));
}

function lineOf(group: readonly QueryFailure[], isTerminal: boolean): string {
  const [{ reason, message } = { reason: "", message: "" }] = group;
  const names = group
    .map(({ cluster, rows }) => (rows === 0 ? cluster : `${cluster} (after ${rows} rows)`))
    .sort();
  const shown = isTerminal ? names.slice(0, NAMED) : names;
  const more = names.length - shown.length;
  const all = more === 0 ? shown : [...shown, `and ${more} more`];
  return printable(`${all.join(", ")}: ${reason}: ${message}`);
}
