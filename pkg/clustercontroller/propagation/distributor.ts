import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isStatus } from "../../apis/status.ts";
import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import type { Metrics } from "../../base/metrics.ts";
import { WorkQueue } from "../../base/work-queue.ts";
import { Catalog, type Offer } from "../../propagation/catalog.ts";
import { Outcomes } from "../../propagation/outcomes.ts";
import { type PropagatedKind, STATUS_ANNOTATION } from "../../propagation/propagated-objects.ts";
import type { Notice } from "../../replication/message.ts";
import { SourceStream } from "../../replication/source-stream.ts";
import type { Selectable } from "../../topology/selector.ts";
import { type ClusterName, formatTags, type Tags } from "../../wire/names.ts";
import { EachOnline } from "../streams/each-online.ts";

/** What a distributor works with. */
export interface DistributorParts {
  readonly self: ClusterName;
  /** The kinds whose objects go down. */
  readonly kinds: readonly PropagatedKind[];
  readonly client: ResourceClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The names from the top of the tree to a cluster, and its tags; undefined if there is no way to it now. */
  readonly live: (
    cluster: ClusterName,
  ) => { readonly path: readonly ClusterName[]; readonly tags: Tags } | undefined;
  /** Every cluster that can be selected. */
  readonly known: () => Iterable<Selectable>;
  /** A stream to a service of a cluster's controller. */
  readonly converse: (cluster: ClusterName, service: string) => Duplex;
}

/** A cluster that is being told. */
interface Audience {
  readonly stream: SourceStream;
  /** Name and tags as the stream selects by; tags may change while it lives. */
  readonly cluster: { readonly name: ClusterName; tags: Tags };
}

/** Changes of so many milliseconds make one new status of an object. */
const GATHER_MS = 500;
/** A status is not written more often than this, in milliseconds: whoever changes the object would be in its way. */
const CALM_MS = 2_000;

/** Sends the objects of this API that are labelled for it to the clusters they are for, and says what has become of them. */
export class Distributor {
  readonly #parts: DistributorParts;
  readonly #catalog: Catalog;
  readonly #each: EachOnline;
  readonly #outcomes = new Outcomes();
  /** For what clusters say of single objects. */
  readonly #lines: LogLimit;
  readonly #audiences = new Map<ClusterName, Audience>();
  readonly #statuses: WorkQueue;
  /** When the status of an object was last written. */
  readonly #written = new Map<string, number>();

  constructor(parts: DistributorParts) {
    this.#parts = parts;
    const { client, log, metrics, live, kinds } = parts;
    this.#lines = new LogLimit(log, metrics);
    this.#catalog = new Catalog({
      ...{ client, log, kinds },
      onChange: (...change) => this.#changed(...change),
      onKnown: () => {
        for (const { stream } of this.#audiences.values()) stream.wake();
      },
    });
    const once = this.#tell.bind(this);
    const path = (name: ClusterName) => (name === parts.self ? undefined : live(name)?.path);
    this.#each = new EachOnline({ log, metrics, path, once, what: "propagation" });
    this.#statuses = new WorkQueue((name, signal) => this.#say(name, signal), {
      concurrency: 32,
      log,
    });
  }

  /** There may be a way to these clusters now, or they have other tags. */
  clustersChanged(names: readonly ClusterName[]): void {
    for (const name of names) {
      const audience = this.#audiences.get(name);
      const tags = this.#parts.live(name)?.tags;
      if (audience === undefined || tags === undefined) continue;
      if (formatTags(tags) === formatTags(audience.cluster.tags)) continue;
      audience.cluster.tags = tags;
      for (const [collection, key] of this.#catalog.offers()) audience.stream.mark(collection, key);
    }
    this.#each.changed(names);
    for (const [collection, key] of this.#catalog.offers())
      this.#statuses.mark(`${collection}\n${key}`);
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#catalog.run(signal), this.#statuses.run(signal)]);
    await this.#each.end();
  }

  #changed(collection: string, key: string, now?: Offer, before?: Offer): void {
    for (const { stream, cluster } of this.#audiences.values()) {
      const concerns = [now, before].some((offer) => offer?.selector?.selects(cluster) === true);
      if (concerns) stream.mark(collection, key);
    }
    if (now === undefined) {
      this.#outcomes.forget(collection, key);
      this.#written.delete(`${collection}\n${key}`);
    } else this.#outcomes.changed(collection, key, now.version);
    this.#statuses.mark(`${collection}\n${key}`);
  }

  async #tell(name: ClusterName, _: readonly ClusterName[], signal: AbortSignal): Promise<unknown> {
    const { converse, live } = this.#parts;
    const cluster = { name, tags: live(name)?.tags ?? {} };
    const duplex = converse(name, "desired");
    const collections = (): ReturnType<Catalog["collections"]> =>
      this.#catalog.collections(() => cluster);
    const stream = new SourceStream(duplex, collections, (notice) => this.#hear(cluster, notice));
    this.#audiences.set(name, { stream, cluster });
    await stream.run(signal);
    this.#audiences.delete(name);
    return duplex.errored ?? undefined;
  }

  #hear(audience: Selectable, notice: Notice): void {
    const { name: cluster } = audience;
    const { collection, key, version, state, text } = notice;
    const { metrics } = this.#parts;
    const log = this.#lines.of(cluster);
    const offer = this.#catalog.offer(collection, key);
    // Only those for whom it is have something to say about it.
    if (offer?.version !== version || offer.selector?.selects(audience) !== true) return;
    if (state === "corrected") {
      log.warn({ cluster, collection, key }, "drift corrected");
      metrics.count("ote_propagation_corrections_total");
    } else if (state === "failed") log.warn({ cluster, collection, key, text }, "not propagated");
    this.#outcomes.hear(cluster, notice);
    this.#statuses.mark(`${collection}\n${key}`);
  }

  /** Writes what has become of an object to it, where it can be read. */
  async #say(name: string, signal: AbortSignal): Promise<void> {
    await sleep(GATHER_MS, undefined, { signal });
    const [collection = "", key = ""] = name.split("\n");
    const offer = this.#catalog.offer(collection, key);
    if (offer === undefined || this.#isRestless(name, signal)) return;
    const status = JSON.stringify(this.#statusOf(collection, key, offer));
    if (status === offer.told) return;
    const { name: object, namespace } = offer.metadata;
    const patch = { metadata: { annotations: { [STATUS_ANNOTATION]: status } } };
    this.#written.set(name, performance.now());
    try {
      const at = { namespace, name: object };
      await this.#parts.client.patch(offer.kindOf.type, at, "merge", patch, {}, signal);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  /** Whether a status was written a moment ago; then it is looked at again later. */
  #isRestless(name: string, signal: AbortSignal): boolean {
    const wait = CALM_MS - (performance.now() - (this.#written.get(name) ?? -CALM_MS));
    if (wait <= 0) return false;
    setTimeout(() => {
      if (!signal.aborted) this.#statuses.mark(name);
    }, wait).unref();
    return true;
  }

  #statusOf(collection: string, key: string, { selector, problem }: Offer): object {
    if (selector === undefined) return { problem };
    const selected: string[] = [];
    for (const cluster of this.#parts.known())
      if (cluster.name !== this.#parts.self && selector.selects(cluster))
        selected.push(cluster.name);
    return this.#outcomes.status(collection, key, selected);
  }
}
