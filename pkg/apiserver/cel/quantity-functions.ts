import { quantityNanos } from "../../apis/quantity.ts";
import { CelError } from "./cel-errors.ts";
import type { FunctionRow } from "./function-table.ts";
import { int, type Opaque } from "./values.ts";

const NANO = 1_000_000_000n;

/** An amount such as "1.5Gi", in billionths. */
class Quantity implements Opaque {
  readonly opaque = "quantity";
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  get text(): string {
    return String(this.nanos);
  }
}

/** Amounts as Kubernetes writes them. */
export const QUANTITY_FUNCTIONS: readonly FunctionRow[] = [
  ["quantity(string) quantity", parseQuantity],
  ["isQuantity(string) bool", (text: string) => quantityNanos(text) !== undefined],
  ["quantity sign() int", ({ nanos }: Quantity) => BigInt(order(nanos, 0n))],
  ["quantity isInteger() bool", ({ nanos }: Quantity) => isInteger(nanos)],
  ["quantity asInteger() int", asInteger],
  ["quantity asApproximateFloat() double", ({ nanos }: Quantity) => Number(nanos) / 1e9],
  [
    "quantity compareTo(quantity) int",
    (a: Quantity, b: Quantity) => BigInt(order(a.nanos, b.nanos)),
  ],
  ["quantity isGreaterThan(quantity) bool", (a: Quantity, b: Quantity) => a.nanos > b.nanos],
  ["quantity isLessThan(quantity) bool", (a: Quantity, b: Quantity) => a.nanos < b.nanos],
  [
    "quantity add(quantity) quantity",
    (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos),
  ],
  ["quantity add(int) quantity", (a: Quantity, b: bigint) => new Quantity(a.nanos + b * NANO)],
  [
    "quantity sub(quantity) quantity",
    (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos),
  ],
  ["quantity sub(int) quantity", (a: Quantity, b: bigint) => new Quantity(a.nanos - b * NANO)],
];

function parseQuantity(text: string): Quantity {
  const nanos = quantityNanos(text);
  if (nanos === undefined)
    throw new CelError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  return new Quantity(nanos);
}

function order(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isInteger(nanos: bigint): boolean {
  return nanos % NANO === 0n && BigInt.asIntN(64, nanos / NANO) === nanos / NANO;
}

function asInteger({ nanos }: Quantity): bigint {
  if (!isInteger(nanos)) throw new CelError("cannot convert value to integer");
  return int(nanos / NANO);
}
