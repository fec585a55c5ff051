import { CelError } from "./cel-errors.ts";
import { Duration, Timestamp } from "./values.ts";

const SECOND = 1_000_000_000n;
const MOMENT = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/;
const UNITS: Readonly<Record<string, bigint>> = {
  ...{ h: 3600n * SECOND, m: 60n * SECOND, s: SECOND, ms: 1_000_000n },
  ...{ us: 1000n, µs: 1000n, μs: 1000n, ns: 1n },
};
const MAX_DURATION_TEXT = 100;

/** Reads a date, or a date and time as RFC 3339 writes them. Throws a CelError. */
export function parseTimestamp(text: string): Timestamp {
  const [, day, time, fraction = "", zone = "Z"] = MOMENT.exec(text) ?? [];
  const millis = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(millis))
    throw new CelError("type conversion error from 'string' to 'google.protobuf.Timestamp'");
  return new Timestamp(BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, "0")));
}

/** Reads a date without a time: the beginning of that day. Throws a CelError. */
export function parseDate(text: string): Timestamp {
  return parseTimestamp(text.includes(":") ? text : `${text}T00:00:00Z`);
}

/** A moment as RFC 3339 writes it. */
export function timestampText({ nanos }: Timestamp): string {
  const within = ((nanos % SECOND) + SECOND) % SECOND;
  const millis = Number((nanos - within) / 1_000_000n);
  const fraction = within === 0n ? "" : `.${String(within).padStart(9, "0").replace(/0+$/, "")}`;
  return `${new Date(millis).toISOString().slice(0, 19)}${fraction}Z`;
}

/** Reads a length of time as Go writes it: "1h30m", "-1.5s". Throws a CelError. */
export function parseDuration(text: string): Duration {
  const [, sign, rest = ""] =
    /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(
      text.slice(0, MAX_DURATION_TEXT),
    ) ?? [];
  if (rest === "" || text.length > MAX_DURATION_TEXT)
    throw new CelError("type conversion error from 'string' to 'google.protobuf.Duration'");
  let nanos = 0n;
  for (const [, digits = "", decimals = "", unit = ""] of rest.matchAll(
    /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const size = UNITS[unit] ?? 0n;
    nanos += BigInt(digits === "" ? 0 : digits) * size;
    if (decimals !== "") nanos += (BigInt(decimals) * size) / 10n ** BigInt(decimals.length);
  }
  return new Duration(sign === "-" ? -nanos : nanos);
}

/** A length of time in seconds, as CEL writes it. */
export function secondsText({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const decimals = String(size % SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const sign = nanos < 0n ? "-" : "";
  return `${sign}${size / SECOND}${decimals === "" ? "" : `.${decimals}`}s`;
}
