import type { Logger } from "../base/log.ts";
import { LogLimit } from "../base/log-limit.ts";
import type { Metrics } from "../base/metrics.ts";
import { TrustError } from "../trust/trust-error.ts";
import { CloudTunnel, TUNNEL_PATH } from "../tunnel/cloud-tunnel.ts";
import type { StrangerDesk } from "../tunnel/join-door.ts";
import { type Link, LinkClosedError, type LinkEnd, POLITE_END } from "../tunnel/link.ts";
import type { Peer, TunnelTrust } from "../tunnel/peer.ts";
import type { Address } from "../wire/address.ts";
import type { Hello, Message, Welcome } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import type { TreeEvent } from "./event.ts";

/** What the children's side needs of the program around it. */
export interface ChildrenParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Who may join and who we are; undefined in a tree without identities. */
  readonly trust: TunnelTrust | undefined;
  /** Asks the tree's authority for those who have no certificate yet. */
  readonly strangers: StrangerDesk | undefined;
  /** Why a cluster may not join; `peer` is who TLS says it is, if it does. */
  readonly refusal: (hello: Hello, peer: Peer | undefined) => LinkEnd | undefined;
  /** What is left of a message after it was checked; throws an error with a code when the child must lose its link. */
  readonly check: (child: ClusterName, message: Message) => Message | undefined;
  /** Called when a child has joined, before the tree hears of it. */
  readonly onJoined: (hello: Hello) => void;
  readonly welcome: () => Welcome;
  readonly dispatch: (event: TreeEvent) => void;
  /** Resolves when what children say can be passed on. */
  readonly roomAbove: () => Promise<void> | undefined;
}

/** Lines in a minute of all children: a root that starts again sees thousands of them come back. */
const TOTAL_LINES = 20_000;

/** The links to all children: turns what happens on them into events, and messages into sends. */
export class Children implements AsyncDisposable {
  readonly #parts: ChildrenParts;
  readonly #lines: LogLimit;
  readonly #links = new Map<ClusterName, Link>();
  readonly #sessions = new WeakMap<Link, number>();
  readonly #congested = new Set<Link>();
  #tunnel: CloudTunnel | undefined;

  private constructor(parts: ChildrenParts) {
    this.#parts = parts;
    this.#lines = new LogLimit(parts.log, parts.metrics, { total: TOTAL_LINES });
  }

  /** Resolves once children can join; rejects with `LISTEN_FAILED`. */
  static async listen(
    options: { readonly listen: Address; readonly heartbeatMs: number },
    parts: ChildrenParts,
  ): Promise<Children> {
    const children = new Children(parts);
    children.#tunnel = await CloudTunnel.listen(
      { ...options, path: TUNNEL_PATH, side: "down" },
      {
        log: parts.log,
        metrics: parts.metrics,
        trust: parts.trust,
        strangers: parts.strangers,
        admit: (hello, peer) => parts.refusal(hello, peer) ?? parts.welcome(),
        onLink: (link, hello) => void children.#serve(link, hello),
      },
    );
    return children;
  }

  /** The port that is listened on. */
  get port(): number {
    return this.#tunnel?.port ?? 0;
  }

  /** Queues a message; one for a child whose link has just ended is left out, as its end will tell. */
  send(child: ClusterName, message: Message): void {
    const link = this.#links.get(child);
    if (link === undefined) return;
    try {
      link.send(message);
    } catch (error) {
      if (!(error instanceof LinkClosedError)) throw error;
      return;
    }
    if (!link.writable && !this.#congested.has(link)) void this.#congest(link);
  }

  /** Why a cluster may not join by a link that was made elsewhere, or undefined if it may. */
  refusal(hello: Hello, peer: Peer | undefined): LinkEnd | undefined {
    return this.#parts.refusal(hello, peer);
  }

  /** Serves a link that was made elsewhere like one of our own, from now on; ask `refusal` in the same turn. */
  accept(link: Link, hello: Hello): void {
    void this.#serve(link, hello);
  }

  /** Resolves when more can be sent to a child, or it has gone; undefined if that is now. */
  room(child: ClusterName): Promise<void> | undefined {
    const link = this.#links.get(child);
    return link === undefined || link.writable ? undefined : link.drained();
  }

  /** The present children. */
  get names(): Iterable<ClusterName> {
    return this.#links.keys();
  }

  /** Shows a renewed certificate to those who connect from now on. */
  renew(): void {
    this.#tunnel?.renew();
  }

  end(child: ClusterName, reason: LinkEnd): void {
    this.#links.get(child)?.end(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links.values()) link.end(POLITE_END);
    await this.#tunnel?.[Symbol.asyncDispose]();
  }

  async #serve(link: Link, hello: Hello): Promise<void> {
    const child = link.peer;
    const { dispatch, roomAbove } = this.#parts;
    const log = this.#lines.of(child);
    const former = this.#links.get(child);
    this.#links.set(child, link);
    this.#sessions.set(link, hello.session);
    former?.end({ code: "REPLACED", text: "A newer session of the same cluster took over" });
    this.#parts.onJoined(hello);
    dispatch({ kind: "child-joined", hello });
    this.#count();
    log.info({ child, version: hello.version, tags: hello.tags }, "child joined");
    await link.receive((message) => {
      // A former session may still have something unread; the present one has the say.
      if (this.#links.get(child) !== link) return undefined;
      this.#hear(link, hello.session, message);
      return roomAbove();
    });
    const { code, text } = await link.ended;
    this.#congested.delete(link);
    if (this.#links.get(child) !== link) return;
    this.#links.delete(child);
    dispatch({ kind: "child-left", child, session: hello.session });
    this.#count();
    log[code === POLITE_END.code ? "info" : "warn"]({ child, code, text }, "child left");
  }

  /** Passes a message on; one that we cannot bear costs the child its link, not everybody the program. */
  #hear(link: Link, session: number, message: Message): void {
    try {
      const checked = this.#parts.check(link.peer, message);
      if (checked !== undefined)
        this.#parts.dispatch({ kind: "child-said", child: link.peer, session, message: checked });
    } catch (error) {
      if (error instanceof TrustError) {
        link.end({ code: error.code, text: error.message });
        return;
      }
      this.#lines
        .of(link.peer)
        .error({ child: link.peer, code: "INTERNAL_ERROR", err: error }, "message not understood");
      link.end({
        code: "INTERNAL_ERROR",
        text: `Cannot handle a message of kind "${message.kind}"`,
      });
    }
  }

  async #congest(link: Link): Promise<void> {
    const of = { child: link.peer, session: this.#sessions.get(link) ?? 0 };
    this.#congested.add(link);
    this.#parts.dispatch({ kind: "child-congested", ...of });
    await link.drained();
    if (!this.#congested.delete(link) || this.#links.get(link.peer) !== link) return;
    this.#parts.dispatch({ kind: "child-drained", ...of });
  }

  #count(): void {
    this.#parts.metrics.gauge("ote_links", this.#links.size, { side: "down" });
  }
}
