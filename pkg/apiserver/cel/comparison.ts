import { type Budget, CelError } from "./cel-errors.ts";
import {
  CelList,
  type CelMap,
  Duration,
  isMap,
  isNumeric,
  isOpaque,
  Optional,
  Timestamp,
  TypeName,
  typeOf,
  Uint,
  type Value,
} from "./values.ts";

/** Whether two values are equal, whatever their types; pays for each comparison. */
export function equal(a: Value, b: Value, budget: Budget): boolean {
  budget.spend(1);
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0;
  if (a instanceof CelList && b instanceof CelList) return equalLists(a, b, budget);
  if (isMap(a) && isMap(b)) return equalMaps(a, b, budget);
  if (a instanceof Optional && b instanceof Optional) return equalOptionals(a, b, budget);
  const [left, right] = [plain(a), plain(b)];
  if (typeof left === "string") budget.spend(left.length / 10);
  return left === right && typeOf(a) === typeOf(b);
}

function equalOptionals(a: Optional, b: Optional, budget: Budget): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equal(a.value, b.value, budget);
}

/** What stands for `value` in a comparison with another of its type. */
function plain(value: Value): unknown {
  if (value instanceof Timestamp || value instanceof Duration) return value.nanos;
  if (value instanceof TypeName) return value.name;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (typeof value === "object" && value !== null && isOpaque(value)) return value.text;
  return value;
}

function equalLists(a: CelList, b: CelList, budget: Budget): boolean {
  if (a.items.length !== b.items.length) return false;
  if (a.rule === undefined)
    return a.items.every((item, i) => equal(item, b.items[i] as Value, budget));
  return a.items.every((item) => b.items.some((other) => equal(item, other, budget)));
}

function equalMaps(a: CelMap, b: CelMap, budget: Budget): boolean {
  if (a.size !== b.size) return false;
  return a.keys().every((key) => {
    const other = b.get(key);
    return other !== undefined && equal(a.get(key) as Value, other, budget);
  });
}

/** How values of each type that has an order are compared. */
const ORDERS: Readonly<Record<string, (a: never, b: never) => number>> = {
  string: (a: string, b: string) => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))),
  bool: (a: boolean, b: boolean) => Number(a) - Number(b),
  timestamp: (a: Timestamp, b: Timestamp) => compareNumbers(a.nanos, b.nanos),
  duration: (a: Duration, b: Duration) => compareNumbers(a.nanos, b.nanos),
  bytes: (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b),
};

/** Less than 0 if `a` is less than `b`, 0 if they are equal, NaN if there is no order. */
export function compare(a: Value, b: Value): number {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  const type = typeOf(a);
  const order = ORDERS[type];
  if (order === undefined || typeOf(b) !== type) throw new CelError("no such overload");
  return order(a as never, b as never);
}

function compareNumbers(a: bigint | number | Uint, b: bigint | number | Uint): number {
  const left = a instanceof Uint ? a.value : a;
  const right = b instanceof Uint ? b.value : b;
  if (left < right) return -1;
  if (left > right) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: 1n and 1 are equal numbers, and NaN is none.
  return left == right ? 0 : Number.NaN;
}
