import { type ClusterName, clusterName } from "../wire/names.ts";
import type { Member } from "./member.ts";
import { StepChecks } from "./step-checks.ts";
import type { KeptTask } from "./task-api.ts";
import { type PlannedCluster, plannedCluster } from "./tree-plan.ts";
import { World } from "./world.ts";

/** A world whose invariants are looked at after every step, with what tests ask of it. */
export class TestWorld extends World {
  readonly checks: StepChecks;

  constructor(plan: readonly PlannedCluster[], seed = 1) {
    const checks = new StepChecks();
    super(seed, plan, checks, 0, (world) => {
      checks.world = world;
    });
    this.checks = checks;
  }

  run(ms: number): void {
    this.time.run(ms);
  }

  task(targets: readonly string[], ttlMs = 3_600_000, origin = "root"): KeptTask {
    return this.tasks.create(
      this.member(origin),
      targets as ClusterName[],
      ttlMs,
      Number.POSITIVE_INFINITY,
    );
  }

  parentOf(name: string): string | undefined {
    return this.member(name).uplink?.parent.name;
  }

  /** The path that a member believes to have. */
  pathOf(name: string): string | undefined {
    return this.member(name).node?.path.join("/");
  }

  get names(): ClusterName[] {
    return [...this.members.keys()];
  }

  /** Breaks a member's link to its parent. */
  cut(member: Member): void {
    if (member.uplink !== undefined) this.links.break(member.uplink);
  }
}

/** A plan from `child: parent`; an empty parent is that of the root, which comes first. */
export function planOf(parents: Readonly<Record<string, string>>): PlannedCluster[] {
  return Object.entries(parents).map(([name, parent]) =>
    plannedCluster(clusterName(name), parent === "" ? undefined : clusterName(parent)),
  );
}

/** root, `regions` below it, `edges` below each. */
export function regions(count: number, edges: number): PlannedCluster[] {
  const parents: Record<string, string> = { root: "" };
  for (let region = 1; region <= count; region++) {
    parents[`r${region}`] = "root";
    for (let edge = 1; edge <= edges; edge++) parents[`r${region}-e${edge}`] = `r${region}`;
  }
  return planOf(parents);
}
