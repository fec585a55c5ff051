import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { jsonLines } from "../base/json-lines.ts";
import { drained } from "./drained.ts";
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
/** Longest line that is read unless somebody says otherwise, in bytes: the largest object of a Kubernetes API, with all its escapes. */
const MAX_LINE = 16 * 1024 * 1024;
/** Whoever changes one object more often than every so many milliseconds waits, and everything behind it. */
const REST_MS = 50;

/** Follows the other end of one stream, and has `keeper` keep what is there; `kept` is what it has already. */
export class SinkStream {
  readonly #stream: Duplex;
  readonly #sink: ReplicationSink;
  readonly #keeper: Keeper;
  readonly #maxLine: number;
  readonly #busy = new Map<string, Promise<void>>();
  /** Objects that were written a moment ago, the oldest first, and when. */
  readonly #written = new Map<string, number>();
  #isCompared = false;

  constructor(stream: Duplex, kept: Kept, keeper: Keeper, maxLine = MAX_LINE) {
    this.#stream = stream;
    this.#sink = new ReplicationSink(kept);
    this.#keeper = keeper;
    this.#maxLine = maxLine;
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
      for await (const value of jsonLines(this.#stream, this.#maxLine)) {
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

  /** Resolves when `notify` can be called again. */
  drained(): Promise<void> {
    return drained(this.#stream);
  }

  async #do(step: SinkStep, signal: AbortSignal): Promise<void> {
    if (step.kind === "say") {
      // Whoever asks us to ask, and does not read it, is not read any more.
      if (!this.#stream.write(`${JSON.stringify(step.message)}\n`)) await drained(this.#stream);
      return;
    }
    const name = `${step.collection}\n${step.key}`;
    // Two versions of an object are written one after the other.
    await this.#busy.get(name);
    await this.#rest(name);
    while (this.#busy.size >= CONCURRENCY) await Promise.race(this.#busy.values());
    if (signal.aborted) return;
    const work = this.#write(step, signal)
      // Only an abort ends it early, and then the next stream begins with a comparison.
      .catch(() => {})
      .finally(() => {
        this.#busy.delete(name);
        this.#written.set(name, performance.now());
      });
    this.#busy.set(name, work);
  }

  async #rest(name: string): Promise<void> {
    const late = performance.now() - REST_MS;
    for (const [old, at] of this.#written) {
      if (at > late) break;
      this.#written.delete(old);
    }
    const at = this.#written.get(name);
    if (at === undefined) return;
    await sleep(at - late);
    this.#written.delete(name);
  }

  #write(step: Exclude<SinkStep, { kind: "say" }>, signal: AbortSignal): Promise<void> {
    const { collection, key } = step;
    if (step.kind === "delete") return this.#keeper.delete(collection, key, signal);
    return this.#keeper.put(collection, key, step.version, step.object, signal);
  }
}
