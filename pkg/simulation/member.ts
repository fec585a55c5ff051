import { fromDisk, type LedgerEntry } from "../clustercontroller/tasks/task-ledger.ts";
import type { TreeNode } from "../clustercontroller/tree-node.ts";
import type { ParentCandidates } from "../topology/parent-candidates.ts";
import type { Message, Result, Welcome } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";

/** A task on the disk of a member, with times of its wall clock, as the ledger store has them. */
export interface DiskEntry {
  readonly id: string;
  readonly origin: ClusterName;
  readonly startedAt: number;
  readonly expiresAt: number;
  readonly result?: Result | undefined;
}

/** What survives the death of a process. */
export interface Disk {
  readonly ledger: Map<string, DiskEntry>;
  session: number;
  learnt: readonly string[];
}

/** Where in the execution of a task a process can be made to die. */
export type CrashPoint = "noted" | "executed" | "written";

/** Messages waiting on one direction of a link above which it is congested. */
export const CONGESTED_AT = 256;
/** Messages waiting below which it has drained again. */
export const DRAINED_AT = 32;
/** Messages waiting at which the link is cut. */
export const LANE_LIMIT = 8192;

/** What travels: a message, or the news that the other end was closed. */
export type Parcel =
  | { readonly at: number; readonly message: Message }
  | { readonly at: number; readonly end: string };

/** One direction of a link; what travels keeps its order. */
export class Lane {
  readonly wire: Wire;
  readonly from: Member;
  readonly to: Member;
  readonly queue: Parcel[] = [];
  /** Nothing gets through any more, and nobody is told. */
  dead = false;
  /** Milliseconds that each message takes because the receiver reads slowly. */
  slowMs = 0;
  congested = false;
  /** A delivery is planned. */
  planned = false;
  /** Grows when signs of life come through again, so that a suspicion of before is void. */
  signs = 0;
  /** Somebody waits for signs of life. */
  suspected = false;
  latestAt = 0;

  constructor(wire: Wire, from: Member, to: Member) {
    this.wire = wire;
    this.from = from;
    this.to = to;
  }

  /** Whether the receiver still listens. */
  get heard(): boolean {
    return this.to === this.wire.child ? this.wire.childOpen : this.wire.parentOpen;
  }

  /** Whether the sender has not closed its end. */
  get fed(): boolean {
    return this.from === this.wire.child ? this.wire.childOpen : this.wire.parentOpen;
  }
}

/** A link between a child and its parent. */
export class Wire {
  readonly child: Member;
  readonly parent: Member;
  /** The process of the parent that took the child in. */
  readonly parentLife: number;
  readonly session: number;
  readonly down: Lane;
  readonly up: Lane;
  childOpen = true;
  parentOpen = true;
  /** Whoever waits for the welcome, or for why there is none. */
  greet: ((answer: Welcome | string) => void) | undefined;

  constructor(child: Member, parent: Member, session: number) {
    this.child = child;
    this.parent = parent;
    this.parentLife = parent.life;
    this.session = session;
    this.down = new Lane(this, parent, child);
    this.up = new Lane(this, child, parent);
  }
}

/** One controller of a world: its process, which comes and goes, and its machine. */
export class Member {
  readonly name: ClusterName;
  readonly home: Member | undefined;
  /** Addresses of parents, as they would be configured; an address is a name here. */
  readonly parents: readonly string[];
  readonly disk: Disk = { ledger: new Map(), session: 0, learnt: [] };
  /** Grows with each start and death of the process: what was planned in another life is void. */
  life = 0;
  node: TreeNode | undefined;
  candidates: ParentCandidates | undefined;
  /** The clock of the process began at this moment. */
  bornAt = 0;
  /** How wrong its wall clock is. */
  wallOffset = 0;
  uplink: Wire | undefined;
  /** The preferred parent's name, once it was seen. */
  homeName = "";
  readonly children = new Map<ClusterName, Wire>();
  /** Every link of this process that has an end here which is open, or about to be told that it is not. */
  readonly wires = new Set<Wire>();
  /** What its event loop has to catch up with; undefined while it runs. */
  stalled: (() => void)[] | undefined;
  /** It does not read from its children, as it cannot pass on what they say. */
  paused = false;
  /** The machine is off or unplugged: nobody is told anything. */
  unplugged = false;
  crashAt: CrashPoint | undefined;
  readonly waitingLanes = new Set<Lane>();

  constructor(name: ClusterName, home: Member | undefined, parents: readonly string[]) {
    this.name = name;
    this.home = home;
    this.parents = parents;
  }

  get alive(): boolean {
    return this.node !== undefined;
  }
}

/** The ledger as a process reads it at its start, on its own clock. */
export function ledgerOf({ disk }: Member, clock: number, wall: number): LedgerEntry[] {
  return [...disk.ledger.values()].map((entry) => fromDisk(entry, clock, wall));
}
