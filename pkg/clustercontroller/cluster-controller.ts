import { performance } from "node:perf_hooks";
import type { ResourceClient } from "../apis/resource-client.ts";
import type { Logger } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { RecordStore } from "../base/record-store.ts";
import type { Scope } from "../base/scope.ts";
import type { ClusterShim } from "../shim/shim.ts";
import { ParentCandidates } from "../topology/parent-candidates.ts";
import type { Selectable } from "../topology/selector.ts";
import type { Address } from "../wire/address.ts";
import type { Hello, Result, Welcome } from "../wire/message.ts";
import type { ClusterName, Tags } from "../wire/names.ts";
import { Children } from "./children.ts";
import type { LiveCluster } from "./cluster-registry.ts";
import { EntryPoint } from "./entry-point.ts";
import type { TreeEffect, TreeEvent } from "./event.ts";
import { Identity } from "./identity.ts";
import { LedgerStore } from "./ledger-store.ts";
import { ParentLink } from "./parent-link.ts";
import { TaskRunner } from "./task-runner.ts";
import { TreeNode } from "./tree-node.ts";

/** Milliseconds between two ticks of the tree. */
const TICK_MS = 500;

/** One node of the tree, complete and checked. */
export interface ClusterControllerOptions {
  readonly name: ClusterName;
  readonly tags: Tags;
  readonly version: string;
  /** Where children can join; undefined if they cannot. */
  readonly listen: Address | undefined;
  /** host:port under which others can reach `listen`. */
  readonly advertise: string;
  /** Addresses of parents, the preferred one first; empty at the root. */
  readonly parents: readonly string[];
  readonly heartbeatMs: number;
}

/** What a node works with; a part that is missing is a power it does not have. */
export interface ClusterControllerParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Keeps identity and ledger. */
  readonly store: RecordStore;
  /** Executes tasks for this cluster. */
  readonly shim?: ClusterShim | undefined;
  /** The API where tasks for the subtree are written and Cluster objects are kept. */
  readonly client?: ResourceClient | undefined;
}

/** A running node: joins the pure tree to links, to its cluster and to its API. */
export class ClusterController {
  readonly #options: ClusterControllerOptions;
  readonly #parts: ClusterControllerParts;
  readonly #identity: Identity;
  readonly #node: TreeNode;
  readonly #children: { port: number; get?: Children };
  #runner: TaskRunner | undefined;
  #parent: ParentLink | undefined;
  #candidates: ParentCandidates | undefined;
  #entry: EntryPoint | undefined;
  #home = "";
  #atHome = true;
  #ticked = performance.now();

  private constructor(
    options: ClusterControllerOptions,
    parts: ClusterControllerParts,
    identity: Identity,
    node: TreeNode,
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#identity = identity;
    this.#node = node;
    this.#children = { port: 0 };
  }

  /** Starts a node in `scope`, which ends it. Resolves once children can join; rejects with `LISTEN_FAILED`. */
  static async start(
    scope: Scope,
    options: ClusterControllerOptions,
    parts: ClusterControllerParts,
  ): Promise<ClusterController> {
    const identity = await Identity.open(parts.store);
    const ledger = new LedgerStore(parts.store);
    const { entries, interrupted } = ledger.load(performance.now());
    const { name } = options;
    const { log, metrics, shim } = parts;
    const node = new TreeNode({ name, hasShim: shim !== undefined, ledger: entries });
    const controller = new ClusterController(options, parts, identity, node);
    if (shim !== undefined) {
      const onResult = (result: Result): void => controller.#dispatch({ kind: "task-ran", result });
      controller.#runner = new TaskRunner(
        { name, shim, ledger, log, metrics, onResult },
        scope.signal,
      );
    }
    if (parts.client !== undefined) controller.#openApi(scope, parts.client);
    if (options.listen !== undefined) await controller.#listen(scope, options.listen);
    if (options.parents.length > 0) controller.#seekParent(scope);
    controller.#runner?.recover(interrupted);
    const timer = setInterval(() => controller.#tick(), TICK_MS);
    scope.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    return controller;
  }

  /** The port at which children join; 0 if they cannot. */
  get port(): number {
    return this.#children.port;
  }

  /** The names from the top of the tree to this cluster. */
  get path(): readonly ClusterName[] {
    return this.#node.path;
  }

  /** The hello for a new link from here to somebody. */
  hello(): Hello {
    const { name, tags, version, heartbeatMs } = this.#options;
    return {
      kind: "hello",
      name,
      instance: this.#identity.instance,
      session: this.#identity.nextSession(),
      tags,
      listen: this.#advertised(),
      version,
      capabilities: this.#parts.shim === undefined ? [] : ["tasks"],
      heartbeatMs,
      preferredParent: this.#home,
    };
  }

  #welcome(): Welcome {
    const { name, version, heartbeatMs } = this.#options;
    const { path } = this.#node;
    return {
      kind: "welcome",
      name,
      version,
      capabilities: [],
      heartbeatMs,
      path,
      listen: this.#advertised(),
    };
  }

  /** An advertised port 0 means: whichever we got. */
  #advertised(): string {
    const { advertise, listen } = this.#options;
    return listen === undefined ? "" : advertise.replace(/:0$/, `:${this.#children.port}`);
  }

  #openApi(scope: Scope, client: ResourceClient): void {
    const { log, metrics } = this.#parts;
    const entry = new EntryPoint({
      client,
      log,
      metrics,
      live: (name) => this.#live(name),
      online: () => this.#online(),
      dispatch: (event) => this.#dispatch(event),
    });
    this.#entry = entry;
    scope.spawn("entry point", (signal) => entry.run(signal));
    entry.clustersChanged([this.#node.name]);
  }

  async #listen(scope: Scope, listen: Address): Promise<void> {
    const { log, metrics } = this.#parts;
    const children = await Children.listen(
      { listen, heartbeatMs: this.#options.heartbeatMs },
      {
        log: log.child({ part: "children" }),
        metrics,
        refusal: (hello) => this.#node.refusal(hello),
        welcome: () => this.#welcome(),
        dispatch: (event) => this.#dispatch(event),
        roomAbove: () => this.#parent?.room(),
      },
    );
    this.#children.get = scope.use(children);
    this.#children.port = children.port;
    log.info({ port: children.port, host: listen.host }, "children can join");
  }

  #seekParent(scope: Scope): void {
    const { log, metrics } = this.#parts;
    const candidates = new ParentCandidates(
      this.#options.parents,
      this.#advertised(),
      this.#identity.parents,
    );
    const parent = new ParentLink({
      candidates,
      log: log.child({ part: "parent" }),
      metrics,
      hello: () => this.hello(),
      dispatch: (event) => this.#dispatch(event),
      onJoined: (name, home) => {
        this.#atHome = home;
        if (home) this.#home = name;
      },
    });
    this.#candidates = candidates;
    this.#parent = parent;
    scope.spawn("parent", (signal) => parent.run(signal));
  }

  #dispatch(event: TreeEvent): void {
    for (const effect of this.#node.handle(event, performance.now())) this.#perform(effect);
  }

  #perform(effect: TreeEffect): void {
    switch (effect.kind) {
      case "send-child":
        this.#children.get?.send(effect.child, effect.message);
        break;
      case "send-parent":
        this.#parent?.send(effect.message);
        break;
      case "end-child":
        this.#children.get?.end(effect.child, effect.reason);
        break;
      case "end-parent":
        this.#parts.log.warn({ ...effect.reason }, "leaving parent");
        this.#parent?.end(effect.reason);
        break;
      case "run":
        this.#runner?.run(effect.task);
        break;
      case "forget":
        void this.#runner?.forget(effect.ids);
        break;
      case "settled":
        this.#entry?.settled(effect.id, effect.settlements);
        break;
      case "clusters-changed":
        this.#entry?.clustersChanged(effect.names);
        break;
      case "candidates":
        this.#candidates?.learn(effect.neighbours);
        this.#identity.rememberParents(this.#candidates?.learnt ?? []);
        break;
      case "ignored":
        this.#parts.metrics.count("ote_messages_ignored_total", { code: effect.code });
        this.#parts.log.warn({ peer: effect.peer, code: effect.code }, "message ignored");
        break;
    }
  }

  #tick(): void {
    const now = performance.now();
    const { metrics } = this.#parts;
    metrics.gauge("ote_event_loop_lag_seconds", Math.max(0, now - this.#ticked - TICK_MS) / 1000);
    metrics.gauge("ote_subtree_clusters", this.#node.subtreeSize);
    metrics.gauge("ote_tasks_waiting", this.#node.waitingTasks);
    this.#ticked = now;
    this.#dispatch({ kind: "tick" });
  }

  #live(name: ClusterName): LiveCluster | undefined {
    if (name === this.#node.name) {
      const { tags, version } = this.#options;
      const { parent: parentName, path } = this.#node;
      const preferredParent = this.#atHome ? "" : this.#home;
      return { name, parentName, preferredParent, listen: this.#advertised(), tags, version, path };
    }
    const route = this.#node.route(name);
    if (route === undefined) return undefined;
    return {
      ...route,
      parentName: route.parent,
      path: [...this.#node.path, ...this.#node.hopsTo(name)],
    };
  }

  *#online(): Iterable<Selectable> {
    yield this.#options;
    yield* this.#node.routes();
  }
}
