import { type Budget, CelError } from "./cel-errors.ts";
import { compare, equal } from "./comparison.ts";
import type { FunctionRow } from "./function-table.ts";
import { CelList, type CelMap, Duration, int, Timestamp, Uint, type Value } from "./values.ts";

const NUMBERS = ["int", "uint", "double"];
const ORDERED = ["bool", "string", "bytes", "timestamp", "duration"];

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  "_<_": (order) => order < 0,
  "_<=_": (order) => order <= 0,
  "_>_": (order) => order > 0,
  "_>=_": (order) => order >= 0,
};

function comparisons(): readonly FunctionRow[] {
  const pairs = [
    ...NUMBERS.flatMap((left) => NUMBERS.map((right) => [left, right])),
    ...ORDERED.map((type) => [type, type]),
  ];
  return Object.entries(COMPARISONS).flatMap(([name, holds]) =>
    pairs.map(
      ([left, right]) =>
        [
          `${name}(${left}, ${right}) bool`,
          (a: Value, b: Value) => holds(compare(a, b)),
        ] as FunctionRow,
    ),
  );
}

/** Operators whose operands are all needed. */
export const OPERATORS: readonly FunctionRow[] = [
  ...comparisons(),
  ["_==_(T, T) bool", (a: Value, b: Value, budget: Budget) => equal(a, b, budget)],
  ["_!=_(T, T) bool", (a: Value, b: Value, budget: Budget) => !equal(a, b, budget)],
  ["!_(bool) bool", (a: boolean) => !a],
  ["-_(int) int", (a: bigint) => int(-a)],
  ["-_(double) double", (a: number) => -a],
  ["_+_(int, int) int", (a: bigint, b: bigint) => int(a + b)],
  ["_-_(int, int) int", (a: bigint, b: bigint) => int(a - b)],
  ["_*_(int, int) int", (a: bigint, b: bigint) => int(a * b)],
  ["_/_(int, int) int", (a: bigint, b: bigint) => int(a / divisor(b))],
  ["_%_(int, int) int", (a: bigint, b: bigint) => a % divisor(b, "modulus")],
  ["_+_(uint, uint) uint", (a: Uint, b: Uint) => new Uint(a.value + b.value)],
  ["_-_(uint, uint) uint", (a: Uint, b: Uint) => new Uint(a.value - b.value)],
  ["_*_(uint, uint) uint", (a: Uint, b: Uint) => new Uint(a.value * b.value)],
  ["_/_(uint, uint) uint", (a: Uint, b: Uint) => new Uint(a.value / divisor(b.value))],
  ["_%_(uint, uint) uint", (a: Uint, b: Uint) => new Uint(a.value % divisor(b.value, "modulus"))],
  ["_+_(double, double) double", (a: number, b: number) => a + b],
  ["_-_(double, double) double", (a: number, b: number) => a - b],
  ["_*_(double, double) double", (a: number, b: number) => a * b],
  ["_/_(double, double) double", (a: number, b: number) => a / b],
  ["_+_(string, string) string", (a: string, b: string) => a + b],
  [
    "_+_(bytes, bytes) bytes",
    (a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b])),
  ],
  ["_+_(list<T>, list<T>) list<T>", added],
  ["_+_(timestamp, duration) timestamp", later],
  ["_+_(duration, timestamp) timestamp", (a: Duration, b: Timestamp) => later(b, a)],
  ["_+_(duration, duration) duration", (a: Duration, b: Duration) => length(a.nanos + b.nanos)],
  ["_-_(duration, duration) duration", (a: Duration, b: Duration) => length(a.nanos - b.nanos)],
  ["_-_(timestamp, timestamp) duration", (a: Timestamp, b: Timestamp) => length(a.nanos - b.nanos)],
  [
    "_-_(timestamp, duration) timestamp",
    (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos),
  ],
  [
    "@in(T, list<T>) bool",
    (a: Value, b: CelList, budget: Budget) => b.items.some((item) => equal(a, item, budget)),
  ],
  ["@in(K, map<K,V>) bool", (a: Value, b: CelMap) => b.get(a) !== undefined],
];

function divisor(value: bigint, name = "division"): bigint {
  if (value !== 0n) return value;
  throw new CelError(`${name === "modulus" ? "modulus" : "division"} by zero`);
}

function later(from: Timestamp, by: Duration): Timestamp {
  return new Timestamp(from.nanos + by.nanos);
}

function length(nanos: bigint): Duration {
  return new Duration(nanos);
}

/** Lists are put together; of a set, or a map by keys, only what is new is added, and what is not is replaced. */
function added(a: CelList, b: CelList, budget: Budget): CelList {
  const { rule } = a;
  if (rule === undefined) return new CelList([...a.items, ...b.items]);
  const items = [...a.items];
  for (const item of b.items) {
    const at = items.findIndex((other) => isTwin(item, other, rule.keys, budget));
    if (at < 0) items.push(item);
    else items[at] = item;
  }
  return new CelList(items, rule);
}

function isTwin(a: Value, b: Value, keys: readonly string[], budget: Budget): boolean {
  if (keys.length === 0) return equal(a, b, budget);
  return keys.every((key) => {
    const [left, right] = [(a as CelMap).get(key), (b as CelMap).get(key)];
    budget.spend(1);
    return left === undefined || right === undefined ? left === right : equal(left, right, budget);
  });
}
