import { assertNever } from "../base/errors.ts";
import type { LinkEnd } from "../tunnel/link.ts";
import type { Hello, Message, Result, Route, Task } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { MAX_DEPTH } from "../wire/parse-message.ts";
import { type ChildrenChange, ClusterHandler } from "./cluster-handler.ts";
import { EdgeHandler } from "./edge-handler.ts";
import type { TreeEffect, TreeEvent } from "./event.ts";
import { type BoardChange, type Reach, type Sending, TaskBoard } from "./task-board.ts";
import { type LedgerEntry, TaskLedger } from "./task-ledger.ts";

/** Most targets in one message; more of them below one child are sent as several. */
export const TARGETS_PER_MESSAGE = 2000;

/** What a node is from its start. */
export interface TreeNodeOptions {
  readonly name: ClusterName;
  /** Whether tasks for this cluster can be executed here. */
  readonly hasShim: boolean;
  /** The tasks taken on before a restart. */
  readonly ledger?: Iterable<LedgerEntry>;
}

/**
 * One cluster controller's part in the tree, as a state machine: it is told what happened and when, and
 * returns what is to be done. No socket, timer, clock, random number or log is in it or below it, so the
 * same code runs over a network, in memory and in a simulation. `now` is in milliseconds of any clock
 * that does not jump.
 */
export class TreeNode {
  readonly name: ClusterName;
  readonly #hasShim: boolean;
  readonly #south: ClusterHandler;
  readonly #north: EdgeHandler;
  readonly #board: TaskBoard;
  readonly #ledger: TaskLedger;

  constructor({ name, hasShim, ledger = [] }: TreeNodeOptions) {
    this.name = name;
    this.#hasShim = hasShim;
    this.#south = new ClusterHandler(name);
    this.#north = new EdgeHandler(name);
    this.#board = new TaskBoard(name, (cluster) => this.#reach(cluster));
    this.#ledger = new TaskLedger(ledger);
  }

  /** The names from the top of the tree to this cluster. */
  get path(): readonly ClusterName[] {
    return this.#north.position.path;
  }

  /** The present parent. */
  get parent(): ClusterName | undefined {
    return this.#north.position.parent;
  }

  /** Tasks created here that still wait for a verdict. */
  get waitingTasks(): number {
    return this.#board.size;
  }

  /** How many clusters are below this one. */
  get subtreeSize(): number {
    return this.#south.routes.size;
  }

  /** Every cluster below this one. */
  routes(): Iterable<Route> {
    return this.#south.routes.routes();
  }

  /** What is known of one cluster below this one; undefined if there is no way to it. */
  route(name: ClusterName): Route | undefined {
    return this.#south.routes.route(name);
  }

  /** The names from below this cluster down to `name`, who is the last. */
  hopsTo(name: ClusterName): ClusterName[] {
    const hops: ClusterName[] = [];
    for (
      let at = this.route(name);
      at !== undefined && hops.length < MAX_DEPTH;
      at = this.route(at.parent)
    ) {
      hops.unshift(at.name);
    }
    return hops;
  }

  /** Why a cluster that says hello may not join, or undefined if it may. Changes nothing. */
  refusal(hello: Hello): LinkEnd | undefined {
    return this.#south.refusal(hello, this.#north.position);
  }

  /** Takes one event at time `now`; returns what is to be done, in order. */
  handle(event: TreeEvent, now: number): TreeEffect[] {
    switch (event.kind) {
      case "child-joined":
        return this.#childrenChanged(this.#south.joined(event.hello, this.#north.position), now);
      case "child-left":
        return this.#childrenChanged(this.#south.left(event.child, this.#north.position), now);
      case "child-said":
        return this.#childSaid(event.child, event.message, now);
      case "child-congested":
        this.#south.setCongested(event.child, true);
        return [];
      case "child-drained":
        this.#south.setCongested(event.child, false);
        return this.#boardChanged(this.#board.tick(now), now);
      case "parent-joined":
        return [...this.#north.join(event.welcome, this.#south.routes), ...this.#tellChildren()];
      case "parent-left":
        this.#north.leave();
        return this.#tellChildren();
      case "parent-said":
        return this.#parentSaid(event.message, now);
      case "task-created":
        return this.#boardChanged(this.#board.add(event.order, now), now);
      case "task-deleted":
        this.#board.remove(event.id);
        return [];
      case "task-ran":
        this.#ledger.finished(event.result);
        return this.#answer(event.result, now);
      case "tick":
        return [...this.#forget(now), ...this.#boardChanged(this.#board.tick(now), now)];
      default:
        return assertNever(event, "event");
    }
  }

  #childSaid(child: ClusterName, message: Message, now: number): TreeEffect[] {
    switch (message.kind) {
      case "routes":
        return this.#childrenChanged(this.#south.learn(child, message), now);
      case "result":
        if (!this.#south.routes.announces(child, message.cluster)) {
          return [{ kind: "ignored", peer: child, code: "FOREIGN_ANSWER" }];
        }
        return this.#answer(message, now);
      default:
        return [{ kind: "ignored", peer: child, code: "UNEXPECTED_MESSAGE" }];
    }
  }

  #parentSaid(message: Message, now: number): TreeEffect[] {
    switch (message.kind) {
      case "task":
        return this.#deliver(message, message.targets, now);
      case "path": {
        const effects = this.#north.move(message.path);
        return effects === undefined ? [] : [...effects, ...this.#tellChildren()];
      }
      case "neighbours":
        this.#north.learn(message);
        return [
          { kind: "candidates", neighbours: message },
          ...this.#south.teach(this.#north.position),
        ];
      case "resync":
        return this.#north.snapshot(this.#south.routes);
      case "conflict":
        if (message.name !== this.name) return [...this.#south.pass(message).effects];
        return [{ kind: "end-parent", reason: { code: message.code, text: message.text } }];
      default:
        return [{ kind: "ignored", peer: this.parent ?? this.name, code: "UNEXPECTED_MESSAGE" }];
    }
  }

  #childrenChanged({ changed, removed, effects }: ChildrenChange, now: number): TreeEffect[] {
    const names = [...changed.map((route) => route.name), ...removed];
    if (names.length === 0) return [...effects];
    return [
      ...effects,
      ...this.#north.changes(changed, removed, this.#south.routes.digest),
      { kind: "clusters-changed", names },
      ...this.#boardChanged(this.#board.moved(names, now), now),
    ];
  }

  /** Our own place is another one: so is that of everybody below. */
  #tellChildren(): TreeEffect[] {
    const { path } = this.#north.position;
    const told = [...this.#south.routes.children].map(
      ({ name }): TreeEffect => ({
        kind: "send-child",
        child: name,
        message: { kind: "path", path },
      }),
    );
    const names = [this.name, ...[...this.#south.routes.routes()].map((route) => route.name)];
    return [...told, { kind: "clusters-changed", names }];
  }

  #boardChanged({ sendings, settled }: BoardChange, now: number): TreeEffect[] {
    const verdicts = settled.map(
      ({ id, settlements }): TreeEffect => ({ kind: "settled", id, settlements }),
    );
    return [...verdicts, ...sendings.flatMap((sending) => this.#send(sending, now))];
  }

  #send({ task, targets }: Sending, now: number): TreeEffect[] {
    return this.#deliver({ ...task, targets: [] }, targets, now);
  }

  /** Executes a task here if this cluster is among the targets, and passes it on to the others. */
  #deliver(task: Task, targets: readonly ClusterName[], now: number): TreeEffect[] {
    const effects: TreeEffect[] = [];
    const byChild = new Map<ClusterName, ClusterName[]>();
    for (const target of targets) {
      if (target === this.name) {
        effects.push(...this.#receive(task, now));
        continue;
      }
      // No way, or too much waiting on it: the origin sends again, which costs this tier no memory.
      const child = this.#south.routes.nextHop(target);
      if (child === undefined || this.#south.isCongested(child)) continue;
      const group = byChild.get(child);
      if (group === undefined) byChild.set(child, [target]);
      else group.push(target);
    }
    for (const [child, group] of byChild) {
      for (let from = 0; from < group.length; from += TARGETS_PER_MESSAGE) {
        const part = group.slice(from, from + TARGETS_PER_MESSAGE);
        effects.push({ kind: "send-child", child, message: { ...task, targets: part } });
      }
    }
    return effects;
  }

  #receive(task: Task, now: number): TreeEffect[] {
    if (!this.#hasShim) return this.#answer(refusal(task, this.name, "refused", "NoShim"), now);
    const decision = this.#ledger.receive(task, now);
    switch (decision.do) {
      case "run":
        return [{ kind: "run", task: { ...task, targets: [this.name] } }];
      case "answer":
        return this.#answer({ ...decision.result, origin: task.origin }, now);
      case "refuse":
        return this.#answer(refusal(task, this.name, decision.verdict, decision.reason), now);
      case "nothing":
        return [];
    }
  }

  /** An answer belongs to the origin of its task; everybody between passes it up. */
  #answer(result: Result, now: number): TreeEffect[] {
    if (result.origin === this.name)
      return this.#boardChanged(this.#board.answer(result, now), now);
    return this.#north.joined ? [{ kind: "send-parent", message: result }] : [];
  }

  #forget(now: number): TreeEffect[] {
    const ids = this.#ledger.prune(now);
    return ids.length === 0 ? [] : [{ kind: "forget", ids }];
  }

  #reach(cluster: ClusterName): Reach {
    if (cluster === this.name) return "yes";
    const child = this.#south.routes.nextHop(cluster);
    if (child === undefined) return "no";
    return this.#south.isCongested(child) ? "congested" : "yes";
  }
}

function refusal(
  task: Task,
  cluster: ClusterName,
  verdict: "refused" | "expired",
  reason: string,
): Result {
  const { id, origin } = task;
  const text =
    verdict === "expired" ? "The deadline had passed when the task arrived" : REFUSALS[reason];
  return {
    kind: "result",
    id,
    origin,
    cluster,
    verdict,
    code: 0,
    reason,
    truncated: false,
    timestamp: 0,
    body: new TextEncoder().encode(text ?? reason),
  };
}

const REFUSALS: Readonly<Record<string, string>> = {
  NoShim: "This cluster controller has no shim, so nothing can be executed here",
  LedgerFull: "This cluster remembers as many tasks as it may and takes no new ones for now",
};
