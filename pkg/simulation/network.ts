import type { Lane, Member } from "./member.ts";
import type { Random } from "./random.ts";

/** A part of the members that the others cannot reach, or cannot hear. */
export interface Partition {
  readonly inside: ReadonlySet<Member>;
  /** From whom; undefined means everybody else. */
  readonly outside?: ReadonlySet<Member>;
  /** What does not get through: into it, out of it, or both. */
  readonly blocks: "in" | "out" | "both";
  endedAt: number | undefined;
}

/** How long it takes from one machine to another, and whether it gets there at all. */
export class Network {
  readonly partitions: Partition[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds of one way; now and then a segment is lost and sent again. */
  latency(): number {
    const jitter = 1 + this.#random.below(20);
    return this.#random.chance(0.02) ? jitter + 200 : jitter;
  }

  /** Whether nothing from `from` arrives at `to`. */
  blocks(from: Member, to: Member): boolean {
    if (from.unplugged || to.unplugged) return true;
    return this.partitions.some((partition) => {
      const { inside, blocks, endedAt } = partition;
      if (endedAt !== undefined || !separates(partition, from, to)) return false;
      return blocks === "both" || (inside.has(to) ? blocks === "in" : blocks === "out");
    });
  }

  /** Whether signs of life get from one end to the other. */
  flows(lane: Lane): boolean {
    const { from, to } = lane;
    if (lane.dead || !lane.fed || from.stalled !== undefined || !from.alive) return false;
    return !this.blocks(from, to);
  }

  /** When a partition last stood between two machines; `now` if it still does. */
  cutAt(a: Member, b: Member, now: number): number {
    let latest = Number.NEGATIVE_INFINITY;
    for (const partition of this.partitions)
      if (separates(partition, a, b)) latest = Math.max(latest, partition.endedAt ?? now);
    return latest;
  }
}

function separates({ inside, outside }: Partition, a: Member, b: Member): boolean {
  if (inside.has(a) === inside.has(b)) return false;
  return outside === undefined || outside.has(inside.has(a) ? b : a);
}
