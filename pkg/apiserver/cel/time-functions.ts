import { CelError } from "./cel-errors.ts";
import type { FunctionRow } from "./function-table.ts";
import type { Duration, Timestamp } from "./values.ts";

const MILLI = 1_000_000n;
const SECOND = 1000n * MILLI;
const DAY_MS = 86_400_000;

/** What can be asked of a moment; dates come as if in UTC. */
const PARTS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) =>
    Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

/** Parts of moments (in UTC or a time zone), and lengths of time in units. */
export const TIME_FUNCTIONS: readonly FunctionRow[] = [
  ...Object.entries(PARTS).flatMap(([name, part]): FunctionRow[] => [
    [`timestamp ${name}() int`, (time: Timestamp) => BigInt(part(dateOf(time)))],
    [
      `timestamp ${name}(string) int`,
      (time: Timestamp, zone: string) => BigInt(part(dateOf(time, offsetOf(zone, time)))),
    ],
  ]),
  ["duration getHours() int", ({ nanos }: Duration) => nanos / (3600n * SECOND)],
  ["duration getMinutes() int", ({ nanos }: Duration) => nanos / (60n * SECOND)],
  ["duration getSeconds() int", ({ nanos }: Duration) => nanos / SECOND],
  ["duration getMilliseconds() int", ({ nanos }: Duration) => nanos / MILLI],
];

function dateOf({ nanos }: Timestamp, offsetMs = 0): Date {
  const within = ((nanos % MILLI) + MILLI) % MILLI;
  return new Date(Number((nanos - within) / MILLI) + offsetMs);
}

/** How far a zone ("+02:00", "Europe/Berlin") is before UTC at `time`, in milliseconds. */
function offsetOf(zone: string, time: Timestamp): number {
  const [, sign, hours, minutes] = /^([+-]?)(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (hours !== undefined)
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const date = dateOf(time);
  const there = zoned(zone, date);
  return there - Math.floor(date.getTime() / 1000) * 1000;
}

function zoned(zone: string, date: Date): number {
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      ...{ year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric" },
    });
    const parts = Object.fromEntries(
      format.formatToParts(date).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}
