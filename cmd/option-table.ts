import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { errorText, OteError } from "../pkg/base/errors.ts";
import { LOG_LEVELS } from "../pkg/base/log.ts";
import { type Address, parseAddress } from "../pkg/wire/address.ts";

/** One setting of a program: docs/configuration.md has a row for each, and a test compares both. */
export interface OptionRow {
  /** As commander writes them: "-n, --cluster-name <name>". */
  readonly flags: string;
  readonly env: string;
  readonly meaning: string;
  /** As it would be typed; absent means: not set. */
  readonly default?: string;
  /** From the text to the value; what it throws is shown as the reason. */
  readonly parse?: (text: string) => unknown;
}

/** The command line or the environment is wrong; ends the program with exit code 2. */
export class UsageError extends OteError {
  readonly code = "USAGE";
}

/** Only asked for, and already printed: --help or --version. */
export class NothingToDo extends OteError {
  readonly code = "NOTHING_TO_DO";
}

/** What a variable of an option without a value says to leave it off. */
const NO = new Set(["", "0", "false", "no", "off"]);

/** Reads flags and `OTE_` variables by the rows of a program; throws UsageError or NothingToDo. */
export function parseOptions<T extends object>(
  program: string,
  rows: readonly OptionRow[],
  argv: readonly string[],
  version: string,
): T {
  const command = new Command(program).exitOverride().version(version).showSuggestionAfterError();
  command.configureOutput({ writeErr: () => {} });
  for (const row of rows) command.addOption(optionOf(row));
  try {
    return command.parse(argv, { from: "user" }).opts<T>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new NothingToDo(error.message);
    throw new UsageError(error.message.replace(/^error: /, ""));
  }
}

function optionOf(row: OptionRow): Option {
  const { flags, env, meaning, parse, default: text } = row;
  const option = new Option(flags, meaning);
  // A variable that says "false" must not switch something on.
  const isOff = !flags.includes("<") && NO.has((process.env[env] ?? "").toLowerCase());
  if (!isOff) option.env(env);
  if (parse !== undefined) option.argParser(reported(parse));
  if (text !== undefined) option.default(parse?.(text) ?? text, text === "" ? "none" : text);
  return option;
}

/** The rows that every program has. */
export const COMMON_ROWS: readonly OptionRow[] = [
  {
    flags: "--health-listen <address>",
    env: "OTE_HEALTH_LISTEN",
    meaning: "host:port of /livez, /readyz and /metrics; port 0 takes a free one",
    default: "127.0.0.1:0",
    parse: parseAddress,
  },
  {
    flags: "--log-level <level>",
    env: "OTE_LOG_LEVEL",
    meaning: `one of ${LOG_LEVELS.join(", ")}`,
    default: "info",
    parse: oneOf(LOG_LEVELS),
  },
];

/** The values of the rows that every program has. */
export interface CommonOptions {
  readonly healthListen: Address;
  readonly logLevel: string;
}

/** A duration in seconds, fractions allowed, as milliseconds. */
export function seconds(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most)) {
      throw new SyntaxError(`it must be ${least} to ${most} seconds`);
    }
    return Math.round(value * 1000);
  };
}

function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (!words.includes(text)) throw new SyntaxError(`it must be one of ${words.join(", ")}`);
    return text;
  };
}

/** Lets a parser of ours report a bad value the way commander does. */
function reported(parse: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(errorText(error));
    }
  };
}
