import type { Neighbour } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";

/** How many siblings a child is told: enough to survive a disaster, few enough for any width. */
export const MAX_TOLD = 8;
/** How far a change is looked for among children that nobody can join. */
const MAX_WALK = 64;

/**
 * The children of one cluster in the order of their names, closed to a ring. Each child is told those
 * that follow it and can be joined, so that the children of a lost parent spread over the others, and
 * a change concerns only the few before it, however many children there are.
 */
export class NeighbourRing {
  readonly #ring: Neighbour[] = [];

  /** Puts a child in, or changes its address; returns the children whose lists are different now. */
  set({ name, listen }: Neighbour): ClusterName[] {
    const at = this.#place(name);
    const present = this.#ring[at]?.name === name ? this.#ring[at] : undefined;
    if (present?.listen === listen) return [];
    this.#ring.splice(at, present === undefined ? 0 : 1, { name, listen });
    return listen === "" && (present?.listen ?? "") === "" ? [] : this.#before(at);
  }

  /** Takes a child out; returns the children whose lists are different now. */
  delete(name: ClusterName): ClusterName[] {
    const at = this.#place(name);
    const present = this.#ring[at];
    if (present?.name !== name) return [];
    const concerned = present.listen === "" ? [] : this.#before(at);
    this.#ring.splice(at, 1);
    return concerned;
  }

  /** The next children after `name` that can be joined; `name` itself is not among them. */
  after(name: ClusterName): Neighbour[] {
    const start = this.#place(name);
    const found: Neighbour[] = [];
    for (let step = 0; step < this.#ring.length && found.length < MAX_TOLD; step++) {
      const next = this.#ring[(start + step) % this.#ring.length];
      if (next !== undefined && next.name !== name && next.listen !== "") found.push(next);
    }
    return found;
  }

  #before(at: number): ClusterName[] {
    const { length } = this.#ring;
    const found: ClusterName[] = [];
    let joinable = 0;
    for (let step = 1; step < Math.min(length, MAX_WALK) && joinable <= MAX_TOLD; step++) {
      const previous = this.#ring[(at - step + length) % length];
      if (previous === undefined) break;
      found.push(previous.name);
      if (previous.listen !== "") joinable++;
    }
    return found;
  }

  /** Where `name` is, or would be. */
  #place(name: ClusterName): number {
    let low = 0;
    let high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ring[middle]?.name ?? "") < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
