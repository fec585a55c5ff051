import { textOf } from "./table-text.ts";

/** By what a row is sorted: a cell, or a value in an object. */
export type SortKey = unknown;

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, y: 31_536_000 };
const SPAN = /^(?:\d+[smhdy])+$/;
const QUANTITY = /^([+-]?\d+(?:\.\d+)?)([numkMGTPE]|[KMGTPE]i)?$/;
const POWERS = "numkMGTPE";
const BINARY_POWERS = "KMGTPE";
const collator = new Intl.Collator("en", { numeric: true });

/** Numbers and quantities ("100m", "2Gi") by their value, time spans ("3m10s") by their length, other texts naturally: p9, p10. */
export function compareKeys(a: SortKey, b: SortKey): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [textOf(a), textOf(b)];
  for (const read of [seconds, quantity]) {
    const [x, y] = [read(left), read(right)];
    if (x !== undefined && y !== undefined) return x - y;
  }
  return collator.compare(left, right);
}

function seconds(text: string): number | undefined {
  if (!SPAN.test(text)) return undefined;
  const parts = text.match(/\d+[smhdy]/g) ?? [];
  return parts.reduce(
    (sum, part) => sum + Number.parseInt(part, 10) * (UNITS[part.at(-1) ?? ""] ?? 0),
    0,
  );
}

function quantity(text: string): number | undefined {
  const [, count, suffix = ""] = QUANTITY.exec(text) ?? [];
  if (count === undefined) return undefined;
  return Number(count) * factor(suffix);
}

function factor(suffix: string): number {
  if (suffix === "") return 1;
  if (suffix.endsWith("i")) return 1024 ** (BINARY_POWERS.indexOf(suffix.charAt(0)) + 1);
  const power = POWERS.indexOf(suffix) - 3;
  return 1000 ** (power < 0 ? power : power + 1);
}
