import { OteError } from "../base/errors.ts";
import { FAULTS, type Fault } from "./faults.ts";

/** A list of faults that cannot be played. */
export class ScheduleError extends OteError {
  readonly code = "SCHEDULE_INVALID";
  constructor(what: string) {
    super(`Cannot play the schedule as each line must be a fault: ${what}`);
  }
}

/** Faults as text, one JSON object a line. */
export function formatSchedule(schedule: readonly Fault[]): string {
  return schedule.map((fault) => `${JSON.stringify(fault)}\n`).join("");
}

/** Reads what formatSchedule wrote; throws a ScheduleError. */
export function parseSchedule(text: string): Fault[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => faultOf(line, index + 1));
}

function faultOf(line: string, number: number): Fault {
  let raw: Partial<Record<keyof Fault, unknown>>;
  try {
    raw = JSON.parse(line) as typeof raw;
  } catch (error) {
    throw new ScheduleError(`line ${number} is no JSON (${(error as Error).message})`);
  }
  const { at, fault, whom, forMs = 0, how = "" } = raw ?? {};
  if (typeof fault !== "string" || !Object.hasOwn(FAULTS, fault))
    throw new ScheduleError(
      `line ${number} has no fault that is known (${Object.keys(FAULTS).join(", ")})`,
    );
  if (typeof whom !== "string") throw new ScheduleError(`line ${number} does not say whom`);
  if (!isTime(at) || !isTime(forMs))
    throw new ScheduleError(`line ${number} has no times in milliseconds`);
  const hows: readonly string[] = FAULTS[fault as Fault["fault"]].hows;
  if (typeof how !== "string" || !hows.includes(how))
    throw new ScheduleError(`line ${number} has a "how" that is none of ${JSON.stringify(hows)}`);
  return { at, fault: fault as Fault["fault"], whom, forMs, how };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1e12;
}
