import type { Change } from "./revision-record.ts";
import { RevisionGoneError } from "./store.ts";

/** How much of the past is kept for watches and for pages of a list. */
export interface HistoryLimits {
  readonly events: number;
  readonly bytes: number;
}

export const DEFAULT_HISTORY: HistoryLimits = { events: 10_000, bytes: 64 << 20 };

/** What is forgotten is removed from the disk in parts of this size: one costly removal instead of many small ones. */
const SHARE = 10;

/**
 * Which changes the store still knows, in order of revision and up to a limit. Their texts are in the
 * records, not here.
 */
export class StoreHistory {
  readonly #limits: HistoryLimits;
  /** Those before `#first` are forgotten. */
  #changes: Change[] = [];
  #first = 0;
  #bytes = 0;
  #floor: number;
  #garbage: Change[] = [];
  #garbageBytes = 0;

  /** Nothing before and at revision `floor` is known. */
  constructor(floor: number, limits: HistoryLimits) {
    this.#floor = floor;
    this.#limits = limits;
  }

  add(change: Change): void {
    this.#changes.push(change);
    this.#bytes += change.size;
    while (this.#changes.length - this.#first > this.#limits.events || this.#isTooHeavy())
      this.#forgetOldest();
    if (this.#first > 1024 && this.#first * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Throws `REVISION_GONE` if some change after `revision` is forgotten, or `revision` is yet to come. */
  check(revision: number, latest: number): void {
    if (revision < this.#floor || revision > latest)
      throw new RevisionGoneError(revision, this.#floor);
  }

  /** Up to `most` changes after `revision`, oldest first. Throws `REVISION_GONE` if some of them are forgotten. */
  after(revision: number, latest: number, most = Number.POSITIVE_INFINITY): readonly Change[] {
    this.check(revision, latest);
    const from = this.#indexAfter(revision);
    return this.#changes.slice(from, Math.min(from + most, this.#changes.length));
  }

  /** The forgotten changes whose records can go, once they are worth a write. They are handed out once. */
  takeGarbage(): readonly Change[] {
    const isWorthIt =
      this.#garbage.length * SHARE >= this.#limits.events ||
      this.#garbageBytes * SHARE >= this.#limits.bytes;
    if (!isWorthIt) return [];
    const garbage = this.#garbage;
    this.#garbage = [];
    this.#garbageBytes = 0;
    return garbage;
  }

  /** Takes back garbage that could not be removed. */
  returnGarbage(garbage: readonly Change[]): void {
    this.#garbage = [...garbage, ...this.#garbage];
    this.#garbageBytes += garbage.reduce((sum, { size }) => sum + size, 0);
  }

  #indexAfter(revision: number): number {
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #isTooHeavy(): boolean {
    return this.#bytes > this.#limits.bytes && this.#changes.length - this.#first > 1;
  }

  #forgetOldest(): void {
    const oldest = this.#changes[this.#first++];
    if (oldest === undefined) return;
    this.#bytes -= oldest.size;
    this.#floor = oldest.revision;
    this.#garbage.push(oldest);
    this.#garbageBytes += oldest.size;
  }
}

/** The revisions whose records nobody needs once `garbage` is forgotten: what was replaced, and what was removed. */
export function uselessRevisions(garbage: readonly Change[]): readonly number[] {
  return garbage.flatMap(({ revision, type, previous }) => [
    ...(previous > 0 ? [previous] : []),
    ...(type === "DELETED" ? [revision] : []),
  ]);
}
