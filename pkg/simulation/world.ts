import type { TreeEffect, TreeEvent } from "../clustercontroller/event.ts";
import { TreeNode } from "../clustercontroller/tree-node.ts";
import { ParentCandidates } from "../topology/parent-candidates.ts";
import type { Welcome } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { LinkEvents } from "./link-events.ts";
import { Links } from "./links.ts";
import { type CrashPoint, ledgerOf, Member, type Wire } from "./member.ts";
import { Network } from "./network.ts";
import type { Observer } from "./observer.ts";
import { ParentSeeker } from "./parent-seeker.ts";
import { Random } from "./random.ts";
import { TaskApi } from "./task-api.ts";
import { TaskExecutor } from "./task-executor.ts";
import { Trace } from "./trace.ts";
import type { PlannedCluster } from "./tree-plan.ts";
import { VirtualTime } from "./virtual-time.ts";

const TICK_MS = 500;
/** Where the wall clocks of a world begin. */
const EPOCH_MS = 1_700_000_000_000;

/**
 * Any number of controllers in one process: the real tree code, with virtual time, in-memory links and
 * disks that survive. The same seed and the same faults give the same story, step by step.
 */
export class World {
  readonly members = new Map<ClusterName, Member>();
  readonly time = new VirtualTime();
  readonly network: Network;
  readonly links: Links;
  readonly trace: Trace;
  readonly tasks: TaskApi;
  readonly executor: TaskExecutor;
  readonly #random: Random;
  readonly #events: LinkEvents;
  readonly #seeker: ParentSeeker;
  readonly #observer: Observer;

  constructor(
    seed: number,
    plan: readonly PlannedCluster[],
    observer: Observer,
    kept = 0,
    ready: (world: World) => void = () => {},
  ) {
    this.#random = new Random(seed);
    this.#observer = observer;
    this.trace = new Trace(kept);
    this.network = new Network(this.#random);
    this.links = new Links(this.time, this.network, this.#random, {
      hear: (lane, message) => this.#events.hear(lane, message),
      ended: (wire, at, code) => this.#events.ended(wire, at, code),
      flowChanged: (lane) => this.#events.flowChanged(lane),
    });
    const after = this.after.bind(this);
    this.#events = new LinkEvents({
      links: this.links,
      clock: (member) => this.clock(member),
      wall: (member) => this.wall(member),
      after,
      tell: (member, event) => this.tell(member, event),
      note: ({ name }, what, about) => this.trace.note(this.time.now, name, what, about),
      parentLost: (member, wire, code) => this.#seeker.lost(member, wire, code),
    });
    this.executor = new TaskExecutor({
      random: this.#random,
      after,
      wall: (member) => this.wall(member),
      crash: (member, point) => this.#crash(member, point),
      onExecuted: (member, id) => observer.executed(member, id),
      onResult: (member, result) => this.tell(member, { kind: "task-ran", result }),
    });
    this.tasks = new TaskApi({
      random: this.#random,
      after,
      clock: (member) => this.clock(member),
      now: () => this.time.now,
      tell: (member, event) => this.tell(member, event),
      onVerdict: (task, cluster) => observer.verdict(task, cluster),
    });
    this.#seeker = new ParentSeeker({
      links: this.links,
      network: this.network,
      random: this.#random,
      after,
      memberAt: (address) => this.members.get(address as ClusterName),
      knock: (child, parent) => this.#events.knock(child, parent),
      onDial: ({ name }, address) => this.trace.note(this.time.now, name, "dials", address),
      onJoined: (member, welcome) => this.#joined(member, welcome),
      onLost: (member) => this.tell(member, { kind: "parent-left" }),
      clock: (member) => this.clock(member),
    });
    ready(this);
    for (const { name, parent, parents } of plan) this.#add(name, parent, parents);
    this.#everyTick();
  }

  /** Messages that have arrived. */
  get messages(): number {
    return this.#events.messages;
  }

  /** The cluster that the plan puts at the top. */
  get root(): Member {
    return this.members.values().next().value as Member;
  }

  /** The member of that name. */
  member(name: string): Member {
    const member = this.members.get(name as ClusterName);
    if (member === undefined) throw new RangeError(`Cannot find cluster "${name}"`);
    return member;
  }

  /** Milliseconds on the clock of its process, which does not jump. */
  clock(member: Member): number {
    return this.time.now - member.bornAt;
  }

  /** Milliseconds since 1970, as its machine believes. */
  wall(member: Member): number {
    return EPOCH_MS + this.time.now + member.wallOffset;
  }

  /** Calls back in the member's event loop after `ms`, if its process still lives then. */
  after(member: Member, ms: number, run: () => void): void {
    const { life } = member;
    this.time.plan(ms, () => {
      if (member.life !== life) return;
      if (member.stalled === undefined) run();
      else member.stalled.push(run);
    });
  }

  /** Starts a process that is not there. */
  start(member: Member): void {
    if (member.alive) return;
    const { name, home, parents, disk } = member;
    member.life++;
    member.bornAt = this.time.now;
    const ledger = ledgerOf(member, 0, this.wall(member));
    member.node = new TreeNode({ name, hasShim: true, isRoot: home === undefined, ledger });
    if (parents.length > 0) member.candidates = new ParentCandidates(parents, name, disk.learnt);
    this.executor.recover(member);
    this.tasks.resume(member);
    if (member.candidates !== undefined)
      this.after(member, this.#random.below(50), () => this.#seeker.find(member));
    this.#observer.started(member);
  }

  /** The process is gone from one moment to the next; its machine says so to its peers. */
  kill(member: Member): void {
    if (!member.alive) return;
    this.#observer.killed(member);
    const wires = [...member.wires];
    member.node = undefined;
    member.candidates = undefined;
    member.uplink = undefined;
    member.stalled = undefined;
    member.paused = false;
    member.crashAt = undefined;
    member.waitingLanes.clear();
    member.children.clear();
    member.life++;
    for (const wire of wires) this.links.close(wire, member, "LINK_LOST");
  }

  /** Its event loop does nothing until it is woken. */
  stall(member: Member): void {
    if (!member.alive) return;
    member.stalled ??= [];
    this.links.look(member);
  }

  wake(member: Member): void {
    const missed = member.stalled;
    if (missed === undefined) return;
    const { life } = member;
    member.stalled = undefined;
    this.#observer.started(member);
    for (const run of missed) {
      if (member.life !== life) return;
      run();
    }
    this.links.look(member, true);
    this.links.resume(member);
  }

  /** Tells a member's node what happened, and does what it wants done. */
  tell(member: Member, event: TreeEvent): void {
    const { node, life } = member;
    if (node === undefined) return;
    const effects = node.handle(event, this.clock(member));
    for (const effect of effects) if (member.life === life) this.#perform(member, effect);
    if (member.life === life) this.#observer.stepped(member, event, effects);
  }

  #add(name: ClusterName, parent: ClusterName | undefined, parents: readonly string[]): void {
    const home = parent === undefined ? undefined : this.member(parent);
    const member = new Member(name, home, parents);
    this.members.set(name, member);
    this.start(member);
  }

  #joined(member: Member, welcome: Welcome): void {
    this.#events.unpause(member);
    this.tell(member, { kind: "parent-joined", welcome });
    this.#observer.joined(member);
  }

  #crash(member: Member, point: CrashPoint): boolean {
    if (member.crashAt !== point) return false;
    this.#observer.crashed(member);
    return true;
  }

  #perform(member: Member, effect: TreeEffect): void {
    switch (effect.kind) {
      case "send-child": {
        const wire = member.children.get(effect.child);
        if (wire !== undefined) this.links.send(wire.down, effect.message);
        break;
      }
      case "send-parent":
        if (member.uplink !== undefined) this.links.send(member.uplink.up, effect.message);
        break;
      case "end-child":
        this.#end(member.children.get(effect.child), member, effect.reason.code);
        break;
      case "end-parent":
        this.#end(member.uplink, member, effect.reason.code);
        break;
      case "run":
        this.executor.run(member, effect.task);
        break;
      case "forget":
        for (const id of effect.ids) member.disk.ledger.delete(id);
        break;
      case "settled":
        this.tasks.settled(member, effect.id, effect.settlements);
        break;
      case "candidates":
        member.candidates?.learn(effect.neighbours);
        member.disk.learnt = member.candidates?.learnt ?? [];
        break;
      case "anchored":
        member.candidates?.anchored(effect.anchored, this.clock(member));
        this.after(member, 0, () => this.#seeker.look(member));
        break;
      default:
        break;
    }
  }

  #end(wire: Wire | undefined, at: Member, code: string): void {
    if (wire === undefined) return;
    this.links.close(wire, at, code);
    this.after(at, 0, () => this.#events.ended(wire, at, code));
  }

  /** Not all at the same moment: every process began at another one. */
  #everyTick(): void {
    const slots = 10;
    const tick = (slot: number): void => {
      let place = 0;
      for (const member of this.members.values()) {
        if (place++ % slots !== slot || !member.alive) continue;
        if (member.stalled === undefined) this.tell(member, { kind: "tick" });
      }
      this.time.plan(TICK_MS, () => tick(slot));
    };
    for (let slot = 0; slot < slots; slot++)
      this.time.plan((TICK_MS / slots) * slot, () => tick(slot));
  }
}
