import { JsonPathError, type Part, type Step, type Values } from "./json-path.ts";

type Fields = Readonly<Record<string, unknown>>;
type Slice = Step & { readonly kind: "slice" };

/**
 * What a template finds in a value: for each text and path, in order, the values; loops are unrolled. What is
 * missing is left out. Throws a JsonPathError for what cannot be done with the values that are there.
 */
export function findValues(parts: readonly Part[], value: unknown): Values[] {
  return parts.flatMap((part) => {
    if (part.kind === "text") return [[part.text]];
    if (part.kind === "path") return [walk([value], part.steps)];
    return walk([value], part.over).flatMap((one) => findValues(part.body, one));
  });
}

/** What `steps` lead to from all of `values`. */
export function walk(values: Values, steps: readonly Step[]): Values {
  return steps.reduce(step, values);
}

function step(values: Values, one: Step): Values {
  switch (one.kind) {
    case "constant":
      return typeof one.value === "string" ? [one.value] : values.map(() => one.value);
    case "field":
      return values.flatMap((value) =>
        isFields(value) && Object.hasOwn(value, one.name) ? [value[one.name]] : [],
      );
    case "all":
      return values.flatMap(membersOf);
    case "deep":
      return values.flatMap(descendants);
    case "union":
      return one.members.flatMap((steps) => walk(values, steps));
    case "slice":
      return sliced(values, one);
    case "filter":
      return values.flatMap((value) =>
        arrayIn(value, " and cannot be filtered").filter((item) => passes(item, one)),
      );
  }
}

function sliced(values: Values, slice: Slice): Values {
  const found: unknown[] = [];
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const list = arrayIn(value, "");
    const [from, to] = window(list.length, slice);
    // kubectl goes no further, either.
    if (from === to) return found;
    const every = slice.step ?? 1;
    if (every <= 0) throw new JsonPathError("step must be > 0");
    for (let at = from; at < to; at += every) found.push(list[at]);
  }
  return found;
}

function window(length: number, slice: Slice): readonly [from: number, to: number] {
  const from = wrapped(slice.from ?? 0, length);
  const to = slice.isOne ? from + 1 : wrapped(slice.to ?? length, length);
  if (from === to) return [from, to];
  if (from < 0 || from >= length) throw outOfBounds(from, length);
  if (to < 0 || to > length) throw outOfBounds(to - 1, length);
  if (from > to)
    throw new JsonPathError(`starting index ${from} is greater than ending index ${to}`);
  return [from, to];
}

/** Negative ones count from the end. */
function wrapped(index: number, length: number): number {
  return index < 0 ? index + length : index;
}

function outOfBounds(index: number, length: number): JsonPathError {
  return new JsonPathError(`array index out of bounds: index ${index}, length ${length}`);
}

function passes(
  item: unknown,
  { left, operator, right }: Step & { readonly kind: "filter" },
): boolean {
  if (operator === undefined) return isThere(item, left);
  const lefts = walk([item], left);
  if (lefts.length === 0) return false;
  const rights = walk([item], right);
  if (rights.length === 0) return false;
  if (lefts.length > 1 || rights.length > 1)
    throw new JsonPathError("can only compare one element at a time");
  return compares(lefts[0], rights[0], operator);
}

function isThere(item: unknown, steps: readonly Step[]): boolean {
  try {
    return walk([item], steps).length > 0;
  } catch (error) {
    if (error instanceof JsonPathError) return false;
    throw error;
  }
}

function compares(left: unknown, right: unknown, operator: string): boolean {
  const isOrder = operator.startsWith("<") || operator.startsWith(">");
  const types = isOrder ? ["string", "number"] : ["string", "number", "boolean"];
  if (!types.includes(typeof left) || !types.includes(typeof right))
    throw new JsonPathError("invalid type for comparison");
  if (typeof left !== typeof right) throw new JsonPathError("incompatible types for comparison");
  const [a, b] = [left as string, right as string];
  if (operator === "==") return a === b;
  if (operator === "!=") return a !== b;
  if (operator === "<") return a < b;
  if (operator === ">") return a > b;
  return operator === "<=" ? a <= b : a >= b;
}

function arrayIn(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const type = isFields(value) ? "map" : value === null ? "null" : typeof value;
  throw new JsonPathError(`${type} is not array or slice${what}`);
}

/** The members of a list or a map, those of a map by their names. */
function membersOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isFields(value)) return [];
  return Object.keys(value)
    .sort()
    .map((name) => value[name]);
}

/** Everything in it that has members, itself first. */
function descendants(value: unknown): readonly unknown[] {
  const members = membersOf(value);
  return members.length === 0 ? [] : [value, ...members.flatMap(descendants)];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
