import type { Duplex } from "node:stream";
import { CLUSTER, SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isStatus } from "../../apis/status.ts";
import { OteError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import type { Metrics } from "../../base/metrics.ts";
import { RateLimit } from "../../base/rate-limit.ts";
import { Turns } from "../../base/turns.ts";
import { WorkQueue } from "../../base/work-queue.ts";
import type { Kept } from "../../replication/sink.ts";
import { SinkStream } from "../../replication/sink-stream.ts";
import { Mirror, mirroredClusters, removeMirror } from "../../reporting/mirror.ts";
import { MirrorSpace } from "../../reporting/mirror-room.ts";
import type { ClusterName } from "../../wire/names.ts";
import { EachOnline } from "../streams/each-online.ts";

/** How much of what clusters report is kept at an entry point: everything, their statuses, or nothing. */
export const COLLECTED = ["all", "status", "none"] as const;
export type Collected = (typeof COLLECTED)[number];

/** What a collector works with. */
export interface CollectorParts {
  readonly client: ResourceClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly collected: Exclude<Collected, "none">;
  /** Characters of JSON that all mirrors together may have. */
  readonly limit: number;
  /** The names from the top of the tree to a cluster; undefined if there is no way to it now. */
  readonly path: (cluster: ClusterName) => readonly ClusterName[] | undefined;
  /** A stream to a service of a cluster's controller. */
  readonly converse: (cluster: ClusterName, service: string) => Duplex;
}

/** Stands for all clusters that were removed while nobody was there to notice. */
const LEFT_BEHIND = "*";
/** Mirrors that are compared at the same time, over all clusters. */
const COMPARED_AT_ONCE = 16;
/** So long at most the comparison of one mirror may keep others from being compared, in milliseconds. */
const COMPARE_MS = 10_000;
/** Longest line that a cluster may say, in bytes: room for an object, and for a part of a listing. */
const MAX_LINE = 2 * 1024 * 1024;
/** Changes that a cluster may make in its mirror at once, as when it comes back after a long time. */
export const CHANGES_AT_ONCE = 100_000;
/** Changes that it may make in a second from then on; who changes more waits. */
export const CHANGES_A_SECOND = 500;
const RATE = { atOnce: CHANGES_AT_ONCE, perSecond: CHANGES_A_SECOND };
/** As so many changes counts the beginning of a conversation: everything that is there is read. */
const BEGINNING = 500;
/** A cluster that has no object any more is still there; tried again until it has left. */
class StillFollowedError extends OteError {
  readonly code = "STILL_REPORTING";
}

/** Follows what every cluster that is online reports, and mirrors it in the API of this entry point. */
export class Collector {
  readonly #parts: CollectorParts;
  readonly #lines: LogLimit;
  readonly #each: EachOnline;
  readonly #comparing = new Turns(COMPARED_AT_ONCE);
  readonly #removals: WorkQueue;
  readonly #space: MirrorSpace;
  readonly #rates = new Map<string, RateLimit>();

  constructor(parts: CollectorParts) {
    this.#parts = parts;
    const { log, metrics, path } = parts;
    this.#lines = new LogLimit(log, metrics);
    this.#space = new MirrorSpace(parts.limit);
    const once = this.#follow.bind(this);
    this.#each = new EachOnline({ log, metrics, path, once, what: "reports" });
    this.#removals = new WorkQueue((name, signal) => this.#remove(name, signal), {
      log: parts.log,
    });
  }

  /** There may be a way to these clusters now. */
  changed(names: Iterable<ClusterName>): void {
    this.#each.changed(names);
  }

  /** The object of a cluster has been deleted: what it has reported goes, too. */
  gone(name: string): void {
    this.#rates.delete(name);
    this.#removals.mark(name);
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#parts.collected === "all") this.#removals.mark(LEFT_BEHIND);
    await this.#removals.run(signal);
    await this.#each.end();
  }

  /** Deletes the mirror of a cluster that has no object any more. */
  async #remove(name: string, signal: AbortSignal): Promise<void> {
    const { client, collected } = this.#parts;
    if (collected !== "all") return;
    if (name === LEFT_BEHIND) {
      for (const cluster of await mirroredClusters(client, signal)) this.#removals.mark(cluster);
      return;
    }
    const key = { namespace: SYSTEM_NAMESPACE, name };
    try {
      await client.get(CLUSTER, key, signal);
      return;
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
    if (this.#each.has(name))
      throw new StillFollowedError(`Cannot delete the mirror of "${name}": it is still reporting`);
    await removeMirror(client, name, signal);
    this.#space.forget(name);
  }

  /** One stream from its beginning to its end, which is told. */
  async #follow(
    name: ClusterName,
    path: readonly ClusterName[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const { client, metrics, collected, converse } = this.#parts;
    const rate = this.#rateOf(name);
    const mirror = new Mirror({
      client,
      owner: { cluster: name, path },
      space: this.#space,
      rate,
      log: this.#lines.of(name).child({ cluster: name }),
      onRefused: () => metrics.count("ote_reports_refused_total"),
    });
    const ended = new AbortController();
    await rate.next(signal, BEGINNING);
    using turn = await this.#comparing.next(signal);
    const telling = collected === "all" ? mirror.run(ended.signal) : undefined;
    // A cluster that does not know its own objects yet must not keep the others waiting.
    const late = setTimeout(() => turn[Symbol.dispose](), COMPARE_MS);
    try {
      const kept: Kept = collected === "all" ? await mirror.kept(signal) : new Map();
      const stream = converse(name, collected === "all" ? "reports" : "status");
      const sink = new SinkStream(stream, kept, mirror, MAX_LINE);
      return await sink.run(signal, () => {
        turn[Symbol.dispose]();
        mirror.compared();
      });
    } catch (error) {
      return error;
    } finally {
      clearTimeout(late);
      ended.abort();
      await telling;
    }
  }

  #rateOf(cluster: string): RateLimit {
    const rate = this.#rates.get(cluster) ?? new RateLimit(RATE);
    this.#rates.set(cluster, rate);
    return rate;
  }
}
