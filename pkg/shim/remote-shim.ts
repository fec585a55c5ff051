import { setTimeout as sleep } from "node:timers/promises";
import type { ApiTransport } from "../apis/api-transport.ts";
import type { ApiProxy } from "../apis/cluster-proxy.ts";
import { attempts } from "../base/backoff.ts";
import { errorCode, errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { LogLimit } from "../base/log-limit.ts";
import type { Metrics } from "../base/metrics.ts";
import { SHIM_PATH } from "../tunnel/cloud-tunnel.ts";
import { dialLink } from "../tunnel/edge-tunnel.ts";
import { type Link, LinkClosedError, POLITE_END } from "../tunnel/link.ts";
import { isOfStreams } from "../tunnel/streams/stream-words.ts";
import type { Hello, Task } from "../wire/message.ts";
import { destinationsOf } from "./capabilities.ts";
import type { RecoveringShim, ShimResult, ShimTask } from "./shim.ts";
import { shimResultOf, taskBodyOf } from "./shim-message.ts";
import { RemoteApi } from "./streams/remote-api.ts";

/** Where the shim is. */
export interface RemoteShimOptions {
  /** host:port of the shim process. */
  readonly endpoint: string;
}

interface Waiting {
  readonly task: ShimTask;
  readonly resolve: (result: ShimResult) => void;
  /** When it was first sent; 0 if it never was. */
  startedAt: number;
}

/** Another controller uses our shim: two that dial in turn would take it from each other for ever. */
const REPLACED_PAUSE_MS = 10_000;
/** Longest time to live that fits into a message, in milliseconds. */
const LONGEST_TTL_MS = 0xffff_ffff;

/**
 * A shim in another process, over a link that is dialled again whenever it is lost. A task waits while
 * the shim is away; one that was already sent is sent again as a question what became of it.
 */
export class RemoteShim implements RecoveringShim {
  readonly #options: RemoteShimOptions;
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #waiting = new Map<string, Waiting>();
  readonly #api: RemoteApi;
  #link: Link | undefined;
  #destinations: readonly string[] = [];

  constructor(
    options: RemoteShimOptions,
    parts: { readonly log: Logger; readonly metrics: Metrics },
  ) {
    this.#options = options;
    // A shim may come and go many times a second.
    this.#log = new LogLimit(parts.log, parts.metrics).of("shim");
    this.#metrics = parts.metrics;
    this.#api = new RemoteApi(options.endpoint);
  }

  /** Whether the shim process can be reached at the moment. */
  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** As the other process said when it was last reached; it refuses those it does not serve. */
  get destinations(): readonly string[] {
    return this.#destinations;
  }

  /** Requests of users to the API of the shim's cluster; refused while the shim is away, or if it does not take any. */
  get proxy(): ApiProxy {
    return this.#api;
  }

  /** Our own requests to that API, which the shim makes as who it is. For this process alone: nobody's else are let in here. */
  transport(): ApiTransport {
    return this.#api;
  }

  run(task: ShimTask, signal: AbortSignal): Promise<ShimResult> {
    return this.#ask(task, 0, signal);
  }

  recover(task: ShimTask, startedAt: Date, signal: AbortSignal): Promise<ShimResult> {
    return this.#ask(task, startedAt.getTime(), signal);
  }

  /** Keeps the link until `signal` aborts, saying `hello` each time. */
  async serve(hello: () => Hello, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const link = await this.#connect(hello, signal);
      if (link !== undefined) await this.#converse(link, signal);
    }
  }

  async #connect(hello: () => Hello, signal: AbortSignal): Promise<Link | undefined> {
    const { endpoint: address } = this.#options;
    const metrics = this.#metrics;
    try {
      for await (const { delay } of attempts(signal, { first: 100, longest: 5000 })) {
        try {
          const options = {
            address,
            path: SHIM_PATH,
            hello,
            side: "shim",
            metrics,
          } as const;
          const { link, welcome } = await dialLink(options, signal);
          this.#destinations = destinationsOf(welcome);
          this.#api.connected(link, welcome.capabilities);
          return link;
        } catch (error) {
          if (signal.aborted) return undefined;
          const fields = { endpoint: address, code: errorCode(error), text: errorText(error) };
          this.#log[delay < 1000 ? "info" : "warn"](fields, "cannot reach shim, will retry");
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return undefined;
  }

  async #converse(link: Link, signal: AbortSignal): Promise<void> {
    const { endpoint } = this.#options;
    const stop = (): void => link.end(POLITE_END);
    signal.addEventListener("abort", stop, { once: true });
    this.#link = link;
    this.#log.info({ endpoint }, "shim connected");
    for (const waiting of this.#waiting.values()) this.#send(waiting);
    await link.receive((message) => {
      if (message.kind === "result") this.#settle(message.id, shimResultOf(message));
      else if (isOfStreams(message)) this.#api.hear(message);
    });
    this.#link = undefined;
    signal.removeEventListener("abort", stop);
    const { code, text } = await link.ended;
    this.#api.lost(text);
    if (signal.aborted) return;
    this.#log.warn({ endpoint, code, text }, "shim lost");
    // A shim that accepts and hangs up at once must not be dialled in a tight circle.
    const pause = code === "REPLACED" ? REPLACED_PAUSE_MS : 100;
    await sleep(pause, undefined, { signal }).catch(() => {});
  }

  #ask(task: ShimTask, startedAt: number, signal: AbortSignal): Promise<ShimResult> {
    const recovers = startedAt > 0;
    if (signal.aborted) return Promise.resolve(recovers ? this.#unknown() : this.#late());
    return new Promise((resolve) => {
      const waiting: Waiting = { task, resolve, startedAt };
      this.#waiting.set(task.id, waiting);
      const giveUp = (): void => {
        const late = waiting.startedAt > 0 ? this.#late() : this.#unreachable();
        this.#settle(task.id, recovers ? this.#unknown() : late);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#send(waiting);
    });
  }

  /** Sends a task if there is a link; else it waits for the next one. */
  #send(waiting: Waiting): void {
    const { task, startedAt } = waiting;
    const link = this.#link;
    if (link === undefined) return;
    const message: Task = {
      kind: "task",
      id: task.id,
      origin: link.peer,
      targets: [link.peer],
      ttlMs: Math.min(Math.ceil(task.ttlMs ?? LONGEST_TTL_MS), LONGEST_TTL_MS),
      body: taskBodyOf(task),
      hops: 0,
      startedAt,
    };
    try {
      link.send(message);
    } catch (error) {
      if (!(error instanceof LinkClosedError)) throw error;
      return;
    }
    if (startedAt === 0) waiting.startedAt = Date.now();
  }

  #settle(id: string, result: ShimResult): void {
    this.#waiting.get(id)?.resolve(result);
    this.#waiting.delete(id);
  }

  #unreachable(): ShimResult {
    const { endpoint } = this.#options;
    const body = `Cannot execute the task as its shim at "${endpoint}" must be reachable: it was away until the deadline`;
    return { verdict: "failed", code: 503, reason: "ShimUnreachable", body };
  }

  #late(): ShimResult {
    const { endpoint } = this.#options;
    const body = `Cannot tell what became of the task: the shim at "${endpoint}" did not answer before the deadline`;
    return { verdict: "failed", code: 504, reason: "DeadlineExceeded", body };
  }

  #unknown(): ShimResult {
    const { endpoint } = this.#options;
    const body = `Cannot tell what became of the task: it was interrupted and may have been executed, and the shim at "${endpoint}" does not say`;
    return { verdict: "failed", code: 500, reason: "OutcomeUnknown", body };
  }
}
