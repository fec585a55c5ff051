/** How far a watcher may lag behind. */
export interface WatchLimits {
  readonly bytes: number;
  readonly lines: number;
}

export const DEFAULT_WATCH_LIMITS: WatchLimits = { bytes: 8 << 20, lines: 20_000 };

/** As much as is handed over at once. */
const CHUNK_BYTES = 64 << 10;

type Line = Uint8Array | (() => Uint8Array);

/**
 * Lines on their way to one watcher. A watcher that lags beyond the limits loses what is queued, gets
 * the `lagging` line, and that is the end. Iterate it once.
 */
export class WatchQueue implements AsyncIterable<Uint8Array> {
  readonly #limits: WatchLimits;
  readonly #lagging: () => Uint8Array;
  #lines: Line[] = [];
  #bytes = 0;
  #waiting = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(limits: WatchLimits, lagging: () => Uint8Array) {
    this.#limits = limits;
    this.#lagging = lagging;
  }

  /** Whether it has ended, for whatever reason. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Adds a line. A function stands for a line that exists anyway and is only written out when it is sent. */
  push(line: Line): void {
    if (this.#ended) return;
    this.#lines.push(line);
    this.#count(line, 1);
    if (this.#bytes > this.#limits.bytes || this.#waiting > this.#limits.lines) {
      this.#lines = [this.#lagging];
      this.#bytes = 0;
      this.#ended = true;
    }
    this.#wake?.();
  }

  /** Nothing more comes; what is queued is still delivered. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      while (this.#lines.length > 0) yield this.#take();
      if (this.#ended) return;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** Lines that exist anyway cost nothing. */
  #count(line: Line, sign: 1 | -1): void {
    if (typeof line === "function") return;
    this.#bytes += sign * line.length;
    this.#waiting += sign;
  }

  #take(): Uint8Array {
    const taken: Uint8Array[] = [];
    let bytes = 0;
    let count = 0;
    for (; count < this.#lines.length && bytes < CHUNK_BYTES; count++) {
      const line = this.#lines[count] as Line;
      this.#count(line, -1);
      const written = typeof line === "function" ? line() : line;
      bytes += written.length;
      taken.push(written);
    }
    this.#lines.splice(0, count);
    return taken.length === 1 ? (taken[0] as Uint8Array) : Buffer.concat(taken);
  }
}
