/** How many clusters are asked at a time. */
export interface GateLimits {
  /** By all queries together: each is a stream over the links, which carry others too. */
  readonly all: number;
  /** By one query. */
  readonly each: number;
  /** How long a cluster may be silent while others wait for its place. */
  readonly patienceMs: number;
}

/** Most clusters that are asked at a time, by all queries of a tier. */
const MAX_ASKED = 768;
/** Most clusters that one query asks at a time. */
const MAX_ASKED_BY_ONE = 256;
/** How long a cluster may be silent while others wait for its place. */
const PATIENCE_MS = 2000;

export const GATE_LIMITS: GateLimits = {
  all: MAX_ASKED,
  each: MAX_ASKED_BY_ONE,
  patienceMs: PATIENCE_MS,
};

/** A place among the clusters that are asked. */
export interface Place {
  /** The cluster has begun to answer: nobody takes its place any more. */
  heard(): void;
  leave(): void;
}

interface Taken {
  readonly owner: object;
  readonly since: number;
  readonly end: () => void;
}

interface Waiter {
  readonly owner: object;
  readonly end: () => void;
  readonly enter: (place: Place | undefined) => void;
}

/**
 * Lets a limited number of clusters be asked at a time, queries taking turns. Where all places are taken, the
 * cluster that has been silent for longest loses its own once it was silent for too long, so that clusters
 * which never answer do not keep those from being asked that would.
 */
export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting: Waiter[] = [];
  readonly #counts = new Map<object, number>();
  /** Those that have not answered yet, the oldest first. */
  readonly #silent = new Set<Taken>();
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: GateLimits = GATE_LIMITS) {
    this.#limits = limits;
  }

  /** How many places are taken. */
  get size(): number {
    return this.#size;
  }

  /** Waits for a place; undefined if `dismiss` came before. `end` is called when the place is taken away. */
  enter(owner: object, end: () => void): Promise<Place | undefined> {
    return new Promise((enter) => {
      this.#waiting.push({ owner, end, enter });
      this.#admit();
    });
  }

  /** `owner` waits no longer. */
  dismiss(owner: object): void {
    for (const waiter of this.#waiting.filter((one) => one.owner === owner)) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.enter(undefined);
    }
    this.#admit();
  }

  #admit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let wait = Number.POSITIVE_INFINITY;
    for (const waiter of [...this.#waiting]) {
      if (this.#hasRoom(waiter.owner)) {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        waiter.enter(this.#take(waiter));
      } else wait = Math.min(wait, this.#makeRoom(waiter.owner));
    }
    if (wait < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#admit(), wait);
  }

  #hasRoom(owner: object): boolean {
    return this.#size < this.#limits.all && this.#isBelowOwn(owner);
  }

  #isBelowOwn(owner: object): boolean {
    return (this.#counts.get(owner) ?? 0) < this.#limits.each;
  }

  #take({ owner, end }: Waiter): Place {
    const taken: Taken = { owner, end, since: performance.now() };
    this.#size++;
    this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1);
    this.#silent.add(taken);
    let isTaken = true;
    return {
      heard: () => void this.#silent.delete(taken),
      leave: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#silent.delete(taken);
        this.#size--;
        const count = (this.#counts.get(owner) ?? 1) - 1;
        if (count === 0) this.#counts.delete(owner);
        else this.#counts.set(owner, count);
        this.#admit();
      },
    };
  }

  /** Ends the oldest silence in the way of `owner`; returns after how many ms there may be one to end. */
  #makeRoom(owner: object): number {
    const onlyOwn = !this.#isBelowOwn(owner);
    for (const taken of this.#silent) {
      if (onlyOwn && taken.owner !== owner) continue;
      const left = taken.since + this.#limits.patienceMs - performance.now();
      if (left > 0) return left;
      // It leaves by itself now; until then nobody else is ended for the same waiter.
      this.#silent.delete(taken);
      taken.end();
      return Number.POSITIVE_INFINITY;
    }
    return Number.POSITIVE_INFINITY;
  }
}
