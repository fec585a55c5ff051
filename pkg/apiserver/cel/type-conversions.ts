import { CelError } from "./cel-errors.ts";
import type { FunctionRow } from "./function-table.ts";
import { parseDuration, parseTimestamp, secondsText, timestampText } from "./time-text.ts";
import {
  type CelList,
  type CelMap,
  type Duration,
  int,
  Timestamp,
  TypeName,
  typeOf,
  Uint,
  type Value,
} from "./values.ts";

const same = (value: Value) => value;
const count = (text: string) => BigInt([...text].length);

/** Functions that are named after types, and size. */
export const CONVERSIONS: readonly FunctionRow[] = [
  ["size(string) int", count],
  ["size(bytes) int", (bytes: Uint8Array) => BigInt(bytes.length)],
  ["size(list<T>) int", (list: CelList) => BigInt(list.items.length)],
  ["size(map<K,V>) int", (map: CelMap) => BigInt(map.size)],
  ["string size() int", count],
  ["bytes size() int", (bytes: Uint8Array) => BigInt(bytes.length)],
  ["list<T> size() int", (list: CelList) => BigInt(list.items.length)],
  ["map<K,V> size() int", (map: CelMap) => BigInt(map.size)],
  ["type(T) type", (value: Value) => new TypeName(typeOf(value))],
  ["dyn(T) dyn", same],
  ["int(int) int", same],
  ["int(uint) int", (value: Uint) => int(value.value)],
  ["int(double) int", (value: number) => whole(value)],
  ["int(string) int", (text: string) => int(integer(text, "int"))],
  ["int(timestamp) int", ({ nanos }: Timestamp) => floorDiv(nanos, 1_000_000_000n)],
  ["uint(uint) uint", same],
  ["uint(int) uint", (value: bigint) => new Uint(value)],
  ["uint(double) uint", (value: number) => new Uint(whole(value))],
  ["uint(string) uint", (text: string) => new Uint(integer(text, "uint"))],
  ["double(double) double", same],
  ["double(int) double", (value: bigint) => Number(value)],
  ["double(uint) double", (value: Uint) => Number(value.value)],
  ["double(string) double", double],
  ["bool(bool) bool", same],
  ["bool(string) bool", bool],
  ["string(string) string", same],
  ["string(bool) string", (value: boolean) => String(value)],
  ["string(int) string", (value: bigint) => String(value)],
  ["string(uint) string", (value: Uint) => String(value.value)],
  ["string(double) string", doubleText],
  ["string(bytes) string", utf8],
  ["string(timestamp) string", timestampText],
  ["string(duration) string", (value: Duration) => secondsText(value)],
  ["bytes(bytes) bytes", same],
  ["bytes(string) bytes", (text: string) => new Uint8Array(Buffer.from(text))],
  ["timestamp(timestamp) timestamp", same],
  ["timestamp(int) timestamp", (seconds: bigint) => new Timestamp(seconds * 1_000_000_000n)],
  ["timestamp(string) timestamp", parseTimestamp],
  ["duration(duration) duration", same],
  ["duration(string) duration", parseDuration],
];

/** A double as text: whole numbers have no point. */
export function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

function whole(value: number): bigint {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 64) throw new CelError("integer overflow");
  return int(BigInt(Math.trunc(value)));
}

function integer(text: string, type: string): bigint {
  if (/^[+-]?\d{1,20}$/.test(text)) return BigInt(text);
  throw new CelError(`type conversion error from 'string' to '${type}'`);
}

const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function double(text: string): number {
  if (DOUBLE.test(text)) return Number(text);
  const [, sign, name = ""] = /^([+-]?)(inf|infinity|nan)$/i.exec(text) ?? [];
  if (name === "") throw new CelError("type conversion error from 'string' to 'double'");
  if (name.toLowerCase() === "nan") return Number.NaN;
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function bool(text: string): boolean {
  if (["1", "t", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "false", "FALSE", "False"].includes(text)) return false;
  throw new CelError("type conversion error from 'string' to 'bool'");
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelError("invalid UTF-8 in bytes, cannot convert to string");
  }
}

function floorDiv(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n);
}
