import { type Budget, CelError } from "./cel-errors.ts";
import { compare, equal } from "./comparison.ts";
import type { FunctionRow } from "./function-table.ts";
import { type CelList, Duration, int, Uint, type Value } from "./values.ts";

const ORDERED = ["int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration"];

/** The sum of each type of items, from its zero. */
const SUMS: Readonly<Record<string, (items: readonly Value[]) => Value>> = {
  int: (items) => (items as bigint[]).reduce((sum, item) => int(sum + item), 0n),
  uint: (items) => new Uint((items as Uint[]).reduce((sum, { value }) => sum + value, 0n)),
  double: (items) => (items as number[]).reduce((sum, item) => sum + item, 0),
  duration: (items) =>
    new Duration((items as Duration[]).reduce((sum, { nanos }) => sum + nanos, 0n)),
};

/** What can be asked of lists, and of lists as sets. */
export const LIST_FUNCTIONS: readonly FunctionRow[] = [
  ...ORDERED.flatMap((type): FunctionRow[] => [
    [`list<${type}> isSorted() bool`, isSorted],
    [`list<${type}> min() ${type}`, (list: CelList) => extreme(list, "min", -1)],
    [`list<${type}> max() ${type}`, (list: CelList) => extreme(list, "max", 1)],
  ]),
  ...Object.entries(SUMS).map(
    ([type, sum]): FunctionRow => [
      `list<${type}> sum() ${type}`,
      (list: CelList) => sum(sameTyped(list, type)),
    ],
  ),
  [
    "list<T> indexOf(T) int",
    ({ items }: CelList, wanted: Value, budget: Budget) =>
      BigInt(items.findIndex((item) => equal(item, wanted, budget))),
  ],
  [
    "list<T> lastIndexOf(T) int",
    ({ items }: CelList, wanted: Value, budget: Budget) =>
      BigInt(items.findLastIndex((item) => equal(item, wanted, budget))),
  ],
  ["sets.contains(list<T>, list<T>) bool", containsAll],
  [
    "sets.equivalent(list<T>, list<T>) bool",
    (a: CelList, b: CelList, budget: Budget) =>
      containsAll(a, b, budget) && containsAll(b, a, budget),
  ],
  [
    "sets.intersects(list<T>, list<T>) bool",
    (a: CelList, b: CelList, budget: Budget) =>
      b.items.some((item) => a.items.some((other) => equal(item, other, budget))),
  ],
];

function isSorted({ items }: CelList): boolean {
  return items.every((item, i) => i === 0 || compare(items[i - 1] as Value, item) <= 0);
}

function extreme({ items }: CelList, name: string, sign: 1 | -1): Value {
  const [first, ...rest] = items;
  if (first === undefined) throw new CelError(`${name} called on empty list`);
  return rest.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best), first);
}

/** The items, of which the static type may not have known what they are. */
function sameTyped({ items }: CelList, type: string): readonly Value[] {
  const isOf: Readonly<Record<string, (item: Value) => boolean>> = {
    int: (item) => typeof item === "bigint",
    uint: (item) => item instanceof Uint,
    double: (item) => typeof item === "number",
    duration: (item) => item instanceof Duration,
  };
  if (!items.every((item) => isOf[type]?.(item))) throw new CelError("no such overload");
  return items;
}

function containsAll(a: CelList, b: CelList, budget: Budget): boolean {
  return b.items.every((item) => a.items.some((other) => equal(item, other, budget)));
}
