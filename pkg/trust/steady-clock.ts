/**
 * The time of day for questions of trust. It is read from the machine once and goes on with a clock that
 * does not jump, so that nobody's certificate expires because somebody moved a clock; a machine whose
 * clock was wrong from the start is told the time by its tree's authority.
 */
export class SteadyClock {
  #offset: number;
  readonly #elapsed: () => number;

  constructor(now: number = Date.now(), elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
    this.#offset = now - elapsed();
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#elapsed() + this.#offset;
  }

  /** It is `now`: somebody who is trusted said so. */
  set(now: number): void {
    this.#offset = now - this.#elapsed();
  }
}
