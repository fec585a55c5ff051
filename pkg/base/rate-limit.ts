import { setTimeout as sleep } from "node:timers/promises";

/** Lets callers through as they come up to a number, and from then on so many in a second, in order. */
export class RateLimit {
  readonly #most: number;
  readonly #perSecond: number;
  /** Below zero as many as wait. */
  #free: number;
  #at = performance.now();

  constructor({ atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number }) {
    this.#most = atOnce;
    this.#perSecond = perSecond;
    this.#free = atOnce;
  }

  /** Resolves when the caller may go on, who may count as several; rejects when `signal` aborts. */
  async next(signal: AbortSignal, count = 1): Promise<void> {
    const now = performance.now();
    const more = ((now - this.#at) / 1000) * this.#perSecond;
    this.#at = now;
    this.#free = Math.min(this.#most, this.#free + more) - count;
    if (this.#free < 0) await sleep((-this.#free / this.#perSecond) * 1000, undefined, { signal });
  }
}
