/** How many permits there are. */
export interface PermitLimits {
  readonly all: number;
  /** For one user, so that nobody has them all. */
  readonly each: number;
}

interface Waiter {
  readonly user: string;
  readonly enter: () => void;
}

/** Lets a limited number do something at a time, with a share for each user; the others wait. */
export class Permits {
  readonly #limits: PermitLimits;
  readonly #given = new Map<string, number>();
  readonly #waiting: Waiter[] = [];
  #size = 0;

  constructor(limits: PermitLimits) {
    this.#limits = limits;
  }

  /** How many are given out. */
  get size(): number {
    return this.#size;
  }

  /** How many are given to one user. */
  given(user: string): number {
    return this.#given.get(user) ?? 0;
  }

  /** How many wait: of one user, or of all. */
  waiting(user?: string): number {
    if (user === undefined) return this.#waiting.length;
    return this.#waiting.filter((waiter) => waiter.user === user).length;
  }

  /** Whether one could be had without waiting. */
  hasRoom(user: string): boolean {
    return this.#size < this.#limits.all && this.given(user) < this.#limits.each;
  }

  /** Waits for a permit, which its disposal gives back. Rejects with the signal's reason. */
  async acquire(user: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.hasRoom(user)) this.#give(user);
    else await this.#turn(user, signal);
    let isGivenBack = false;
    return {
      [Symbol.dispose]: () => {
        if (isGivenBack) return;
        isGivenBack = true;
        this.#giveBack(user);
      },
    };
  }

  #turn(user: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const waiter: Waiter = { user, enter };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
      };
      this.#waiting.push(waiter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #give(user: string): void {
    this.#size++;
    this.#given.set(user, this.given(user) + 1);
  }

  /** The permit is handed over at once, so that no newcomer overtakes. */
  #giveBack(user: string): void {
    this.#size--;
    const left = this.given(user) - 1;
    if (left === 0) this.#given.delete(user);
    else this.#given.set(user, left);
    const next = this.#next();
    if (next === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#give(next.user);
    next.enter();
  }

  /** Of those for whom there is room, whose user has the fewest; among equals, who has waited longest. */
  #next(): Waiter | undefined {
    let best: Waiter | undefined;
    for (const waiter of this.#waiting) {
      if (!this.hasRoom(waiter.user)) continue;
      if (best === undefined || this.given(waiter.user) < this.given(best.user)) best = waiter;
    }
    return best;
  }
}
