import { readFile } from "node:fs/promises";
import { errorText } from "../pkg/base/errors.ts";
import { readTopology } from "../pkg/demo/topology.ts";
import type { Fault, FaultKind } from "../pkg/simulation/faults.ts";
import { formatSchedule, parseSchedule } from "../pkg/simulation/schedule-file.ts";
import { shrink } from "../pkg/simulation/shrink.ts";
import { type Outcome, type SimulationOptions, simulate } from "../pkg/simulation/simulate.ts";
import { evenTree, type PlannedCluster, plannedCluster } from "../pkg/simulation/tree-plan.ts";
import { NothingToDo, parseOptions, UsageError } from "./option-table.ts";
import { SIM_ROWS } from "./sim-options.ts";
import { VERSION } from "./version.ts";

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly clusters: string;
  readonly depth: number;
  readonly minutes: number;
  readonly faults: readonly FaultKind[];
  readonly count: number;
  readonly schedule?: string;
}

/** Steps shown before the one at which something broke. */
const SHOWN_STEPS = 20;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

// Who reads only the first lines has seen enough.
process.stdout.on("error", () => process.exit(1));
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = parseOptions<Options>("sim", SIM_ROWS, process.argv.slice(2), VERSION);
    const plan = await planOf(options);
    const { schedule: file } = options;
    const schedule = file === undefined ? undefined : parseSchedule(await readFile(file, "utf8"));
    return runAll(options, plan, schedule);
  } catch (error) {
    if (error instanceof NothingToDo) return 0;
    process.stderr.write(`sim: ${errorText(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function planOf({ clusters, depth }: Options): Promise<readonly PlannedCluster[]> {
  if (!/^\d+$/.test(clusters)) {
    const topology = await readTopology(clusters);
    return topology.map(({ name, parent }) => plannedCluster(name, parent));
  }
  const count = Number(clusters);
  if (count < 2 || count > 100_000)
    throw new UsageError("Cannot simulate --clusters as it must be 2 to 100000: it is not");
  return evenTree(count, depth);
}

function runAll(
  options: Options,
  plan: readonly PlannedCluster[],
  schedule: readonly Fault[] | undefined,
): number {
  const { seed: first, runs, faults: kinds, count: faults, minutes } = options;
  const totals = { runs: 0, steps: 0, messages: 0, executions: 0, outages: [] as number[] };
  const began = performance.now();
  for (let seed = first; seed < first + runs; seed++) {
    const run = { seed, plan, kinds, faults, lengthMs: minutes * 60_000, schedule };
    const outcome = simulate(run);
    if (outcome.broken !== undefined) {
      showFailure(options, run, outcome);
      return 1;
    }
    totals.runs++;
    totals.steps += outcome.steps;
    totals.messages += outcome.messages;
    totals.executions += outcome.executions;
    for (const outage of outcome.outages) totals.outages.push(outage);
    if (runs <= 20) say(`seed ${seed}: everything held, trace ${outcome.hash}`);
  }
  showTotals(plan.length, totals, performance.now() - began);
  return 0;
}

function showTotals(
  clusters: number,
  totals: { runs: number; steps: number; messages: number; executions: number; outages: number[] },
  tookMs: number,
): void {
  const { runs, steps, messages, executions } = totals;
  const outages = totals.outages.sort((a, b) => a - b);
  const share = (part: number): string =>
    ((outages[Math.floor(outages.length * part)] ?? 0) / 1000).toFixed(1);
  const number = (value: number): string => value.toLocaleString("en");
  say(
    `${number(runs)} runs of ${number(clusters)} clusters: every invariant held after every step`,
  );
  say(`${number(steps)} steps, ${number(messages)} messages, ${number(executions)} tasks executed`);
  say(`out of reach ${number(outages.length)} times, p50 ${share(0.5)} s, p99 ${share(0.99)} s`);
  say(`took ${(tookMs / 1000).toFixed(1)} s`);
}

function showFailure(options: Options, run: SimulationOptions, outcome: Outcome): void {
  const { broken, schedule } = outcome;
  if (broken === undefined) return;
  say(`seed ${run.seed}: ${broken.message}`);
  const replay = ["npm run sim --", `--seed ${run.seed} --runs 1 --clusters ${options.clusters}`];
  replay.push(`--depth ${options.depth} --minutes ${options.minutes}`);
  if (options.schedule !== undefined) replay.push(`--schedule ${options.schedule}`);
  else replay.push(`--count ${run.faults} --faults ${run.kinds.join(",") || "none"}`);
  say(`replay: ${replay.join(" ")}`);
  const fails = (some: readonly Fault[]): boolean =>
    simulate({ ...run, schedule: some }).broken?.invariant === broken.invariant;
  const least = shrink(schedule, fails);
  say(`${least.length} of ${schedule.length} faults are enough; for --schedule:`);
  process.stdout.write(formatSchedule(least));
  const again = simulate({ ...run, schedule: least, kept: SHOWN_STEPS });
  say(`with them: ${again.broken?.message ?? "everything held"}`);
  for (const step of again.latest) say(`  ${step}`);
}
