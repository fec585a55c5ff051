import type { Duplex } from "node:stream";
import { jsonLines } from "../base/json-lines.ts";
import { type Notice, sourceMessage, type Version } from "./message.ts";
import { type Kept, ReplicationSink, type SinkStep } from "./sink.ts";

/** Where what follows is kept. Neither function rejects but when `signal` aborts: trying again is theirs. */
export interface Keeper {
  put(
    collection: string,
    key: string,
    version: Version,
    object: unknown,
    signal: AbortSignal,
  ): Promise<void>;
  delete(collection: string, key: string, signal: AbortSignal): Promise<void>;
}

/** Objects of one stream that are written at the same time; while so many are, nothing more is read. */
const CONCURRENCY = 8;
/** Longest line that is read, in bytes: the largest object of a Kubernetes API, with all its escapes. */
const MAX_LINE = 16 * 1024 * 1024;

/** Follows the other end of one stream, and has `keeper` keep what is there; `kept` is what it has already. */
export class SinkStream {
  readonly #stream: Duplex;
  readonly #sink: ReplicationSink;
  readonly #keeper: Keeper;
  readonly #busy = new Map<string, Promise<void>>();
  #isCompared = false;

  constructor(stream: Duplex, kept: Kept, keeper: Keeper) {
    this.#stream = stream;
    this.#sink = new ReplicationSink(kept);
    this.#keeper = keeper;
  }

  /**
   * Works until the stream ends, which `signal` does, too; resolves to the error that ended it, when nothing is
   * being written any more. `onCompared` is called once everything kept has been compared.
   */
  async run(signal: AbortSignal, onCompared: () => void = () => {}): Promise<Error | undefined> {
    const ended = new AbortController();
    const end = (): void => void this.#stream.destroy();
    const stop = AbortSignal.any([signal, ended.signal]);
    signal.addEventListener("abort", end, { once: true });
    this.#stream.once("close", () => ended.abort());
    if (signal.aborted) end();
    try {
      for await (const value of jsonLines(this.#stream, MAX_LINE)) {
        for (const step of this.#sink.hear(sourceMessage(value))) await this.#do(step, stop);
        if (this.#isCompared || !this.#sink.isCompared) continue;
        this.#isCompared = true;
        onCompared();
      }
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#stream.destroy();
      ended.abort();
      await Promise.all(this.#busy.values());
      signal.removeEventListener("abort", end);
    }
  }

  /** Tells the other end what has become of an object. False when it cannot take more now: tell the rest later. */
  notify(notice: Notice): boolean {
    if (this.#stream.destroyed) return false;
    return this.#stream.write(`${JSON.stringify(notice)}\n`);
  }

  async #do(step: SinkStep, signal: AbortSignal): Promise<void> {
    if (step.kind === "say") {
      this.#stream.write(`${JSON.stringify(step.message)}\n`);
      return;
    }
    const name = `${step.collection}\n${step.key}`;
    // Two versions of an object are written one after the other.
    await this.#busy.get(name);
    while (this.#busy.size >= CONCURRENCY) await Promise.race(this.#busy.values());
    const work = this.#write(step, signal)
      // Only an abort ends it early, and then the next stream begins with a comparison.
      .catch(() => {})
      .finally(() => this.#busy.delete(name));
    this.#busy.set(name, work);
  }

  #write(step: Exclude<SinkStep, { kind: "say" }>, signal: AbortSignal): Promise<void> {
    const { collection, key } = step;
    if (step.kind === "delete") return this.#keeper.delete(collection, key, signal);
    return this.#keeper.put(collection, key, step.version, step.object, signal);
  }
}
