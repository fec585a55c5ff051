/**
 * A signal that aborts with `outer` or after a time, whichever is first. Unlike AbortSignal.timeout
 * it can be given up early: thousands of requests must not leave a minute's timers behind.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = () => this.#controller.abort(this.#outer?.reason);
  #passed = false;

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      this.#passed = true;
      this.#controller.abort();
    }, ms);
    this.#timer.unref();
    if (outer?.aborted) this.#abort();
    else outer?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time was up before anything else ended it. */
  get passed(): boolean {
    return this.#passed;
  }

  /** Frees the timer and lets go of the outer signal; the own signal will not abort any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}
