import type { Duplex } from "node:stream";
import type { Cluster } from "../apis/cluster.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import type { Logger } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { PropagatedKind } from "../propagation/propagated-objects.ts";
import type { Selectable } from "../topology/selector.ts";
import type { ClusterName } from "../wire/names.ts";
import { ClusterRegistry, type LiveCluster } from "./cluster-registry.ts";
import type { Settlement, TreeEvent } from "./event.ts";
import { Distributor } from "./propagation/distributor.ts";
import { type Collected, Collector } from "./reports/collector.ts";
import { TaskDesk } from "./tasks/task-desk.ts";

/** What an entry point works with. */
export interface EntryPointParts {
  readonly client: ResourceClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What is known of a cluster; undefined if there is no way to it now. */
  readonly live: (name: ClusterName) => LiveCluster | undefined;
  /** Every cluster that is online. */
  readonly online: () => Iterable<Selectable>;
  readonly dispatch: (event: TreeEvent) => void;
  /** A Cluster object is marked for deletion. */
  readonly onRemoval: (cluster: Cluster, signal: AbortSignal) => Promise<void> | undefined;
  readonly self: ClusterName;
  /** The kinds whose labelled objects in this API go down to clusters. */
  readonly propagated: readonly PropagatedKind[];
  /** How much of what clusters report is kept here. */
  readonly collected: Collected;
  /** Characters of JSON that all reported objects here may have. */
  readonly collectLimit: number;
  /** A stream to a service of a cluster's controller. */
  readonly converse: (cluster: ClusterName, service: string) => Duplex;
}

/** A Kubernetes API through which a subtree is seen and commanded: its clusters as objects, its tasks from objects. */
export class EntryPoint {
  readonly #registry: ClusterRegistry;
  readonly #desk: TaskDesk;
  readonly #collector: Collector | undefined;
  readonly #distributor: Distributor | undefined;

  constructor(parts: EntryPointParts) {
    const { client, log, metrics, live, online, dispatch, onRemoval, collected, converse } = parts;
    if (collected !== "none")
      this.#collector = new Collector({
        ...{ client, metrics, collected, converse },
        limit: parts.collectLimit,
        log: log.child({ part: "reports" }),
        path: (name) => live(name)?.path,
      });
    const registry = new ClusterRegistry({
      client,
      log: log.child({ part: "registry" }),
      live,
      online,
      onRemoval,
      onGone: (name) => this.#collector?.gone(name),
    });
    this.#registry = registry;
    if (parts.propagated.length > 0)
      this.#distributor = new Distributor({
        ...{ self: parts.self, client, metrics, live, converse },
        log: log.child({ part: "propagation" }),
        kinds: parts.propagated,
        known: () => registry.known(),
      });
    this.#desk = new TaskDesk({
      client,
      log: log.child({ part: "tasks" }),
      metrics,
      known: () => registry.known(),
      dispatch,
    });
  }

  /** What is known of these clusters is different now. */
  clustersChanged(names: readonly ClusterName[]): void {
    this.#registry.changed(names);
    this.#collector?.changed(names);
    this.#distributor?.clustersChanged(names);
  }

  /** Every cluster that can be selected: those online, and those that were seen before. */
  known(): Iterable<Selectable> {
    return this.#registry.known();
  }

  /** Verdicts of a task are final. */
  settled(id: string, settlements: readonly Settlement[]): void {
    this.#desk.settled(id, settlements);
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const more = [this.#collector?.run(signal), this.#distributor?.run(signal)];
    await Promise.all([this.#registry.run(signal), this.#takeTasks(signal), ...more]);
  }

  async #takeTasks(signal: AbortSignal): Promise<void> {
    // A glob may mean clusters that are offline now: they are known from their objects only.
    await this.#registry.synced;
    await this.#desk.run(signal);
  }
}
