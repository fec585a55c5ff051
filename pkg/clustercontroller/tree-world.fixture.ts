import { ParentCandidates } from "../topology/parent-candidates.ts";
import type { Hello, Message, Result, Task } from "../wire/message.ts";
import { type ClusterName, clusterName } from "../wire/names.ts";
import type { Settlement, TaskOrder, TreeEffect, TreeEvent } from "./event.ts";
import type { LedgerEntry } from "./task-ledger.ts";
import { TreeNode } from "./tree-node.ts";
import { VirtualTime } from "./virtual-time.fixture.ts";

/** One controller of a world: what survives its death is on `disk`. */
interface Member {
  readonly name: ClusterName;
  readonly home: ClusterName | undefined;
  readonly disk: Map<string, LedgerEntry | "started">;
  candidates: ParentCandidates | undefined;
  node: TreeNode | undefined;
  life: number;
  session: number;
  parent: Wire | undefined;
}

/** A link between two members; messages keep their order. */
interface Wire {
  readonly child: Member;
  readonly parent: Member;
  open: boolean;
  busyUntil: number;
}

/** A task of a world: what was asked and what came of it, as an API would keep it. */
export interface WorldTask {
  readonly order: TaskOrder;
  readonly verdicts: Map<ClusterName, Settlement[]>;
}

/**
 * Any number of controllers in one process, with the real tree code, virtual time, links with latency,
 * and members that crash and come back with what is on their disks. The same seed gives the same story.
 */
export class TreeWorld {
  readonly members = new Map<ClusterName, Member>();
  readonly tasks = new Map<string, WorldTask>();
  readonly executions = new Map<string, number>();
  /** Milliseconds that the shim of a cluster takes. */
  runMs = 5;
  messages = 0;
  readonly #time = new VirtualTime();
  #random: number;

  constructor(seed = 1) {
    this.#random = seed;
    this.#everyHalfSecond();
  }

  get now(): number {
    return this.#time.now;
  }

  /** A number from 0 up to, but not including, `below`. */
  random(below: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * below);
  }

  add(name: string, home?: string): ClusterName {
    const member: Member = {
      name: clusterName(name),
      home: home === undefined ? undefined : clusterName(home),
      disk: new Map(),
      candidates: undefined,
      node: undefined,
      life: 0,
      session: 0,
      parent: undefined,
    };
    this.members.set(member.name, member);
    this.start(member.name);
    return member.name;
  }

  /** Starts a member that is new or was killed. */
  start(name: ClusterName): void {
    const member = this.#member(name);
    if (member.node !== undefined) return;
    const ledger = [...member.disk].map(([id, entry]) =>
      entry === "started" ? { id, expires: Number.POSITIVE_INFINITY } : entry,
    );
    member.life++;
    member.node = new TreeNode({ name, hasShim: true, ledger });
    if (member.home !== undefined) member.candidates = new ParentCandidates([member.home], name);
    for (const [id, entry] of member.disk)
      if (entry === "started") this.#time.plan(50, () => this.#recover(member, id));
    for (const { order, verdicts } of this.tasks.values()) {
      const waiting = order.waiting.filter((cluster) => !verdicts.has(cluster));
      if (waiting.length > 0 && member.home === undefined) {
        this.#tell(member, { kind: "task-created", order: { ...order, waiting } });
      }
    }
    this.#seek(member);
  }

  /** kill -9: the process is gone, its peers notice soon. */
  kill(name: ClusterName): void {
    const member = this.#member(name);
    if (member.node === undefined) return;
    member.node = undefined;
    member.life++;
    for (const wire of this.#wires(member)) this.cut(wire);
  }

  /** Breaks one link; what is on its way is lost. */
  cut(wire: Wire | undefined): void {
    if (wire === undefined || !wire.open) return;
    wire.open = false;
    if (wire.child.parent === wire) wire.child.parent = undefined;
    const { child, parent } = wire;
    const lives = [child.life, parent.life];
    this.#time.plan(1 + this.random(200), () => {
      if (parent.life === lives[1] && !this.#linked(parent, child)) {
        this.#tell(parent, { kind: "child-left", child: child.name });
      }
    });
    if (child.node === undefined) return;
    this.#tell(child, { kind: "parent-left" });
    child.candidates?.lost();
    this.#seek(child);
  }

  parentOf(name: ClusterName): ClusterName | undefined {
    return this.#member(name).node?.parent;
  }

  node(name: ClusterName): TreeNode | undefined {
    return this.#member(name).node;
  }

  uplink(name: ClusterName): Wire | undefined {
    return this.#member(name).parent;
  }

  /** Writes a task at `origin` for these clusters. */
  task(
    id: string,
    origin: ClusterName,
    waiting: readonly ClusterName[],
    over: Partial<TaskOrder> = {},
  ): WorldTask {
    const order: TaskOrder = {
      id,
      body: new Uint8Array(100),
      waiting,
      deadline: this.now + 3_600_000,
      parallelism: Number.POSITIVE_INFINITY,
      ...over,
    };
    const task: WorldTask = { order, verdicts: new Map() };
    this.tasks.set(id, task);
    this.#tell(this.#member(origin), { kind: "task-created", order });
    return task;
  }

  /** Lets `ms` of virtual time pass. */
  run(ms: number): void {
    this.#time.run(ms);
  }

  #seek(member: Member): void {
    const { candidates, life } = member;
    if (candidates === undefined) return;
    const choice = candidates.choose(this.now);
    const wait = choice.do === "wait" ? choice.until - this.now : 20 + this.random(100);
    this.#time.plan(wait, () => {
      if (member.life !== life || member.parent !== undefined) return;
      if (choice.do === "dial" && this.#join(member, clusterName(choice.address))) {
        candidates.joined(choice.address, this.now);
        return;
      }
      if (choice.do === "dial") candidates.failed(choice.address, this.now);
      this.#seek(member);
    });
  }

  #join(child: Member, address: ClusterName): boolean {
    const parent = this.members.get(address);
    if (child.node === undefined || parent?.node === undefined) return false;
    const hello = this.#hello(child);
    if (parent.node.refusal(hello) !== undefined) return false;
    for (const wire of this.#wires(child)) if (wire.child === child) wire.open = false;
    const wire: Wire = { child, parent, open: true, busyUntil: 0 };
    child.parent = wire;
    this.#wireList.push(wire);
    const welcome = {
      ...hello,
      kind: "welcome",
      name: parent.name,
      path: parent.node.path,
      listen: parent.name,
    } as const;
    this.#tell(parent, { kind: "child-joined", hello });
    this.#tell(child, { kind: "parent-joined", welcome });
    return true;
  }

  readonly #wireList: Wire[] = [];

  #wires(member: Member): Wire[] {
    return this.#wireList.filter(
      (wire) => wire.open && (wire.child === member || wire.parent === member),
    );
  }

  #linked(parent: Member, child: Member): boolean {
    return child.parent?.open === true && child.parent.parent === parent;
  }

  #hello(member: Member): Hello {
    member.session++;
    return {
      kind: "hello",
      name: member.name,
      instance: `i-${member.name}`,
      session: member.session,
      tags: {},
      listen: member.name,
      version: "test",
      capabilities: [],
      heartbeatMs: 1000,
      preferredParent: "",
    };
  }

  #tell(member: Member, event: TreeEvent): void {
    if (member.node === undefined) return;
    for (const effect of member.node.handle(event, this.now)) this.#perform(member, effect);
  }

  #perform(member: Member, effect: TreeEffect): void {
    switch (effect.kind) {
      case "send-child": {
        const wire = this.#member(effect.child).parent;
        if (wire?.parent === member) this.#carry(wire, member, effect.message);
        break;
      }
      case "send-parent":
        if (member.parent !== undefined) this.#carry(member.parent, member, effect.message);
        break;
      case "end-child":
        this.cut(this.#member(effect.child).parent);
        break;
      case "end-parent":
        this.cut(member.parent);
        break;
      case "run":
        this.#execute(member, effect.task);
        break;
      case "settled":
        for (const settlement of effect.settlements) this.#note(effect.id, settlement);
        break;
      case "candidates":
        member.candidates?.learn(effect.neighbours);
        break;
      default:
        break;
    }
  }

  #carry(wire: Wire, from: Member, message: Message): void {
    const to = from === wire.child ? wire.parent : wire.child;
    wire.busyUntil = Math.max(wire.busyUntil, this.now + 1 + this.random(20));
    this.messages++;
    this.#time.plan(wire.busyUntil - this.now, () => {
      if (!wire.open) return;
      const event: TreeEvent =
        to === wire.parent
          ? { kind: "child-said", child: from.name, message }
          : { kind: "parent-said", message };
      this.#tell(to, event);
    });
  }

  #execute(member: Member, task: Task): void {
    const { life } = member;
    member.disk.set(task.id, "started");
    this.#time.plan(1 + this.random(this.runMs), () => {
      if (member.life !== life) return;
      const key = `${task.id}@${member.name}`;
      this.executions.set(key, (this.executions.get(key) ?? 0) + 1);
      this.#time.plan(1 + this.random(this.runMs), () => {
        if (member.life === life) this.#finish(member, task.id, "done", task.origin);
      });
    });
  }

  #recover(member: Member, id: string): void {
    if (member.node !== undefined && member.disk.get(id) === "started")
      this.#finish(member, id, "failed");
  }

  #finish(
    member: Member,
    id: string,
    verdict: "done" | "failed",
    origin = clusterName("root"),
  ): void {
    const body = new Uint8Array();
    const result: Result = {
      kind: "result",
      id,
      origin,
      cluster: member.name,
      verdict,
      code: 200,
      reason: "",
      truncated: false,
      timestamp: this.now,
      body,
    };
    member.disk.set(id, { id, expires: Number.POSITIVE_INFINITY, result });
    this.#tell(member, { kind: "task-ran", result });
  }

  #note(id: string, settlement: Settlement): void {
    const cluster = settlement.by === "answer" ? settlement.result.cluster : settlement.cluster;
    const { verdicts } = this.tasks.get(id) as WorldTask;
    verdicts.set(cluster, [...(verdicts.get(cluster) ?? []), settlement]);
  }

  #everyHalfSecond(): void {
    this.#time.plan(500, () => {
      for (const member of this.members.values()) this.#tell(member, { kind: "tick" });
      this.#everyHalfSecond();
    });
  }

  #member(name: ClusterName): Member {
    const member = this.members.get(name);
    if (member === undefined) throw new RangeError(`Cannot find member "${name}"`);
    return member;
  }
}
