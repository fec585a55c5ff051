const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Step {
  readonly below: number;
  readonly unit: number;
  readonly name: string;
  /** The smaller unit that is shown too, when it is not zero. */
  readonly rest?: { readonly unit: number; readonly name: string };
}

/** Kubernetes shows two units where the first says little, else one. */
const STEPS: readonly Step[] = [
  { below: 2 * MINUTE, unit: SECOND, name: "s" },
  { below: 10 * MINUTE, unit: MINUTE, name: "m", rest: { unit: SECOND, name: "s" } },
  { below: 3 * HOUR, unit: MINUTE, name: "m" },
  { below: 8 * HOUR, unit: HOUR, name: "h", rest: { unit: MINUTE, name: "m" } },
  { below: 2 * DAY, unit: HOUR, name: "h" },
  { below: 8 * DAY, unit: DAY, name: "d", rest: { unit: HOUR, name: "h" } },
  { below: 2 * YEAR, unit: DAY, name: "d" },
  { below: 8 * YEAR, unit: YEAR, name: "y", rest: { unit: DAY, name: "d" } },
  { below: Number.POSITIVE_INFINITY, unit: YEAR, name: "y" },
];

/** A time span as `kubectl get` shows it: "5s", "3m10s", "47h", "2d3h". */
export function humanDuration(milliseconds: number): string {
  if (milliseconds < -2 * SECOND) return "<invalid>";
  const span = Math.max(0, milliseconds);
  const step = STEPS.find(({ below }) => span < below) as Step;
  const whole = Math.floor(span / step.unit);
  if (step.rest === undefined) return `${whole}${step.name}`;
  const rest = Math.floor((span % step.unit) / step.rest.unit);
  return rest === 0 ? `${whole}${step.name}` : `${whole}${step.name}${rest}${step.rest.name}`;
}

/** How long ago the RFC 3339 `text` was; "<unknown>" if it says no time. */
export function age(text: unknown, now: number): string {
  if (typeof text !== "string") return "<unknown>";
  const then = Date.parse(text);
  return Number.isNaN(then) ? "<invalid>" : humanDuration(now - then);
}
