/** Calls `end` after a time in which pauses do not count, unless it is disposed before. */
export class TimeLimit implements Disposable {
  readonly #end: () => void;
  #leftMs: number;
  #since = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, end: () => void) {
    this.#leftMs = ms;
    this.#end = end;
    this.#timer = setTimeout(end, ms);
  }

  /** Waits for `work`, and does not count that. */
  async pause<T>(work: Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    this.#leftMs -= performance.now() - this.#since;
    try {
      return await work;
    } finally {
      this.#since = performance.now();
      if (this.#timer !== undefined) this.#timer = setTimeout(this.#end, this.#leftMs);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
