import type { ClusterName } from "../wire/names.ts";
import { FAULTS, type Fault, type FaultKind } from "./faults.ts";
import { Injector } from "./injector.ts";
import { InvariantError } from "./invariant.ts";
import type { Member } from "./member.ts";
import { Random } from "./random.ts";
import { makeSchedule } from "./schedule.ts";
import { StepChecks } from "./step-checks.ts";
import { TreeChecks } from "./tree-checks.ts";
import type { PlannedCluster } from "./tree-plan.ts";
import { World } from "./world.ts";

/** Milliseconds until everybody has joined for the first time and faults may begin. */
const SETTLING_MS = 15_000;
/** Milliseconds at the end in which nothing goes wrong any more. */
export const QUIET_MS = 100_000;
const SWEEP_MS = 1000;
const TASK_EVERY_MS = 2000;

/** One simulation. */
export interface SimulationOptions {
  readonly seed: number;
  readonly plan: readonly PlannedCluster[];
  /** What may go wrong. */
  readonly kinds: readonly FaultKind[];
  /** How many faults. */
  readonly faults: number;
  /** Milliseconds of virtual time, the quiet end included. */
  readonly lengthMs: number;
  /** These faults instead of made-up ones. */
  readonly schedule?: readonly Fault[] | undefined;
  /** How many of the last steps to keep as text. */
  readonly kept?: number | undefined;
}

/** What came of a simulation. */
export interface Outcome {
  /** Undefined if everything held. */
  readonly broken: InvariantError | undefined;
  readonly schedule: readonly Fault[];
  /** The same for two runs that were the same, step by step. */
  readonly hash: string;
  readonly steps: number;
  readonly messages: number;
  readonly executions: number;
  /** Milliseconds for which living clusters were not in the root's table. */
  readonly outages: readonly number[];
  /** The last steps. */
  readonly latest: readonly string[];
}

/** Every kind of fault. */
export const ALL_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

/** Lets a tree live through a schedule of faults and looks after every step whether all that must hold does. */
export function simulate(options: SimulationOptions): Outcome {
  const { seed, plan, kinds, faults, lengthMs, kept } = options;
  const until = Math.max(SETTLING_MS, lengthMs - QUIET_MS);
  const made = (): Fault[] =>
    makeSchedule(plan, { seed, kinds, count: faults, from: SETTLING_MS, until });
  const schedule = options.schedule ?? made();
  const steps = new StepChecks();
  const world = new World(seed, plan, steps, kept, (made) => {
    steps.world = made;
  });
  const injector = new Injector(world);
  const tree = new TreeChecks(world, injector);
  steps.onCrash = (member) => injector.crash(member);
  steps.calmSince = (member) => tree.calmSince(member);
  injector.plan(schedule);
  planTasks(world, seed, until);
  let broken: InvariantError | undefined;
  try {
    live(world, steps, tree, schedule, lengthMs);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    broken = error;
  }
  const { trace, messages } = world;
  const { executions, outages } = steps;
  return {
    broken,
    schedule,
    hash: trace.hash,
    steps: trace.steps,
    messages,
    executions,
    outages,
    latest: trace.latest,
  };
}

function live(
  world: World,
  steps: StepChecks,
  tree: TreeChecks,
  schedule: readonly Fault[],
  lengthMs: number,
): void {
  const lastEnd = Math.max(0, ...schedule.map(({ at, forMs }) => at + forMs));
  const end = Math.max(lengthMs, lastEnd + QUIET_MS);
  while (world.time.now < end) {
    world.time.run(SWEEP_MS);
    tree.sweep();
    steps.tasks();
  }
  tree.converged();
}

/** Tasks for some clusters, from the root and now and then from a region, while things go wrong. */
function planTasks(world: World, seed: number, until: number): void {
  const random = new Random(seed ^ 0x7a5c);
  const members = [...world.members.values()];
  const regions = members.filter(({ home }) => home === world.root);
  for (let at = SETTLING_MS; at < until; at += TASK_EVERY_MS) {
    const share = random.pick([0.02, 0.1, 0.5]);
    const parallelism = random.chance(0.2) ? 5 : Number.POSITIVE_INFINITY;
    const ttlMs = random.between(10_000, 60_000);
    const origin = regions.length > 0 && random.chance(0.2) ? random.pick(regions) : world.root;
    const targets = members
      .filter((member) => isBelow(member, origin) && random.chance(share))
      .map(({ name }): ClusterName => name);
    if (targets.length === 0) continue;
    world.time.plan(at, () => {
      if (origin.alive) world.tasks.create(origin, targets, ttlMs, parallelism);
    });
  }
}

function isBelow(member: Member, top: Member): boolean {
  for (let at: Member | undefined = member; at !== undefined; at = at.home)
    if (at === top) return true;
  return false;
}
