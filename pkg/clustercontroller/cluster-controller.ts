import { performance } from "node:perf_hooks";
import type { ResourceClient } from "../apis/resource-client.ts";
import { LogLimit } from "../base/log-limit.ts";
import type { Scope } from "../base/scope.ts";
import { ParentCandidates } from "../topology/parent-candidates.ts";
import type { LinkEnd } from "../tunnel/link.ts";
import type { Peer } from "../tunnel/peer.ts";
import type { Address } from "../wire/address.ts";
import type { Enrol, Hello, Result } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { Children } from "./children.ts";
import { ClusterView } from "./cluster-view.ts";
import { EntryPoint } from "./entry-point.ts";
import type { TreeEvent } from "./event.ts";
import { Identity } from "./identity.ts";
import { Introduction } from "./introduction.ts";
import { openAuthority } from "./membership/authority.ts";
import type { Membership } from "./membership/membership.ts";
import { openMembership } from "./membership/open-membership.ts";
import { Passage } from "./membership/passage.ts";
import { outOfReach, type Registrar } from "./membership/registrar.ts";
import { measureNode } from "./node-gauges.ts";
import type { OldChildren } from "./oldpeers/old-children.ts";
import { openOldChildren } from "./oldpeers/open-old-children.ts";
import type { ClusterControllerOptions, ClusterControllerParts } from "./options.ts";
import { ParentLink } from "./parent-link.ts";
import { perform, type Sides } from "./perform.ts";
import type { ClusterDirectory } from "./query/choose-clusters.ts";
import { openStreams } from "./streams/open-streams.ts";
import { isForStreams } from "./streams/stream-events.ts";
import type { Streams } from "./streams/streams.ts";
import { LedgerStore } from "./tasks/ledger-store.ts";
import { TaskRunner } from "./tasks/task-runner.ts";
import { TreeNode } from "./tree-node.ts";

/** Milliseconds between two ticks of the tree. */
const TICK_MS = 500;

/** A running node: joins the pure tree to links, to its cluster and to its API. */
export class ClusterController {
  readonly #options: ClusterControllerOptions;
  readonly #parts: ClusterControllerParts;
  readonly #identity: Identity;
  readonly #node: TreeNode;
  readonly #introduction: Introduction;
  readonly #membership: Membership | undefined;
  readonly #passage: Passage;
  readonly #sides: Sides;
  /** The way to the Kubernetes APIs of this cluster and those below it. */
  readonly streams: Streams;
  #registrar: Registrar | undefined;
  #oldChildren: OldChildren | undefined;
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
    const capabilities = parts.shim === undefined ? [] : ["tasks"];
    this.#introduction = new Introduction(options, identity, node, capabilities);
    this.#membership =
      parts.identity &&
      openMembership(parts.identity, parts, {
        node,
        identity,
        sides: () => this.#sides,
        onBehind: (version) => void this.#registrar?.catchUp(version),
        enrol: (request) => this.#dispatch({ kind: "enrol", request }),
      });
    this.#passage = new Passage(this.#membership?.guard);
    this.#sides = {
      log: parts.log,
      lines: new LogLimit(parts.log, parts.metrics),
      metrics: parts.metrics,
      identity,
      membership: this.#membership,
      passage: this.#passage,
      decide: (request) => void this.#decide(request),
    };
    this.streams = openStreams(options, parts, {
      node,
      identity,
      guard: this.#membership?.guard,
      sides: this.#sides,
    });
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
    const node = new TreeNode({
      name,
      hasShim: shim !== undefined,
      isRoot: options.parents.length === 0,
      ledger: entries,
    });
    const controller = new ClusterController(options, parts, identity, node);
    if (shim !== undefined) {
      const onResult = (result: Result): void => controller.#dispatch({ kind: "task-ran", result });
      controller.#sides.runner = new TaskRunner(
        { name, shim, ledger, log, metrics, onResult },
        scope.signal,
      );
    }
    controller.#openAuthority(scope);
    if (parts.client !== undefined) controller.#openApi(scope, parts.client);
    if (options.listen !== undefined) await controller.#listen(scope, options.listen);
    if (options.parents.length > 0) controller.#seekParent(scope);
    const { reporter, enforcer } = parts;
    if (reporter !== undefined) scope.spawn("reports", (signal) => reporter.run(signal));
    if (enforcer !== undefined) scope.spawn("propagation", (signal) => enforcer.run(signal));
    controller.#sides.runner?.recover(interrupted);
    const timer = setInterval(() => controller.#tick(), TICK_MS);
    scope.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    return controller;
  }

  /** The port at which children join; 0 if they cannot. */
  get port(): number {
    return this.#introduction.port;
  }

  /** The port at which children join that run OTE-Stack 2020; 0 if they cannot. */
  get oldPort(): number {
    return this.#oldChildren?.port ?? 0;
  }

  /** The names from the top of the tree to this cluster. */
  get path(): readonly ClusterName[] {
    return this.#node.path;
  }

  /** The clusters here and below, for those who ask many of them. */
  get directory(): ClusterDirectory {
    const view = this.#view();
    return {
      known: () => this.#sides.entry?.known() ?? view.online(),
      isOnline: (name) => view.live(name) !== undefined,
    };
  }

  /** At the root: these addresses of other roots are where children may go should this one be lost. */
  othersAt(addresses: readonly string[]): void {
    this.#dispatch({ kind: "roots-known", addresses });
  }

  /** Tells all children why they have to look for another parent. */
  endChildren(reason: LinkEnd): void {
    for (const child of [...(this.#sides.children?.names ?? [])])
      this.#sides.children?.end(child, reason);
  }

  /** The hello for a new link from here to `peer`, or to somebody who needs no proof. */
  hello(peer?: Peer): Hello {
    const hello = this.#introduction.hello();
    return this.#membership?.introduce(hello, peer) ?? hello;
  }

  #openAuthority(scope: Scope): void {
    const membership = this.#membership;
    const { authority, client, log, metrics } = this.#parts;
    if (membership === undefined) return;
    if (authority !== undefined && client !== undefined) {
      const part = log.child({ part: "authority" });
      const { registrar, follow } = openAuthority(authority, client, membership, part, metrics);
      this.#registrar = registrar;
      scope.spawn("authority", follow);
    }
    scope.spawn("certificate", (signal) => membership.stayValid(signal, this.#registrar));
  }

  /** The authority has to decide: it is here, or it is out of reach. */
  async #decide(request: Enrol): Promise<void> {
    const answer = (await this.#registrar?.decide(request)) ?? outOfReach(request);
    this.#dispatch({ kind: "enrolled", answer });
  }

  #view(): ClusterView {
    return new ClusterView(this.#options, this.#node, this.#introduction, this.#membership);
  }

  #openApi(scope: Scope, client: ResourceClient): void {
    const { log, metrics } = this.#parts;
    const view = this.#view();
    const entry = new EntryPoint({
      client,
      log,
      metrics,
      live: (name) => view.live(name),
      online: () => view.online(),
      dispatch: (event) => {
        if (this.#options.isHeir && event.kind === "task-created")
          this.#sides.runner?.inherit(event.order);
        this.#dispatch(this.#passage.sealed(event, performance.now()));
      },
      onRemoval: (cluster, signal) => this.#registrar?.remove(cluster, signal),
      self: this.#options.name,
      collected: this.#options.collected ?? "none",
      collectLimit: this.#options.collectLimit ?? Number.POSITIVE_INFINITY,
      propagated: this.#options.propagated ?? [],
      converse: (cluster, service) => this.streams.converse(cluster, service),
    });
    this.#sides.entry = entry;
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
        trust: this.#membership?.guard.childTrust,
        strangers: this.#membership?.desk,
        refusal: (hello, peer) =>
          this.#membership?.guard.refusal(hello, peer) ?? this.#refusal(hello),
        check: (child, message) => this.#passage.fromChild(child, message),
        onJoined: (hello) => this.#membership?.childJoined(hello),
        welcome: () => this.#introduction.welcome(),
        dispatch: (event) => this.#dispatch(event),
        roomAbove: () => this.#sides.parent?.room(),
      },
    );
    this.#sides.children = scope.use(children);
    this.#introduction.port = children.port;
    log.info({ port: children.port, host: listen.host }, "children can join");
    const { name: self, heartbeatMs, oldPeers } = this.#options;
    if (oldPeers === undefined) return;
    const { store } = this.#parts;
    this.#oldChildren = await openOldChildren(scope, oldPeers, {
      ...{ self, heartbeatMs, log, metrics, store, children },
      identity: this.#identity,
      membership: this.#membership,
      path: () => this.#node.path,
    });
  }

  #refusal(hello: Hello): LinkEnd | undefined {
    this.#dispatch({ kind: "child-knocked", hello });
    return this.#node.refusal(hello, performance.now());
  }

  #seekParent(scope: Scope): void {
    const { log, metrics } = this.#parts;
    const candidates = new ParentCandidates(
      this.#options.parents,
      this.#introduction.advertised,
      this.#identity.parents,
    );
    const parent = new ParentLink({
      candidates,
      log: log.child({ part: "parent" }),
      metrics,
      hello: (peer) => this.hello(peer),
      trust: this.#membership?.guard.parentTrust,
      check: (message) => this.#passage.fromParent(this.#node.parent ?? this.#node.name, message),
      onClockDoubt: (address, signal) => this.#membership?.askForTime(address, signal),
      unfit: (welcome, home) => this.#node.unfit(welcome, home),
      dispatch: (event) => this.#dispatch(event),
      onJoined: (name, home) => {
        this.#introduction.atHome = home;
        if (home) this.#introduction.home = name;
      },
    });
    this.#sides.candidates = candidates;
    this.#sides.parent = parent;
    scope.spawn("parent", (signal) => parent.run(signal));
  }

  #dispatch(event: TreeEvent): void {
    if (isForStreams(event, this.streams)) return;
    for (const effect of this.#node.handle(event, performance.now())) perform(effect, this.#sides);
  }

  #tick(): void {
    const now = performance.now();
    const lagMs = Math.max(0, now - this.#ticked - TICK_MS);
    measureNode(this.#parts.metrics, this.#node, this.streams, lagMs);
    this.#ticked = now;
    this.#dispatch({ kind: "tick" });
  }
}
