import type { Tags } from "../wire/names.ts";
import { SelectorError } from "./selector.ts";

/** One requirement on one tag, as in a Kubernetes LabelSelector. */
export interface TagRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** A Kubernetes LabelSelector, read over a cluster's tags. */
export interface TagSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly TagRequirement[] | undefined;
}

type Test = (tags: Tags) => boolean;

const OPERATORS: Readonly<Record<string, (key: string, values: readonly string[]) => Test>> = {
  In: (key, values) => (tags) => Object.hasOwn(tags, key) && values.includes(tags[key] ?? ""),
  NotIn: (key, values) => (tags) => !(Object.hasOwn(tags, key) && values.includes(tags[key] ?? "")),
  Exists: (key) => (tags) => Object.hasOwn(tags, key),
  DoesNotExist: (key) => (tags) => !Object.hasOwn(tags, key),
};

/**
 * The test a cluster's tags must pass: every label and every expression. An empty selector passes
 * everything, as in Kubernetes. Throws a SelectorError for an unknown operator or wrong values.
 */
export function parseTagSelector(selector: TagSelector): Test {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    equals(key, value),
  );
  const expressions = (selector.matchExpressions ?? []).map(requirementTest);
  const tests = [...labels, ...expressions];
  return (tags) => tests.every((test) => test(tags));
}

function equals(key: string, value: string): Test {
  return (tags) => Object.hasOwn(tags, key) && tags[key] === value;
}

function requirementTest({ key, operator, values = [] }: TagRequirement, index: number): Test {
  const where = `matchExpressions[${index}]`;
  const create = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (create === undefined) {
    const known = Object.keys(OPERATORS).join(", ");
    throw new SelectorError(where, 0, `operator "${operator}" is not one of ${known}`);
  }
  const needsValues = operator === "In" || operator === "NotIn";
  if (needsValues !== values.length > 0) {
    const takes = needsValues ? "at least one value" : "no values";
    throw new SelectorError(where, 0, `operator "${operator}" takes ${takes}`);
  }
  return create(key, values);
}
