import { CelError } from "./cel-errors.ts";
import type { FunctionRow } from "./function-table.ts";
import { int, type Opaque } from "./values.ts";

const FORM = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE])([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL: Readonly<Record<string, number>> = {
  ...{ n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 },
};
const BINARY: Readonly<Record<string, bigint>> = {
  ...{ Ki: 1n << 10n, Mi: 1n << 20n, Gi: 1n << 30n, Ti: 1n << 40n, Pi: 1n << 50n, Ei: 1n << 60n },
};
const NANO = 1_000_000_000n;
const MAX_TEXT = 64;

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
  ["isQuantity(string) bool", (text: string) => nanosOf(text) !== undefined],
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
  const nanos = nanosOf(text);
  if (nanos === undefined)
    throw new CelError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  return new Quantity(nanos);
}

function nanosOf(text: string): bigint | undefined {
  const match = text.length > MAX_TEXT ? null : FORM.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", , exponent, suffix = ""] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const power = exponent === undefined ? DECIMAL[suffix] : Number(exponent);
  const amount = scaled(
    BigInt(whole + fraction) * (BINARY[suffix] ?? 1n),
    (power ?? 0) - fraction.length + 9,
  );
  return sign === "-" ? -amount : amount;
}

/** `value` times ten to the `power`; what is less than a billionth counts as one. */
function scaled(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const by = 10n ** BigInt(-power);
  return (value + by - 1n) / by;
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
