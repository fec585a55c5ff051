import type { PolicyRule } from "./rules.ts";

/** Words that stand for several verbs. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  read: ["get", "list", "watch"],
  write: ["create", "delete", "deletecollection", "patch", "update"],
};
const EVENTS = "create,patch,update ,events.k8s.io: events";

/**
 * Rules in the short notation of our tables: "VERBS [GROUPS:] RESOURCES [= NAMES]" or "VERBS /PATHS", lists
 * with commas, no groups for the core group; "events" alone is the right to tell events.
 */
export function parseRules(lines: readonly string[]): readonly PolicyRule[] {
  return lines.map((line) => parseRule(line === "events" ? EVENTS : line));
}

function parseRule(line: string): PolicyRule {
  const [verbs = "", ...words] = line.split(" ");
  const equals = words.indexOf("=");
  const resourceNames = equals < 0 ? [] : list(words[equals + 1]);
  const meant = equals < 0 ? words : words.slice(0, equals);
  const what = list(meant.at(-1));
  const isPath = meant.length === 1 && (what[0]?.startsWith("/") || verbs.endsWith("!"));
  const none = { apiGroups: [], resources: [], resourceNames, nonResourceURLs: [] };
  const spelled = list(verbs.replace("!", "")).flatMap((verb) => VERBS[verb] ?? [verb]);
  if (isPath) return { ...none, verbs: spelled.sort(), nonResourceURLs: what };
  const groups = meant.length === 2 ? (meant[0] ?? "").replace(/:$/, "").split(",") : [""];
  return { ...none, verbs: spelled.sort(), apiGroups: groups, resources: what };
}

function list(text = ""): readonly string[] {
  return text.split(",");
}
