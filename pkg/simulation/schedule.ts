import { type Fault, type FaultKind, faultRow } from "./faults.ts";
import { Random } from "./random.ts";
import type { PlannedCluster } from "./tree-plan.ts";

/** How a schedule is made up. */
export interface ScheduleOptions {
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  readonly count: number;
  /** Milliseconds of virtual time between which faults begin. */
  readonly from: number;
  readonly until: number;
}

/** Makes up faults for a tree; the same options give the same ones. */
export function makeSchedule(plan: readonly PlannedCluster[], options: ScheduleOptions): Fault[] {
  const { seed, kinds, count, from, until } = options;
  const random = new Random(seed ^ 0x5eed);
  const parents = new Set(plan.map(({ parent }) => parent));
  const all = plan.map(({ name }) => name);
  const inner = all.filter((name) => parents.has(name));
  const schedule: Fault[] = [];
  if (kinds.length === 0) return schedule;
  for (let number = 0; number < count; number++) {
    const fault = random.pick(kinds);
    const { hows, shortest, longest, parents: onlyParents } = faultRow(fault);
    // Half of all faults hit those in the middle, who are few and matter more.
    const whom = random.pick(onlyParents === true || random.chance(0.5) ? inner : all);
    const forMs = Math.round(shortest + (longest - shortest) * (random.below(1000) / 1000) ** 2);
    schedule.push({ at: random.between(from, until), fault, whom, forMs, how: random.pick(hows) });
  }
  return schedule.sort((a, b) => a.at - b.at);
}
