import { CelError } from "./cel-errors.ts";
import type { FunctionRow } from "./function-table.ts";
import { CelList, isMap, Optional, Uint, type Value } from "./values.ts";

/** Values that may be absent. */
export const OPTIONAL_FUNCTIONS: readonly FunctionRow[] = [
  ["optional.of(T) optional<T>", (value: Value) => new Optional(value)],
  ["optional.none() optional<T>", () => Optional.none],
  [
    "optional.ofNonZeroValue(T) optional<T>",
    (value: Value) => (isZero(value) ? Optional.none : new Optional(value)),
  ],
  ["optional<T> hasValue() bool", ({ value }: Optional) => value !== undefined],
  ["optional<T> value() T", contentOf],
  [
    "optional<T> orValue(T) T",
    ({ value }: Optional, other: Value) => (value === undefined ? other : value),
  ],
  [
    "optional<T> or(optional<T>) optional<T>",
    (a: Optional, b: Optional) => (a.value === undefined ? b : a),
  ],
];

function contentOf({ value }: Optional): Value {
  if (value === undefined) throw new CelError("optional.none() dereference");
  return value;
}

function isZero(value: Value): boolean {
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof CelList) return value.items.length === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (isMap(value)) return value.size === 0;
  return value === 0n || value === 0 || value === "" || value === false || value === null;
}
