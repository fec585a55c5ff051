import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { LogLimit } from "../base/log-limit.ts";
import type { Metrics } from "../base/metrics.ts";
import { CloudTunnel, SHIM_PATH } from "../tunnel/cloud-tunnel.ts";
import { type Link, LinkClosedError } from "../tunnel/link.ts";
import { StreamEndedError } from "../tunnel/streams/stream-ended-error.ts";
import { isOfStreams } from "../tunnel/streams/stream-words.ts";
import type { Address } from "../wire/address.ts";
import type { Task, Welcome } from "../wire/message.ts";
import { destinationWord } from "./capabilities.ts";
import { type ClusterShim, canRecover, type ShimResult } from "./shim.ts";
import { resultMessage, shimTaskOf } from "./shim-message.ts";
import { LinkStreams } from "./streams/link-streams.ts";
import { ShimApi, type ShimApiParts } from "./streams/shim-api.ts";

/** Finished tasks whose results are kept in case the cluster controller asks again. */
const KEPT_RESULTS = 1000;
/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** Where to listen and as whom. */
export interface ShimServerOptions {
  readonly listen: Address;
  readonly heartbeatMs: number;
  readonly version: string;
}

/** What a shim server works with. */
export interface ShimServerParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The cluster's API, as far as the controller may reach it; without it there are only tasks. */
  readonly api?: ShimApiParts | undefined;
}

interface Work {
  readonly result: Promise<ShimResult>;
  /** Milliseconds since 1970; 0 until then. */
  finishedAt: number;
}

/**
 * Offers a shim to the cluster controller of its cluster. One controller is served at a time: the one
 * that came last, so that a controller that restarts never waits for its own dead connection. A task
 * that is sent again is not executed again while this process lives, and looked into after a restart.
 */
export class ShimServer implements AsyncDisposable {
  readonly #shim: ClusterShim;
  readonly #log: Logger;
  /** For connections, which come and go as others like. */
  readonly #lines: LogLimit;
  readonly #api: ShimApi;
  readonly #work = new Map<string, Work>();
  readonly #stop = new AbortController();
  #tunnel: CloudTunnel | undefined;
  #link: Link | undefined;

  private constructor(shim: ClusterShim, { log, metrics, api = {} }: ShimServerParts) {
    this.#shim = shim;
    this.#log = log;
    this.#lines = new LogLimit(log, metrics);
    this.#api = new ShimApi(api, log, metrics);
  }

  /** Resolves once the cluster controller can connect; rejects with `LISTEN_FAILED`. */
  static async listen(
    shim: ClusterShim,
    { listen, heartbeatMs, version }: ShimServerOptions,
    parts: ShimServerParts,
  ): Promise<ShimServer> {
    const { log, metrics } = parts;
    const server = new ShimServer(shim, parts);
    server.#tunnel = await CloudTunnel.listen(
      { listen, path: SHIM_PATH, side: "shim", heartbeatMs },
      {
        log,
        metrics,
        admit: ({ name }): Welcome => ({
          kind: "welcome",
          name,
          version,
          capabilities: [...shim.destinations.map(destinationWord), ...server.#api.capabilities],
          heartbeatMs,
          path: [],
          listen: "",
          rank: 0,
          anchored: false,
        }),
        onLink: (link) => void server.#serve(link),
      },
    );
    return server;
  }

  /** The port that is listened on. */
  get port(): number {
    return this.#tunnel?.port ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#tunnel?.[Symbol.asyncDispose]();
    await Promise.all([...this.#work.values()].map((work) => work.result));
  }

  async #serve(link: Link): Promise<void> {
    this.#link?.end({
      code: "REPLACED",
      text: "Another connection of the cluster controller took over",
    });
    this.#link = link;
    const log = this.#lines.of(link.peer);
    log.info({ cluster: link.peer }, "cluster controller connected");
    const streams = new LinkStreams(link, (head, stream) => this.#api.accept(head, stream));
    await link.receive((message) => {
      if (message.kind === "task") void this.#answer(message, link);
      else if (isOfStreams(message)) streams.hear(message);
    });
    if (this.#link === link) this.#link = undefined;
    const { code, text } = await link.ended;
    streams.lost(new StreamEndedError("LINK_LOST", text));
    log.info({ cluster: link.peer, code, text }, "cluster controller disconnected");
  }

  async #answer(task: Task, link: Link): Promise<void> {
    const known = this.#work.get(task.id);
    const work = known ?? this.#begin(task);
    const result = await work.result;
    // What our own end cut off is looked into when the controller asks our successor.
    if (this.#stop.signal.aborted && result.verdict === "failed") return;
    const message = resultMessage(task, link.peer, result, work.finishedAt);
    try {
      this.#link?.send(message);
    } catch (error) {
      // The controller asks again when it is back, and the result is kept until then.
      if (!(error instanceof LinkClosedError)) throw error;
    }
  }

  #begin(task: Task): Work {
    const result = this.#execute(task).then((outcome) => {
      work.finishedAt = Date.now();
      return outcome;
    });
    const work: Work = { result, finishedAt: 0 };
    this.#work.set(task.id, work);
    void result.then(() => this.#shed());
    return work;
  }

  async #execute(task: Task): Promise<ShimResult> {
    const ttlMs = Math.min(task.ttlMs, LONGEST_TIMER_MS);
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ttlMs)]);
    try {
      const shimTask = { ...shimTaskOf(task), ttlMs };
      this.#log.info({ task: task.id, method: shimTask.method, url: shimTask.url }, "task started");
      if (task.startedAt > 0 && canRecover(this.#shim)) {
        const recovered = await this.#shim.recover(shimTask, new Date(task.startedAt), signal);
        if (recovered !== "run") return recovered;
      }
      return await this.#shim.run(shimTask, signal);
    } catch (error) {
      return { verdict: "failed", code: 500, reason: "ShimFailed", body: errorText(error) };
    }
  }

  #shed(): void {
    for (const [id, { finishedAt }] of this.#work) {
      if (this.#work.size <= KEPT_RESULTS) return;
      if (finishedAt > 0) this.#work.delete(id);
    }
  }
}
