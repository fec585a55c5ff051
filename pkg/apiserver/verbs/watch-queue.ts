/** How far a watcher may lag behind. */
export interface WatchLimits {
  readonly bytes: number;
  readonly lines: number;
}

export const DEFAULT_WATCH_LIMITS: WatchLimits = { bytes: 8 << 20, lines: 20_000 };

/** As much as is handed over at once. */
const CHUNK_BYTES = 64 << 10;
/** What it costs to find that something gives no line. */
const NO_LINE_BYTES = 256;

/**
 * Lines on their way to one watcher: first those of the past, which are only made when they are taken,
 * then those that are pushed. A watcher that lags beyond the limits loses what is queued, gets the
 * `lagging` line, and that is the end. Iterate it once.
 */
export class WatchQueue implements AsyncIterable<Uint8Array> {
  readonly #limits: WatchLimits;
  readonly #lagging: () => Uint8Array;
  /** The next lines of the past, and those after them. */
  #past: readonly Uint8Array[] = [];
  #rest: Iterator<Uint8Array | undefined> | undefined;
  #lines: Uint8Array[] = [];
  #bytes = 0;
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

  /**
   * What comes before all that is pushed; undefined stands for work that gave no line. Once; its iteration
   * may throw nothing, but call `fail`. With `firstNow` its first line is made before anything can be pushed.
   */
  begin(past: Iterable<Uint8Array | undefined>, firstNow = false): void {
    this.#rest = past[Symbol.iterator]();
    do this.#past = this.#readOn();
    while (firstNow && this.#past.length === 0 && this.#rest !== undefined);
    this.#wake?.();
  }

  push(line: Uint8Array): void {
    if (this.#ended) return;
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes > this.#limits.bytes || this.#lines.length > this.#limits.lines)
      this.fail(this.#lagging());
    this.#wake?.();
  }

  /** What is queued is lost, for it can no longer be had whole; `line` says so and is the last one. */
  fail(line: Uint8Array): void {
    this.#past = [];
    this.#rest = undefined;
    this.#lines = [line];
    this.#bytes = 0;
    this.end();
  }

  /** Nothing more comes; what is queued is still delivered. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      while (this.#past.length > 0 || this.#rest !== undefined) {
        const past = this.#past;
        this.#past = [];
        if (past.length > 0) yield joined(past);
        // Thousands of changes take long to write; others must not wait for all of them.
        await new Promise((resolve) => setImmediate(resolve));
        this.#past = this.#readOn();
      }
      while (this.#lines.length > 0) yield joined(this.#take());
      if (this.#ended) return;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  #readOn(): readonly Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (let bytes = 0; bytes < CHUNK_BYTES; ) {
      const next = this.#rest?.next();
      // Reading on may have found that the past is gone.
      if (this.#rest === undefined || next === undefined) return [];
      if (next.done === true) {
        this.#rest = undefined;
        return taken;
      }
      if (next.value !== undefined) taken.push(next.value);
      bytes += next.value?.length ?? NO_LINE_BYTES;
    }
    return taken;
  }

  #take(): readonly Uint8Array[] {
    let bytes = 0;
    let count = 0;
    for (; count < this.#lines.length && bytes < CHUNK_BYTES; count++)
      bytes += this.#lines[count]?.length ?? 0;
    this.#bytes -= bytes;
    return this.#lines.splice(0, count);
  }
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  const [first] = lines;
  return lines.length === 1 && first !== undefined ? first : Buffer.concat(lines);
}
