import type { Result, Task } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import { MAX_DEPTH } from "../../wire/parse-message.ts";
import type { TaskOrder, TreeEffect } from "../event.ts";
import { type BoardChange, type Reach, TaskBoard } from "./task-board.ts";
import { type LedgerEntry, TaskLedger } from "./task-ledger.ts";
import { divide, refusal } from "./task-part.ts";

/** What tasks need to know of the tree around them. */
export interface TaskFlowParts {
  readonly name: ClusterName;
  /** Whether tasks for this cluster can be executed here. */
  readonly hasShim: boolean;
  /** The child through which a cluster is reached. */
  readonly nextHop: (target: ClusterName) => ClusterName | undefined;
  /** Whether a child takes no tasks for now. */
  readonly isCongested: (child: ClusterName) => boolean;
  readonly parent: () => ClusterName | undefined;
  /** The tasks taken on before a restart. */
  readonly ledger: Iterable<LedgerEntry>;
}

/**
 * How tasks and their results pass one node: down to whom they are for, up to where they were created, and
 * what of it is for this cluster. Pure: `now` is in milliseconds of any clock that does not jump.
 */
export class TaskFlow {
  readonly #parts: TaskFlowParts;
  readonly #board: TaskBoard;
  readonly #ledger: TaskLedger;

  constructor(parts: TaskFlowParts) {
    this.#parts = parts;
    this.#board = new TaskBoard(parts.name, (cluster) => this.#reach(cluster));
    this.#ledger = new TaskLedger(parts.ledger);
  }

  /** Tasks created here that still wait for a verdict. */
  get waiting(): number {
    return this.#board.size;
  }

  /** Tasks taken on for this cluster that are remembered. */
  get remembered(): number {
    return this.#ledger.size;
  }

  /** A task was created here. */
  created(order: TaskOrder, now: number): TreeEffect[] {
    return this.#changed(this.#board.add(order, now), now);
  }

  /** A task that was created here is wanted no more. */
  deleted(id: string): void {
    this.#board.remove(id);
  }

  /** The way to these clusters is another one, or gone. */
  moved(names: Iterable<ClusterName>, now: number): TreeEffect[] {
    return this.#changed(this.#board.moved(names, now), now);
  }

  /** A child takes tasks again. */
  drained(now: number): TreeEffect[] {
    return this.#changed(this.#board.tick(now), now);
  }

  /** Time has passed. */
  tick(now: number): TreeEffect[] {
    const ids = this.#ledger.prune(now);
    const forgotten: TreeEffect[] = ids.length === 0 ? [] : [{ kind: "forget", ids }];
    return [...forgotten, ...this.#changed(this.#board.tick(now), now)];
  }

  /** This cluster's shim has a result. */
  ran(result: Result, now: number): TreeEffect[] {
    this.#ledger.finished(result);
    return this.answer(result, now);
  }

  /** Executes a task here if this cluster is among the targets, and passes it on to the others. */
  deliver(task: Task, now: number): TreeEffect[] {
    const { name, parent } = this.#parts;
    const { here, below } = divide(task, name, (target) => this.#openHop(target));
    const effects = here === undefined ? [] : this.#receive(here, now);
    if (task.hops >= MAX_DEPTH && below.length > 0)
      return [...effects, { kind: "ignored", peer: parent() ?? name, code: "TOO_MANY_HOPS" }];
    const sends = below.map(
      ({ child, part }): TreeEffect => ({ kind: "send-child", child, message: part }),
    );
    return [...effects, ...sends];
  }

  /** An answer belongs to the origin of its task; everybody between passes it up. */
  answer(result: Result, now: number): TreeEffect[] {
    const { name, parent } = this.#parts;
    if (result.origin === name) return this.#changed(this.#board.answer(result, now), now);
    return parent() === undefined ? [] : [{ kind: "send-parent", message: result }];
  }

  #changed({ sendings, settled }: BoardChange, now: number): TreeEffect[] {
    const verdicts = settled.map(
      ({ id, settlements }): TreeEffect => ({ kind: "settled", id, settlements }),
    );
    const sent = sendings.flatMap(({ task, targets, proofs }) =>
      this.deliver({ ...task, targets, proofs }, now),
    );
    return [...verdicts, ...sent];
  }

  #receive(task: Task, now: number): TreeEffect[] {
    const { name, hasShim } = this.#parts;
    if (!hasShim) return this.answer(refusal(task, name, "refused", "NoShim"), now);
    const decision = this.#ledger.receive(task, now);
    switch (decision.do) {
      case "run":
        return [{ kind: "run", task }];
      case "answer":
        return this.answer({ ...decision.result, origin: task.origin }, now);
      case "refuse":
        return this.answer(refusal(task, name, decision.verdict, decision.reason), now);
      case "nothing":
        return [];
    }
  }

  /** No way, or too much waiting on it: the origin sends again, which costs this tier no memory. */
  #openHop(target: ClusterName): ClusterName | undefined {
    const child = this.#parts.nextHop(target);
    return child === undefined || this.#parts.isCongested(child) ? undefined : child;
  }

  #reach(cluster: ClusterName): Reach {
    const { name, nextHop, isCongested } = this.#parts;
    if (cluster === name) return "yes";
    const child = nextHop(cluster);
    if (child === undefined) return "no";
    return isCongested(child) ? "congested" : "yes";
  }
}
