import { CelError } from "./cel-errors.ts";
import { secondsText, timestampText } from "./time-text.ts";
import { doubleText } from "./type-conversions.ts";
import {
  CelList,
  Duration,
  isMap,
  isNumeric,
  isOpaque,
  Timestamp,
  TypeName,
  Uint,
  type Value,
} from "./values.ts";

const CLAUSE = /%(?:%|(?:\.(\d{1,3}))?([a-zA-Z]))/g;
const MAX_DEPTH = 32;

/** `format` with each clause (%s, %d, %.2f …) replaced by the next of `values`. Throws a CelError. */
export function formatText(format: string, values: CelList): string {
  let next = 0;
  return format.replace(CLAUSE, (clause, precision: string | undefined, verb: string) => {
    if (clause === "%%") return "%";
    const value = values.items[next++];
    if (value === undefined) throw new CelError(`index ${next - 1} out of range`);
    const write = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (write === undefined) throw new CelError(`unrecognized formatting clause "${verb}"`);
    return write(value, precision === undefined ? 6 : Number(precision));
  });
}

const VERBS: Readonly<Record<string, (value: Value, precision: number) => string>> = {
  s: (value) => shown(value),
  d: (value) => shown(numeric(value, "decimal")),
  f: (value, precision) => fixed(numeric(value, "fixed-point"), precision),
  e: (value, precision) =>
    Number(plain(numeric(value, "scientific"))).toExponential(Math.min(precision, 100)),
  b: (value) => inBase(typeof value === "boolean" ? BigInt(value) : value, 2),
  o: (value) => inBase(value, 8),
  x: hex,
  X: (value) => hex(value).toUpperCase(),
};

function numeric(value: Value, clause: string): bigint | number | Uint {
  if (isNumeric(value)) return value;
  throw new CelError(`error during formatting: ${clause} clause can only be used on numbers`);
}

function plain(value: bigint | number | Uint): bigint | number {
  return value instanceof Uint ? value.value : value;
}

function fixed(value: bigint | number | Uint, precision: number): string {
  return Number(plain(value)).toFixed(Math.min(precision, 100));
}

function inBase(value: Value, base: number): string {
  if (typeof value === "bigint") return value.toString(base);
  if (value instanceof Uint) return value.value.toString(base);
  throw new CelError("error during formatting: only integers can be written in another base");
}

function hex(value: Value): string {
  if (typeof value === "string") return Buffer.from(value).toString("hex");
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : inBase(value, 16);
}

function shown(value: Value, depth = 0): string {
  if (depth > MAX_DEPTH) throw new CelError("error during formatting: nested too deep");
  if (typeof value === "number") return doubleText(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return secondsText(value);
  if (value instanceof TypeName) return value.name;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof CelList)
    return `[${value.items.map((item) => shown(item, depth + 1)).join(", ")}]`;
  if (isMap(value)) {
    const entries = value
      .keys()
      .map((key) => `${shown(key)}: ${shown(value.get(key) ?? null, depth + 1)}`);
    return `{${entries.sort().join(", ")}}`;
  }
  if (typeof value !== "object" || value === null) return String(value);
  if (isOpaque(value)) return value.text;
  throw new CelError("error during formatting: the value cannot be shown");
}
