/** How many clusters are asked at a time. */
export interface GateLimits {
  /** By all queries together: each is a stream over the links, which carry others too. */
  readonly all: number;
  /** By one query. */
  readonly each: number;
  /** By all queries of one user. */
  readonly ofUser: number;
  /** How long a cluster may be silent while others wait for its place. */
  readonly patienceMs: number;
}

/** Most clusters that are asked at a time, by all queries of a tier. */
const MAX_ASKED = 768;
/** Most clusters that one query asks at a time. */
const MAX_ASKED_BY_ONE = 256;
/** Most clusters that the queries of one user ask at a time: half of them are for others. */
const MAX_ASKED_BY_USER = 384;
/** How long a cluster may be silent while others wait for its place. */
const PATIENCE_MS = 2000;

export const GATE_LIMITS: GateLimits = {
  all: MAX_ASKED,
  each: MAX_ASKED_BY_ONE,
  ofUser: MAX_ASKED_BY_USER,
  patienceMs: PATIENCE_MS,
};

/** A query that asks clusters. */
export interface Asker {
  readonly user: string;
}

/** A place among the clusters that are asked. */
export interface Place {
  /** The cluster has begun to answer: nobody takes its place any more. */
  heard(): void;
  leave(): void;
}

interface Taken {
  readonly owner: Asker;
  readonly since: number;
  readonly end: () => void;
}

interface Waiter {
  readonly owner: Asker;
  readonly end: () => void;
  readonly enter: (place: Place | undefined) => void;
}

/**
 * Lets a limited number of clusters be asked at a time, users taking turns. Where all places are taken, the
 * cluster that has been silent for longest loses its own once it was silent for too long, so that clusters
 * which never answer do not keep those from being asked that would.
 */
export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting: Waiter[] = [];
  /** Places of each query, and of each user. */
  readonly #counts = new Map<Asker | string, number>();
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
  enter(owner: Asker, end: () => void): Promise<Place | undefined> {
    return new Promise((enter) => {
      this.#waiting.push({ owner, end, enter });
      this.#admit();
    });
  }

  /** `owner` waits no longer. */
  dismiss(owner: Asker): void {
    for (const waiter of this.#waiting.filter((one) => one.owner === owner)) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.enter(undefined);
    }
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.enter(this.#take(next));
    }
    const owners = new Set(this.#waiting.map(({ owner }) => owner));
    const wait = Math.min(...[...owners].map((owner) => this.#makeRoom(owner)));
    clearTimeout(this.#timer);
    this.#timer =
      wait < Number.POSITIVE_INFINITY ? setTimeout(() => this.#admit(), wait) : undefined;
  }

  /** Of those for whom there is room, whose user has the fewest places; among equals, who has waited longest. */
  #next(): Waiter | undefined {
    let best: Waiter | undefined;
    for (const waiter of this.#waiting) {
      if (this.#size >= this.#limits.all || this.#bound(waiter.owner) !== undefined) continue;
      if (best === undefined || this.#placesOf(waiter) < this.#placesOf(best)) best = waiter;
    }
    return best;
  }

  #placesOf({ owner }: { readonly owner: Asker }): number {
    return this.#count(owner.user);
  }

  #count(key: Asker | string): number {
    return this.#counts.get(key) ?? 0;
  }

  #add(key: Asker | string, change: number): void {
    const count = this.#count(key) + change;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  /** Whose share is used up, if any. */
  #bound(owner: Asker): "query" | "user" | undefined {
    if (this.#count(owner) >= this.#limits.each) return "query";
    return this.#count(owner.user) >= this.#limits.ofUser ? "user" : undefined;
  }

  #take({ owner, end }: Waiter): Place {
    const taken: Taken = { owner, end, since: performance.now() };
    this.#size++;
    this.#add(owner, 1);
    this.#add(owner.user, 1);
    this.#silent.add(taken);
    let isTaken = true;
    return {
      heard: () => void this.#silent.delete(taken),
      leave: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#silent.delete(taken);
        this.#size--;
        this.#add(owner, -1);
        this.#add(owner.user, -1);
        this.#admit();
      },
    };
  }

  /** Ends the oldest silence in the way of `owner`; returns after how many ms there may be one to end. */
  #makeRoom(owner: Asker): number {
    for (const taken of this.#silent) {
      if (!this.#isInTheWay(taken, owner)) continue;
      const left = taken.since + this.#limits.patienceMs - performance.now();
      if (left > 0) return left;
      // It leaves by itself now; until then nobody else is ended for the same query.
      this.#silent.delete(taken);
      taken.end();
      return Number.POSITIVE_INFINITY;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Who has used up a share can only get in by what is in it; and nobody takes from users who would then have less. */
  #isInTheWay(taken: Taken, owner: Asker): boolean {
    const bound = this.#bound(owner);
    if (bound === "query") return taken.owner === owner;
    const isSameUser = taken.owner.user === owner.user;
    if (bound === "user") return isSameUser;
    return isSameUser || this.#placesOf(taken) > this.#placesOf({ owner }) + 1;
  }
}
