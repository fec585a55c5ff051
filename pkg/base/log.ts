import { pino } from "pino";

/** What a component needs of a logger: a constant message and its fields, never a built string. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: object): Logger;
}

/** The levels that `--log-level` accepts. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** JSON lines on stdout, one for each event, with `component` in each. */
export function createLogger(component: string, level: string = "info"): Logger {
  return pino({
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.err },
  });
}

/** A logger that says nothing, for tests and for callers that do not care. */
export const silentLog: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
