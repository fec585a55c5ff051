import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { OteError } from "../base/errors.ts";
import { jsonLines } from "../base/json-lines.ts";
import { drained } from "./drained.ts";
import { type Notice, sinkMessage } from "./message.ts";
import { type Collections, ReplicationSource } from "./source.ts";

/** Changes of so many milliseconds go together: what changes twice meanwhile is sent once. */
const GATHER_MS = 100;
/** Longest line that the following end may send, in bytes: what it wants of a listing. */
const MAX_LINE = 2 * 1024 * 1024;
/** Objects of a collection that may wait to be told: names that change all the time would be ever more. */
export const MAX_UNTOLD = 250_000;
/** Lines are written in portions of about so many bytes. */
const PORTION = 64 * 1024;

/** The other end takes nothing while more and more has changed here: it begins anew with a comparison. */
export class FollowerBehindError extends OteError {
  readonly code = "FOLLOWER_BEHIND";
  constructor(collection: string) {
    super(`Cannot go on telling of "${collection}": more than ${MAX_UNTOLD} changes wait`);
  }
}

/** Keeps the other end of one stream true to collections of ours. What that end cannot take yet waits as names only. */
export class SourceStream {
  readonly #stream: Duplex;
  readonly #source: ReplicationSource;
  readonly #onNotice: (notice: Notice) => void;
  #wake: () => void = () => {};
  #isAwake = true;

  constructor(
    stream: Duplex,
    collections: Collections,
    onNotice: (notice: Notice) => void = () => {},
  ) {
    this.#stream = stream;
    this.#onNotice = onNotice;
    this.#source = new ReplicationSource(collections);
  }

  /** An object has changed, or exists no more. */
  mark(collection: string, key: string): void {
    this.#source.mark(collection, key);
    if (this.#source.waiting(collection) > MAX_UNTOLD)
      this.#stream.destroy(new FollowerBehindError(collection));
    this.wake();
  }

  /** There may be something to say: a collection is known now. */
  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  /** Works until the stream ends, which `signal` does, too. Never rejects: the stream has the error. */
  async run(signal: AbortSignal): Promise<void> {
    const end = (): void => void this.#stream.destroy();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    const closed = this.#stream.closed ? undefined : once(this.#stream, "close").catch(() => {});
    const work = [this.#hear(), this.#say()].map((half) =>
      half.catch((error: unknown) => {
        this.#stream.destroy(error instanceof Error ? error : new Error(String(error)));
      }),
    );
    await closed;
    this.wake();
    await Promise.all(work);
    signal.removeEventListener("abort", end);
  }

  async #hear(): Promise<void> {
    for await (const value of jsonLines(this.#stream, MAX_LINE)) {
      const message = sinkMessage(value);
      this.#source.hear(message);
      if (message.kind === "notice") this.#onNotice(message);
      else this.wake();
    }
    // Whoever says that he will ask no more does not follow any more.
    this.#stream.destroy();
  }

  async #say(): Promise<void> {
    while (!this.#stream.destroyed) {
      this.#isAwake = false;
      let portion = this.#portion();
      while (portion !== "" && !this.#stream.destroyed) {
        if (!this.#stream.write(portion)) await drained(this.#stream);
        portion = this.#portion();
      }
      if (!this.#isAwake && !this.#stream.destroyed)
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      await sleep(GATHER_MS);
    }
  }

  #portion(): string {
    const lines: string[] = [];
    for (let size = 0; size < PORTION; ) {
      const message = this.#source.next();
      if (message === undefined) break;
      const line = `${JSON.stringify(message)}\n`;
      lines.push(line);
      size += line.length;
    }
    return lines.join("");
  }
}
