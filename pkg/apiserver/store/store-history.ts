import { RevisionGoneError, type StoredObject, type StoreEvent, storeId } from "./store.ts";

/** How much of the past is kept for watches and for pages of a list. */
export interface HistoryLimits {
  readonly events: number;
  readonly bytes: number;
}

export const DEFAULT_HISTORY: HistoryLimits = { events: 10_000, bytes: 64 << 20 };

/** The latest events in order of revision, up to a limit; older ones are forgotten. */
export class StoreHistory {
  readonly #limits: HistoryLimits;
  /** Those before `#first` are forgotten. */
  #events: (StoreEvent | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  #floor: number;

  /** Nothing before and at revision `floor` is known. */
  constructor(floor: number, limits: HistoryLimits) {
    this.#floor = floor;
    this.#limits = limits;
  }

  add(event: StoreEvent): void {
    this.#events.push(event);
    this.#bytes += weight(event);
    while (this.#events.length - this.#first > this.#limits.events || this.#isTooHeavy())
      this.#dropOldest();
    if (this.#first > 1024 && this.#first * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The events after `revision`, oldest first. Throws `REVISION_GONE` if some of them are forgotten. */
  after(revision: number, latest: number): readonly StoreEvent[] {
    if (revision < this.#floor || revision > latest)
      throw new RevisionGoneError(revision, this.#floor);
    let low = this.#first;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.stored.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return this.#events.slice(low).filter((event) => event !== undefined);
  }

  #isTooHeavy(): boolean {
    return this.#bytes > this.#limits.bytes && this.#events.length - this.#first > 1;
  }

  #dropOldest(): void {
    const oldest = this.#events[this.#first];
    if (oldest === undefined) return;
    this.#bytes -= weight(oldest);
    this.#floor = oldest.stored.revision;
    // The slot is only given up later, for many at once; what was in it must not stay that long.
    this.#events[this.#first++] = undefined;
  }
}

/** `objects`, an up-to-date map by store id, as it was before `events` happened. */
export function undo(
  objects: Iterable<readonly [string, StoredObject]>,
  events: readonly StoreEvent[],
): Map<string, StoredObject> {
  const before = new Map(objects);
  for (const { stored, previous } of events.toReversed()) {
    const id = storeId(stored.key);
    if (previous === undefined) before.delete(id);
    else before.set(id, previous);
  }
  return before;
}

function weight({ stored, previous }: StoreEvent): number {
  return stored.text.length + (previous?.text.length ?? 0);
}
