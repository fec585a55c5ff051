import { at, listOf } from "../request/json.ts";
import type { Attributes, ResourceAttributes } from "./attributes.ts";

/** One rule of a role, complete. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** None means all. */
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

const ALL = "*";

/** The rules of a Role or ClusterRole; what is not as it should be allows nothing. */
export function rulesOf(role: unknown): readonly PolicyRule[] {
  return listOf(at(role, "rules")).map((rule) => ({
    verbs: texts(rule, "verbs"),
    apiGroups: texts(rule, "apiGroups"),
    resources: texts(rule, "resources"),
    resourceNames: texts(rule, "resourceNames"),
    nonResourceURLs: texts(rule, "nonResourceURLs"),
  }));
}

/** Whether `rule` lets its holder do what `wanted` says. */
export function allows(rule: PolicyRule, wanted: Attributes): boolean {
  if (!hasOrAll(rule.verbs, wanted.verb)) return false;
  if (wanted.kind === "path") return rule.nonResourceURLs.some((url) => isUnder(url, wanted.path));
  return (
    hasOrAll(rule.apiGroups, wanted.group) &&
    meansResource(rule.resources, wanted) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(wanted.name))
  );
}

/** The parts of `wanted` that `held` do not give, each as a rule that says one thing. */
export function missingFrom(
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap(simpleRules).filter((one) => !held.some((rule) => includes(rule, one)));
}

/** Rules as people read them, those for the same thing as one. */
export function ruleTexts(rules: readonly PolicyRule[]): readonly string[] {
  const merged = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const id = JSON.stringify({ ...rule, verbs: [] });
    const verbs = [...new Set([...(merged.get(id)?.verbs ?? []), ...rule.verbs])];
    merged.set(id, { ...rule, verbs });
  }
  return [...new Set([...merged.values()].map(ruleText))].sort();
}

function ruleText(rule: PolicyRule): string {
  const fields: readonly [string, readonly string[]][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const shown = fields.filter(([, list]) => list.length > 0);
  return `{${shown.map(([name, list]) => `${name}:${quotedList(list)}`).join(", ")}}`;
}

/** A list as Go writes one with %q. */
export function quotedList(list: readonly string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(" ")}]`;
}

function simpleRules(rule: PolicyRule): PolicyRule[] {
  const none = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  return rule.verbs.flatMap((verb) => [
    ...rule.apiGroups.flatMap((group) =>
      rule.resources.flatMap((resource) =>
        names.map((resourceNames) => ({
          ...{ verbs: [verb], apiGroups: [group], resources: [resource] },
          ...{ resourceNames, nonResourceURLs: [] },
        })),
      ),
    ),
    ...rule.nonResourceURLs.map((url) => ({ ...none, verbs: [verb], nonResourceURLs: [url] })),
  ]);
}

/** Whether `held` gives everything that `one`, a rule that says one thing, gives. */
function includes(held: PolicyRule, one: PolicyRule): boolean {
  return (
    one.verbs.every((verb) => hasOrAll(held.verbs, verb)) &&
    one.apiGroups.every((group) => hasOrAll(held.apiGroups, group)) &&
    one.resources.every((resource) => holdsResource(held.resources, resource)) &&
    one.nonResourceURLs.every((url) => held.nonResourceURLs.some((own) => isUnder(own, url))) &&
    (held.resourceNames.length === 0 ||
      (one.resourceNames.length > 0 &&
        one.resourceNames.every((name) => held.resourceNames.includes(name))))
  );
}

function holdsResource(held: readonly string[], resource: string): boolean {
  if (hasOrAll(held, resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && held.includes(`*${resource.slice(slash)}`);
}

function meansResource(
  resources: readonly string[],
  { resource, subresource }: ResourceAttributes,
): boolean {
  if (subresource === "") return hasOrAll(resources, resource);
  return resources.some(
    (item) => item === ALL || item === `${resource}/${subresource}` || item === `*/${subresource}`,
  );
}

function isUnder(pattern: string, path: string): boolean {
  if (pattern === ALL || pattern === path) return true;
  return pattern.endsWith(ALL) && path.startsWith(pattern.replace(/\*+$/, ""));
}

function hasOrAll(list: readonly string[], item: string): boolean {
  return list.includes(item) || list.includes(ALL);
}

function texts(value: unknown, name: string): readonly string[] {
  return listOf(at(value, name)).filter((item) => typeof item === "string");
}
