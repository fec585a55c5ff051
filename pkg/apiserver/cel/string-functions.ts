import { type Budget, CelError } from "./cel-errors.ts";
import type { FunctionRow } from "./function-table.ts";
import { findAll, regularExpression } from "./regular-expression.ts";
import { formatText } from "./string-format.ts";
import { CelList } from "./values.ts";

/** Places in texts count characters, not the units that JavaScript has. */
const chars = (text: string): readonly string[] => [...text];

/** What can be asked of texts. */
export const STRING_FUNCTIONS: readonly FunctionRow[] = [
  ["string contains(string) bool", (text: string, part: string) => text.includes(part)],
  ["string startsWith(string) bool", (text: string, part: string) => text.startsWith(part)],
  ["string endsWith(string) bool", (text: string, part: string) => text.endsWith(part)],
  ["string matches(string) bool", matches],
  ["matches(string, string) bool", matches],
  ["string find(string) string", (text: string, re: string) => find(text, re, 1)[0] ?? ""],
  [
    "string findAll(string) list<string>",
    (text: string, re: string) => new CelList(find(text, re, Number.POSITIVE_INFINITY)),
  ],
  [
    "string findAll(string, int) list<string>",
    (text: string, re: string, limit: bigint) =>
      new CelList(find(text, re, limit < 0n ? Number.POSITIVE_INFINITY : Number(limit))),
  ],
  ["string charAt(int) string", charAt],
  ["string indexOf(string) int", (text: string, part: string) => indexOf(text, part, 0n)],
  ["string indexOf(string, int) int", indexOf],
  [
    "string lastIndexOf(string) int",
    (text: string, part: string) => lastIndexOf(text, part, BigInt(chars(text).length)),
  ],
  ["string lastIndexOf(string, int) int", lastIndexOf],
  [
    "string lowerAscii() string",
    (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  ],
  [
    "string upperAscii() string",
    (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ],
  [
    "string replace(string, string) string",
    (text: string, old: string, by: string, budget: Budget) => replace(text, old, by, -1n, budget),
  ],
  ["string replace(string, string, int) string", replace],
  [
    "string split(string) list<string>",
    (text: string, by: string) => new CelList(split(text, by, -1)),
  ],
  [
    "string split(string, int) list<string>",
    (text: string, by: string, limit: bigint) => new CelList(split(text, by, Number(limit))),
  ],
  [
    "string substring(int) string",
    (text: string, from: bigint) => substring(text, from, BigInt(chars(text).length)),
  ],
  ["string substring(int, int) string", substring],
  ["string trim() string", (text: string) => text.trim()],
  ["list<string> join() string", (list: CelList, budget: Budget) => join(list, "", budget)],
  ["list<string> join(string) string", join],
  ["string format(list<dyn>) string", formatText],
  ["strings.quote(string) string", (text: string) => JSON.stringify(text)],
];

function matches(text: string, source: string, budget: Budget): boolean {
  budget.spend((text.length * Math.max(1, source.length / 4)) / 10);
  return expression(source).test(text);
}

function find(text: string, source: string, limit: number): readonly string[] {
  expression(source);
  return findAll(source, text, limit);
}

function expression(source: string) {
  try {
    return regularExpression(source);
  } catch (error) {
    throw new CelError((error as Error).message);
  }
}

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}

function charAt(text: string, index: bigint): string {
  const all = chars(text);
  if (index < 0n || index > BigInt(all.length)) throw outOfRange(index);
  return all[Number(index)] ?? "";
}

function indexOf(text: string, part: string, from: bigint): bigint {
  const all = chars(text);
  if (from < 0n || (from > 0n && from > BigInt(all.length))) throw outOfRange(from);
  if (part === "") return from;
  const start = all.slice(0, Number(from)).join("").length;
  return placeOf(text, text.indexOf(part, start));
}

function lastIndexOf(text: string, part: string, from: bigint): bigint {
  const all = chars(text);
  if (from < 0n || from > BigInt(all.length)) throw outOfRange(from);
  if (part === "") return from;
  const start = all.slice(0, Number(from)).join("").length;
  return placeOf(text, text.lastIndexOf(part, start));
}

function placeOf(text: string, unit: number): bigint {
  return unit < 0 ? -1n : BigInt(chars(text.slice(0, unit)).length);
}

function substring(text: string, from: bigint, to: bigint): string {
  const all = chars(text);
  if (from < 0n || from > BigInt(all.length)) throw outOfRange(from);
  if (to < 0n || to > BigInt(all.length)) throw outOfRange(to);
  if (from > to) throw new CelError(`invalid substring range. start: ${from}, end: ${to}`);
  return all.slice(Number(from), Number(to)).join("");
}

/** As Go: `limit` pieces at most, the last one with all that is left; less than 0 is no limit. */
function split(text: string, by: string, limit: number): readonly string[] {
  if (limit === 0) return [];
  const pieces = by === "" ? chars(text) : text.split(by);
  if (limit < 0 || pieces.length <= limit) return pieces;
  return [...pieces.slice(0, limit - 1), pieces.slice(limit - 1).join(by)];
}

function replace(text: string, old: string, by: string, limit: bigint, budget: Budget): string {
  if (limit === 0n) return text;
  const pieces = old === "" ? ["", ...chars(text), ""] : text.split(old);
  const times = limit < 0n ? pieces.length - 1 : Math.min(Number(limit), pieces.length - 1);
  budget.spend((times * by.length) / 10);
  const rest = pieces.slice(times).join(old);
  return [...pieces.slice(0, times), rest].join(by);
}

function join(list: CelList, by: string, budget: Budget): string {
  let length = list.items.length * by.length;
  for (const item of list.items) {
    if (typeof item !== "string") throw new CelError("no such overload");
    length += item.length;
  }
  budget.spend(length / 10);
  return list.items.join(by);
}
