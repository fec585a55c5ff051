import { ALL_KINDS } from "../pkg/simulation/simulate.ts";
import type { OptionRow } from "./option-table.ts";

/** Every setting of the simulator. */
export const SIM_ROWS: readonly OptionRow[] = [
  {
    flags: "--seed <number>",
    env: "OTE_SIM_SEED",
    meaning: "first seed; a run with the same settings and seed is the same, step by step",
    default: "1",
    parse: whole(0, 0xffff_ffff),
  },
  {
    flags: "--runs <number>",
    env: "OTE_SIM_RUNS",
    meaning: "how many runs, each with the next seed",
    default: "10",
    parse: whole(1, 10_000_000),
  },
  {
    flags: "--clusters <number or file>",
    env: "OTE_SIM_CLUSTERS",
    meaning:
      "how many clusters, or a YAML list of {name, parent, tags, api} as for the demonstration",
    default: "200",
  },
  {
    flags: "--depth <tiers>",
    env: "OTE_SIM_DEPTH",
    meaning: "tiers below the root, if there is no file",
    default: "4",
    parse: whole(1, 60),
  },
  {
    flags: "--minutes <minutes>",
    env: "OTE_SIM_MINUTES",
    meaning: "virtual time of a run; in the last 100 seconds nothing goes wrong any more",
    default: "4",
    parse: whole(2, 100_000),
  },
  {
    flags: "--faults <kinds>",
    env: "OTE_SIM_FAULTS",
    meaning: `all, none, or some of ${ALL_KINDS.join(", ")}`,
    default: "all",
    parse: kinds,
  },
  {
    flags: "--count <number>",
    env: "OTE_SIM_COUNT",
    meaning: "faults in each run",
    default: "30",
    parse: whole(0, 100_000),
  },
  {
    flags: "--schedule <file>",
    env: "OTE_SIM_SCHEDULE",
    meaning: "play these faults, one JSON object a line, instead of made-up ones",
  },
];

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new SyntaxError(`it must be a whole number from ${least} to ${most}`);
    return value;
  };
}

function kinds(text: string): readonly string[] {
  if (text === "all") return ALL_KINDS;
  if (text === "none") return [];
  const words = text.split(",").map((word) => word.trim());
  const unknown = words.filter((word) => !(ALL_KINDS as readonly string[]).includes(word));
  if (unknown.length > 0)
    throw new SyntaxError(`it must be all, none, or some of ${ALL_KINDS.join(", ")}`);
  return words;
}
