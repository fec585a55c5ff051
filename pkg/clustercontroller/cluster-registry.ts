import { CLUSTER, type Cluster, type ClusterStatus, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";
import type { Logger } from "../base/log.ts";
import { WorkQueue } from "../base/work-queue.ts";
import { Informer } from "../kube/informer.ts";
import type { Selectable } from "../topology/selector.ts";
import { type ClusterName, formatTags, isClusterName, type Tags } from "../wire/names.ts";

/** After a start, how long a cluster that was online before may take to come back before it is shown offline. */
const START_GRACE_MS = 5000;

/** What the tree knows of one cluster that is online. */
export interface LiveCluster {
  readonly name: ClusterName;
  readonly parentName: ClusterName | undefined;
  readonly preferredParent: string;
  readonly listen: string;
  readonly tags: Tags;
  readonly version: string;
  readonly path: readonly ClusterName[];
}

/** What the registry works with. */
export interface ClusterRegistryParts {
  readonly client: ResourceClient;
  readonly log: Logger;
  /** What is known of a cluster; undefined if there is no way to it now. */
  readonly live: (name: ClusterName) => LiveCluster | undefined;
  /** Every cluster that is online. */
  readonly online: () => Iterable<Selectable>;
  /** A Cluster object is marked for deletion; undefined if nothing has to be done before it goes. */
  readonly onRemoval: (cluster: Cluster, signal: AbortSignal) => Promise<void> | undefined;
  /** A Cluster object exists no more. */
  readonly onGone: (name: string) => void;
}

/** Keeps the Cluster objects of one API true: one for each cluster of the tree that was ever seen. */
export class ClusterRegistry {
  readonly #parts: ClusterRegistryParts;
  readonly #queue: WorkQueue;
  readonly #informer: Informer<Cluster>;
  readonly #seen = new Set<string>();
  /** Shown online because this process has seen them so; what is there from before may be long past. */
  readonly #confirmed = new Set<string>();
  #graceOver = false;

  constructor(parts: ClusterRegistryParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue((name, signal) => this.#reconcile(name, signal), {
      concurrency: 8,
      log: parts.log,
    });
    this.#informer = new Informer<Cluster>(parts.client, CLUSTER, {
      namespace: SYSTEM_NAMESPACE,
      log: parts.log,
      onChange: (_, object, previous) => {
        const name = (object ?? previous)?.metadata.name;
        if (name === undefined) return;
        this.#queue.mark(name);
        if (object === undefined) parts.onGone(name);
      },
    });
  }

  /** Resolves when the objects from before this start are known. */
  get synced(): Promise<void> {
    return this.#informer.synced;
  }

  /** What is known of these clusters is different now. */
  changed(names: Iterable<ClusterName>): void {
    for (const name of names) {
      this.#seen.add(name);
      this.#queue.mark(name);
    }
  }

  /** Every cluster that can be selected: those online, and those that were seen before. */
  *known(): Iterable<Selectable> {
    const online = new Set<string>();
    for (const cluster of this.#parts.online()) {
      online.add(cluster.name);
      yield cluster;
    }
    for (const { metadata, status } of this.#informer.objects.values()) {
      const { name } = metadata;
      if (isClusterName(name) && !online.has(name)) yield { name, tags: status?.tags ?? {} };
    }
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const grace = setTimeout(() => {
      this.#graceOver = true;
      for (const { metadata } of this.#informer.objects.values()) this.#queue.mark(metadata.name);
    }, START_GRACE_MS);
    signal.addEventListener("abort", () => clearTimeout(grace), { once: true });
    await Promise.all([this.#informer.run(signal), this.#start(signal)]);
  }

  async #start(signal: AbortSignal): Promise<void> {
    // Before the first list is there, everything would look as if it had to be created.
    await this.#informer.synced;
    await this.#queue.run(signal);
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    if (!isClusterName(name)) return;
    const live = this.#parts.live(name);
    const present = this.#informer.objects.get(`${SYSTEM_NAMESPACE}/${name}`);
    if (present?.metadata.deletionTimestamp !== undefined) {
      await this.#parts.onRemoval(present, signal);
      return;
    }
    if (live === undefined) {
      this.#confirmed.delete(name);
      if (present?.status?.status !== "online" || !(this.#graceOver || this.#seen.has(name)))
        return;
      await this.#write(name, { status: "offline", lastSeen: now() }, signal);
      return;
    }
    const object = present ?? (await this.#create(live, signal));
    const status = statusOf(live, object.status?.tags ?? {});
    await this.#label(object, live.tags, signal);
    if (!holds(object.status, status) || !this.#confirmed.has(name))
      await this.#write(name, { ...status, lastSeen: now() }, signal);
    this.#confirmed.add(name);
  }

  async #create({ name, tags }: LiveCluster, signal: AbortSignal): Promise<Cluster> {
    const key = { namespace: SYSTEM_NAMESPACE, name };
    const object: Cluster = {
      apiVersion: "ote.baidu.com/v1",
      kind: "Cluster",
      metadata: { ...key, labels: tags },
      spec: { name },
    };
    try {
      return await this.#parts.client.create(CLUSTER, object, signal);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      return this.#parts.client.get<Cluster>(CLUSTER, key, signal);
    }
  }

  /** Tags are labels too, so that kubectl -l works; labels that are no tags are left alone. */
  async #label({ metadata, status }: Cluster, tags: Tags, signal: AbortSignal): Promise<void> {
    const labels: Record<string, string | null> = {};
    for (const key of Object.keys(status?.tags ?? {}))
      if (!Object.hasOwn(tags, key)) labels[key] = null;
    for (const [key, value] of Object.entries(tags)) {
      if (metadata.labels?.[key] !== value) labels[key] = value;
    }
    const stale = Object.keys(labels).some(
      (key) => (metadata.labels?.[key] ?? null) !== labels[key],
    );
    if (!stale) return;
    const key = { namespace: SYSTEM_NAMESPACE, name: metadata.name };
    await this.#parts.client.patch(CLUSTER, key, "merge", { metadata: { labels } }, {}, signal);
  }

  async #write(name: string, status: object, signal: AbortSignal): Promise<void> {
    const key = { namespace: SYSTEM_NAMESPACE, name };
    await this.#parts.client.patch(
      CLUSTER,
      key,
      "merge",
      { status },
      { subresource: "status" },
      signal,
    );
  }
}

/** The status as a merge patch: what does not apply is null. */
function statusOf(live: LiveCluster, formerTags: Tags): Readonly<Record<string, unknown>> {
  const { parentName, preferredParent, listen, tags, version, path } = live;
  return {
    status: "online",
    parentName: parentName ?? null,
    preferredParent:
      preferredParent === "" || preferredParent === parentName ? null : preferredParent,
    listen: listen === "" ? null : listen,
    tags: { ...Object.fromEntries(Object.keys(formerTags).map((key) => [key, null])), ...tags },
    tagText: formatTags(tags) === "" ? null : formatTags(tags),
    version,
    path: path.join("/"),
  };
}

function holds(
  present: ClusterStatus | undefined,
  wanted: Readonly<Record<string, unknown>>,
): boolean {
  const has = present as Readonly<Record<string, unknown>> | undefined;
  return Object.entries(wanted).every(
    ([field, value]) => canonical(has?.[field]) === canonical(value),
  );
}

/** JSON with sorted keys, in which null and absent are the same. */
function canonical(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
