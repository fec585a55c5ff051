import { assertNever } from "../base/errors.ts";
import type { LinkEnd } from "../tunnel/link.ts";
import type { Enrol, Enrolled, Hello, Message, Path, Route, Welcome } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { MAX_DEPTH } from "../wire/parse-message.ts";
import { type ChildrenChange, ClusterHandler } from "./cluster-handler.ts";
import { EdgeHandler } from "./edge-handler.ts";
import type { OfChild, TreeEffect, TreeEvent } from "./event.ts";
import { TaskFlow } from "./tasks/task-flow.ts";
import type { LedgerEntry } from "./tasks/task-ledger.ts";

/** By how much to rank above who knocks: its rank may grow until it comes again. */
const RANK_ROOM = 1024;

/** What a node is from its start. */
export interface TreeNodeOptions {
  readonly name: ClusterName;
  /** Whether tasks for this cluster can be executed here. */
  readonly hasShim: boolean;
  /** Whether this is a root: it has no parent and looks for none. */
  readonly isRoot: boolean;
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
  readonly #south: ClusterHandler;
  readonly #north: EdgeHandler;
  readonly #tasks: TaskFlow;

  constructor({ name, hasShim, isRoot, ledger = [] }: TreeNodeOptions) {
    this.name = name;
    this.#south = new ClusterHandler(name);
    this.#north = new EdgeHandler(name, isRoot);
    this.#tasks = new TaskFlow({
      ...{ name, hasShim, ledger },
      nextHop: (target) => this.nextHop(target),
      isCongested: (child) => this.#south.isCongested(child),
      parent: () => this.parent,
    });
  }

  /** The names from the top of the tree to this cluster. */
  get path(): readonly ClusterName[] {
    return this.#north.position.path;
  }

  /** The present parent. */
  get parent(): ClusterName | undefined {
    return this.#north.position.parent;
  }

  /** Whether there is a way from here to a root. */
  get anchored(): boolean {
    return this.#north.position.anchored;
  }

  /** Lower than the parent's, higher than every child's. */
  get rank(): number {
    return this.#north.rank;
  }

  /** Tasks created here that still wait for a verdict. */
  get waitingTasks(): number {
    return this.#tasks.waiting;
  }

  /** Tasks taken on for this cluster that are remembered. */
  get rememberedTasks(): number {
    return this.#tasks.remembered;
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

  /** The child through which `name` is reached. */
  nextHop(name: ClusterName): ClusterName | undefined {
    return this.#south.routes.nextHop(name);
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
  refusal(hello: Hello, now: number): LinkEnd | undefined {
    return this.#south.refusal(hello, this.#north.position, this.rank, now);
  }

  /** Why a cluster that has welcomed us cannot be our parent, or undefined if it can. Changes nothing. */
  unfit(welcome: Welcome, home: boolean): LinkEnd | undefined {
    return this.#north.unfit(welcome, home);
  }

  /** Takes one event at time `now`; returns what is to be done, in order. */
  handle(event: TreeEvent, now: number): TreeEffect[] {
    if ("session" in event && !this.#isPresent(event)) return [];
    const before = this.anchored;
    const effects = this.#take(event, now);
    const { anchored } = this;
    return anchored === before ? effects : [...effects, { kind: "anchored", anchored }];
  }

  #take(event: TreeEvent, now: number): TreeEffect[] {
    switch (event.kind) {
      case "child-knocked":
        return this.#knocked(event.hello, now);
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
        return this.#tasks.drained(now);
      case "parent-joined":
        return [
          ...this.#north.join(event.welcome, this.#south.routes, now),
          ...this.#tellChildren(),
        ];
      case "parent-left":
        this.#north.leave(now);
        return this.#tellChildren();
      case "parent-said":
        return this.#parentSaid(event.message, now);
      case "task-created":
        return this.#tasks.created(event.order, now);
      case "task-deleted":
        this.#tasks.deleted(event.id);
        return [];
      case "task-ran":
        return this.#tasks.ran(event.result, now);
      case "roots-known":
        this.#north.learn({
          siblings: event.addresses.map((listen) => ({ name: this.name, listen })),
        });
        return this.#south.teach(this.#north.position);
      case "enrol":
        return this.#enrol(event.request);
      case "enrolled":
        return this.#enrolled(event.answer);
      case "tick":
        return this.#tasks.tick(now);
      default:
        return assertNever(event, "event");
    }
  }

  #isPresent({ child, session }: OfChild): boolean {
    return this.#south.routes.sessionOf(child) === session;
  }

  /** Nothing but our rank is in its way: that can be helped. */
  #knocked(hello: Hello, now: number): TreeEffect[] {
    const end = this.refusal(hello, now);
    return end?.code === "RANK_TOO_LOW" ? this.#north.rise(hello.rank + RANK_ROOM, now) : [];
  }

  #raise(child: ClusterName, wanted: number, now: number): TreeEffect[] {
    const effects = this.#north.rise(wanted, now);
    this.#south.raising(child, wanted);
    return [...effects, ...this.#raised()];
  }

  /** Tells the children that wait for a higher rank of this cluster. */
  #raised(): TreeEffect[] {
    return this.#south.raised(this.rank).map((child) => this.#tell(child));
  }

  #childSaid(child: ClusterName, message: Message, now: number): TreeEffect[] {
    switch (message.kind) {
      case "raise":
        return this.#raise(child, message.rank, now);
      case "routes":
        return this.#childrenChanged(this.#south.learn(child, message), now);
      case "result":
        if (!this.#south.routes.announces(child, message.cluster)) {
          return [{ kind: "ignored", peer: child, code: "FOREIGN_ANSWER" }];
        }
        return this.#tasks.answer(message, now);
      case "enrol":
        if (!this.#south.routes.announces(child, message.door)) {
          return [{ kind: "ignored", peer: child, code: "FOREIGN_ANSWER" }];
        }
        return this.#enrol(message);
      default:
        return [{ kind: "ignored", peer: child, code: "UNEXPECTED_MESSAGE" }];
    }
  }

  #parentSaid(message: Message, now: number): TreeEffect[] {
    switch (message.kind) {
      case "task":
        return this.#tasks.deliver(message, now);
      case "path":
        return this.#parentMoved(message, now);
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
      case "enrolled":
        return this.#enrolled(message);
      default:
        return [{ kind: "ignored", peer: this.parent ?? this.name, code: "UNEXPECTED_MESSAGE" }];
    }
  }

  #parentMoved(message: Path, now: number): TreeEffect[] {
    const effects = this.#north.move(message, now);
    return effects === undefined ? this.#raised() : [...effects, ...this.#tellChildren()];
  }

  #childrenChanged(change: ChildrenChange, now: number): TreeEffect[] {
    const { changed, removed, moved, effects } = change;
    const names = [...changed.map((route) => route.name), ...removed, ...moved];
    if (names.length === 0) return [...effects];
    return [
      ...effects,
      ...this.#north.changes(changed, removed, this.#south.routes.digest),
      { kind: "clusters-changed", names },
      ...this.#tasks.moved(names, now),
    ];
  }

  /** Our own place is another one: so is that of everybody below. */
  #tellChildren(): TreeEffect[] {
    const told = [...this.#south.routes.children].map(({ name }) => this.#tell(name));
    this.#south.raised(this.rank);
    const names = [this.name, ...[...this.#south.routes.routes()].map((route) => route.name)];
    return [...told, { kind: "clusters-changed", names }];
  }

  #tell(child: ClusterName): TreeEffect {
    const { path, rank, anchored } = this;
    return { kind: "send-child", child, message: { kind: "path", path, rank, anchored } };
  }

  /** Who wants a certificate asks at the top of the tree. */
  #enrol(request: Enrol): TreeEffect[] {
    return this.#north.joined
      ? [{ kind: "send-parent", message: request }]
      : [{ kind: "enrol", request }];
  }

  #enrolled(answer: Enrolled): TreeEffect[] {
    if (answer.door === this.name) return [{ kind: "enrolled", answer }];
    const child = this.#south.routes.nextHop(answer.door);
    return child === undefined ? [] : [{ kind: "send-child", child, message: answer }];
  }
}
