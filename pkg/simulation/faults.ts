import type { CrashPoint, Lane, Member } from "./member.ts";
import type { Partition } from "./network.ts";
import type { World } from "./world.ts";

/** One thing that goes wrong: data, so that a schedule can be kept, shortened and played again. */
export interface Fault {
  /** Milliseconds of virtual time. */
  readonly at: number;
  readonly fault: FaultKind;
  readonly whom: string;
  /** How long it lasts; 0 for what happens in one moment. */
  readonly forMs: number;
  /** A variety of the fault. */
  readonly how: string;
}

/** What can go wrong. */
export type FaultKind = keyof typeof FAULTS;

interface FaultRow {
  readonly what: string;
  /** Varieties to choose from. */
  readonly hows: readonly string[];
  readonly shortest: number;
  readonly longest: number;
  /** Only those below which there are others. */
  readonly parents?: boolean;
  /** Begins it; returns how to end it. */
  readonly begin: (hurt: Hurt, member: Member, fault: Fault) => (() => void) | undefined;
}

/** What faults work with. */
export interface Hurt {
  readonly world: World;
  /** Stops a process; returns how to start it again, which happens when nothing else keeps it down. */
  readonly down: (member: Member) => () => void;
  /** `member` and everybody whose home is below it. */
  readonly region: (member: Member) => ReadonlySet<Member>;
}

const SLOW_MS = 100;

/** One row for each kind of fault. */
export const FAULTS = {
  kill: {
    what: "the process is killed, and started again later",
    ...row([""], 200, 60_000),
    begin: (hurt, member) => hurt.down(member),
  },
  restart: {
    what: "a parent is killed and started again at once, with all its children",
    ...row([""], 200, 3000),
    parents: true,
    begin: (hurt, member) => hurt.down(member),
  },
  crash: {
    what: "the process dies in the middle of its next task",
    ...row(["noted", "executed", "written"], 200, 20_000),
    begin: (_, member, { how }) => {
      member.crashAt = how as CrashPoint;
      return undefined;
    },
  },
  power: {
    what: "the machine is off: nobody is told",
    ...row([""], 1000, 60_000),
    begin: (hurt, member) => {
      member.unplugged = true;
      const up = hurt.down(member);
      return () => {
        member.unplugged = false;
        up();
      };
    },
  },
  cut: {
    what: "the connection to the parent breaks",
    ...row([""], 0, 0),
    begin: ({ world }, { uplink }) => {
      if (uplink !== undefined) world.links.break(uplink);
      return undefined;
    },
  },
  "half-open": {
    what: "the connection to the parent carries nothing any more in one direction, or in both",
    ...row(["up", "down", "both"], 0, 0),
    begin: ({ world }, { uplink }, { how }) => {
      if (uplink === undefined) return undefined;
      if (how !== "down") world.links.kill(uplink.up);
      if (how !== "up") world.links.kill(uplink.down);
      return undefined;
    },
  },
  isolate: {
    what: "a machine is cut off, in one direction or in both",
    ...row(["in", "out", "both"], 500, 40_000),
    begin: ({ world }, member, { how }) => partition(world, new Set([member]), how),
  },
  partition: {
    what: "a whole region is cut off, in one direction or in both",
    ...row(["in", "out", "both"], 500, 40_000),
    parents: true,
    begin: ({ world, region }, member, { how }) => partition(world, region(member), how),
  },
  stall: {
    what: "the event loop stands still",
    ...row([""], 300, 15_000),
    begin: ({ world }, member) => {
      world.stall(member);
      return () => world.wake(member);
    },
  },
  clock: {
    what: "the wall clock of a machine jumps",
    ...row(["-86400000", "-60000", "60000", "86400000", "4000000000"], 0, 0),
    begin: (_, member, { how }) => {
      member.wallOffset += Number(how);
      return undefined;
    },
  },
  slow: {
    what: "one end of the link to the parent reads slowly",
    ...row(["up", "down"], 1000, 20_000),
    begin: (_, { uplink }, { how }) => {
      const lane = how === "up" ? uplink?.up : uplink?.down;
      return lane === undefined ? undefined : slow(lane);
    },
  },
} as const satisfies Readonly<Record<string, FaultRow>>;

/** The row of a kind. */
export function faultRow(kind: FaultKind): FaultRow {
  return FAULTS[kind];
}

function row(hows: readonly string[], shortest: number, longest: number) {
  return { hows, shortest, longest };
}

function slow(lane: Lane): () => void {
  lane.slowMs = SLOW_MS;
  return () => {
    lane.slowMs = 0;
  };
}

function partition(world: World, inside: ReadonlySet<Member>, how: string): () => void {
  const made: Partition = { inside, blocks: how as Partition["blocks"], endedAt: undefined };
  const look = (): void => {
    for (const member of inside) world.links.look(member);
  };
  world.network.partitions.push(made);
  look();
  return () => {
    made.endedAt = world.time.now;
    look();
  };
}
