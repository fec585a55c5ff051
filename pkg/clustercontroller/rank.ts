import { MAX_DEPTH, MAX_RANK } from "../wire/parse-message.ts";

/** Milliseconds after which a higher rank is asked for again, should the answer be lost. */
const ASK_AGAIN_MS = 1000;

/**
 * The rank of a cluster: a number that never falls, and is always lower than the parent's. Nobody can
 * therefore be below itself, whatever is on its way or believed wrongly, as it would have to rank lower
 * than itself. Whoever has no parent may take any higher rank; who has one must ask it.
 */
export class Rank {
  #value = 0;
  #wanted = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  get value(): number {
    return this.#value;
  }

  /** A parent of that rank has welcomed us. Who comes back keeps its rank, so that home stays above it. */
  below(parent: number): void {
    if (this.#value === 0) this.#value = Math.max(0, parent - 1);
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }

  /** Without a parent: ranks at least as high from now on, with some room for more. */
  take(wanted: number): void {
    if (this.#value < wanted) this.#value = Math.min(wanted + MAX_DEPTH, MAX_RANK);
  }

  /** With a parent: the rank it must have for that; undefined if it was asked just now. */
  ask(wanted: number, now: number): number | undefined {
    if (wanted <= this.#wanted && now - this.#askedAt < ASK_AGAIN_MS) return undefined;
    this.#wanted = Math.max(wanted, this.#wanted);
    this.#askedAt = now;
    return Math.min(this.#wanted + 1, MAX_RANK);
  }

  /** The parent's rank is known anew. */
  hear(parent: number): void {
    if (this.#wanted > this.#value) this.#value = Math.max(this.#value, parent - 1);
  }
}
