import type { Settlement, TaskOrder, TreeEvent } from "../clustercontroller/event.ts";
import type { ClusterName } from "../wire/names.ts";
import type { Member } from "./member.ts";
import type { Random } from "./random.ts";

/** A task as the API of its origin keeps it. */
export interface KeptTask {
  readonly id: string;
  readonly origin: Member;
  readonly targets: readonly ClusterName[];
  /** On the clock of the world. */
  readonly deadline: number;
  readonly parallelism: number;
  /** What is written for good. */
  readonly verdicts: Map<ClusterName, string>;
}

/** What an API needs of its world. */
export interface TaskApiParts {
  readonly random: Random;
  readonly after: (member: Member, ms: number, run: () => void) => void;
  readonly clock: (member: Member) => number;
  readonly now: () => number;
  readonly tell: (member: Member, event: TreeEvent) => void;
  /** Called for each verdict before it is written. */
  readonly onVerdict: (task: KeptTask, cluster: ClusterName) => void;
}

/** The APIs to which tasks are written: what was frozen and written survives, what was about to be does not. */
export class TaskApi {
  readonly tasks = new Map<string, KeptTask>();
  readonly #parts: TaskApiParts;

  constructor(parts: TaskApiParts) {
    this.#parts = parts;
  }

  create(
    origin: Member,
    targets: readonly ClusterName[],
    ttlMs: number,
    parallelism: number,
  ): KeptTask {
    const id = `t${this.tasks.size}`;
    const deadline = this.#parts.now() + ttlMs;
    const task = { id, origin, targets, deadline, parallelism, verdicts: new Map() };
    this.tasks.set(id, task);
    if (origin.stalled === undefined) this.#give(task);
    else this.#parts.after(origin, 0, () => this.#give(task));
    return task;
  }

  /** The origin has started: what is not completed is taken up again. */
  resume(origin: Member): void {
    for (const task of this.tasks.values()) {
      if (task.origin !== origin || task.verdicts.size === task.targets.length) continue;
      this.#parts.after(origin, this.#parts.random.between(50, 300), () => this.#give(task));
    }
  }

  settled(origin: Member, id: string, settlements: readonly Settlement[]): void {
    const task = this.tasks.get(id);
    if (task === undefined) return;
    this.#parts.after(origin, this.#parts.random.between(5, 20), () => {
      for (const settlement of settlements) this.#write(task, settlement);
    });
  }

  #write(task: KeptTask, settlement: Settlement): void {
    const answered = settlement.by === "answer";
    const cluster = answered ? settlement.result.cluster : settlement.cluster;
    this.#parts.onVerdict(task, cluster);
    task.verdicts.set(cluster, answered ? settlement.result.verdict : settlement.verdict);
  }

  #give({ id, origin, targets, deadline, parallelism, verdicts }: KeptTask): void {
    const { now, clock, tell } = this.#parts;
    const order: TaskOrder = {
      id,
      body: new Uint8Array(),
      waiting: targets.filter((cluster) => !verdicts.has(cluster)),
      deadline: deadline - now() + clock(origin),
      parallelism,
    };
    tell(origin, { kind: "task-created", order });
  }
}
