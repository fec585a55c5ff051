import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { ParentCandidates } from "../topology/parent-candidates.ts";
import { TUNNEL_PATH } from "../tunnel/cloud-tunnel.ts";
import { type Dialled, dialLink } from "../tunnel/edge-tunnel.ts";
import {
  type Link,
  LinkClosedError,
  type LinkEnd,
  LinkRefusedError,
  POLITE_END,
} from "../tunnel/link.ts";
import type { Peer, TunnelTrust } from "../tunnel/peer.ts";
import type { Hello, Message, Welcome } from "../wire/message.ts";
import type { TreeEvent } from "./event.ts";
import { type Attempt, isRedirect, reachLeader } from "./reach-leader.ts";

/** Ends that will not be different at the next attempt: trying again fast would only fill logs. */
const HOPELESS = new Set([
  "CERTIFICATE_EXPIRED",
  "FOREIGN_AUTHORITY",
  "NAME_TAKEN",
  "NOT_GRANTED",
  "PROTOCOL_VERSION",
  "REPLACED",
  "REVOKED",
  "STALE_SESSION",
  "TREE_TOO_DEEP",
]);
/** Ends that may come from a clock that is wrong. */
const CLOCK_DOUBTS = new Set(["CERTIFICATE_EXPIRED", "CERTIFICATE_NOT_YET_VALID"]);
/** The parent has asked for a higher rank: it will take us soon. */
const SOON = "RANK_TOO_LOW";
const HOPELESS_WAIT_MS = 8000;
/** Milliseconds that a parent we leave may still pass on tasks, until all know the new way. */
const LINGER_MS = 2000;
/** Milliseconds that a root which fell silent has to welcome us, while there are others. */
const SILENT_LIMIT_MS = 3000;
/** Milliseconds after which we look again whether there is a better parent. */
const LOOK_MS = 1000;

/** What the parent's side needs of the program around it. */
export interface ParentLinkParts {
  readonly candidates: ParentCandidates;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A hello for a new link to `peer`, with a session larger than any before. */
  readonly hello: (peer: Peer | undefined) => Hello;
  /** Who we are and whom we join; undefined in a tree without identities. */
  readonly trust: TunnelTrust | undefined;
  /** What is left of a message after it was checked; undefined if the tree must not hear it. */
  readonly check: (message: Message) => Message | undefined;
  /** The clock of the parent at `address` and ours disagree about who is valid; resolves to whether ours was set. */
  readonly onClockDoubt: (address: string, signal: AbortSignal) => Promise<boolean> | undefined;
  /** Why a cluster that has welcomed us cannot be our parent. */
  readonly unfit: (welcome: Welcome, home: boolean) => LinkEnd | undefined;
  readonly dispatch: (event: TreeEvent) => void;
  /** Told the parent's name and whether it is the preferred one. */
  readonly onJoined: (name: string, home: boolean) => void;
}

/** A parent that has welcomed us, and where it was found. */
interface Found {
  readonly dialled: Dialled;
  readonly address: string;
}

/**
 * Keeps one link to a parent: dials candidates until one says welcome, passes on what it says, finds
 * another when it is lost, and goes home to the preferred parent when that one is back.
 */
export class ParentLink {
  readonly #parts: ParentLinkParts;
  #link: Link | undefined;

  constructor(parts: ParentLinkParts) {
    this.#parts = parts;
  }

  /** Queues a message to the parent; without one it is left out, and its origin will ask again. */
  send(message: Message): void {
    try {
      this.#link?.send(message);
    } catch (error) {
      if (!(error instanceof LinkClosedError)) throw error;
    }
  }

  end(reason: LinkEnd): void {
    this.#link?.end(reason);
  }

  /** Resolves when more can be sent; undefined if that is now. */
  room(): Promise<void> | undefined {
    const link = this.#link;
    return link === undefined || link.writable ? undefined : link.drained();
  }

  /** Keeps a parent until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let found: Found | undefined;
    while (!signal.aborted) {
      found ??= await this.#find(signal);
      if (found === undefined) return;
      found = await this.#live(found, signal);
    }
    found?.dialled.link.end(POLITE_END);
  }

  /** Dials candidates, best first, until one takes us; undefined when `signal` aborts. */
  async #find(signal: AbortSignal): Promise<Found | undefined> {
    const { candidates } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      const choice = candidates.choose(performance.now());
      if (choice.do === "wait") {
        const ms = (choice.until - performance.now()) * (0.75 + Math.random() / 2);
        await sleep(ms, undefined, { signal }).catch(() => {});
        continue;
      }
      const found = await this.#try(choice.address, ++failures, signal);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #try(address: string, attempt: number, signal: AbortSignal): Promise<Found | undefined> {
    const reached = await this.#reach(address, signal);
    if (!("error" in reached)) return reached;
    if (!signal.aborted) await this.#failed(reached.address, reached.error, attempt, signal);
    return undefined;
  }

  async #failed(
    address: string,
    error: unknown,
    attempt: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { candidates, log } = this.#parts;
    const code = errorCode(error);
    const isClockSet = await this.#isClockSet(code, address, signal);
    this.#rest(address, error, isClockSet);
    if (isClockSet) return;
    const level = attempt <= 3 && !HOPELESS.has(code) ? "info" : "warn";
    log[level]({ address, code, text: errorText(error) }, "cannot join parent, will try others");
    if (HOPELESS.has(code) && candidates.addresses.length === 1) await waitHopelessly(signal);
  }

  /** One that only does not lead has been noted already. */
  #rest(address: string, error: unknown, soon = false): void {
    if (isRedirect(error)) return;
    const isSoon = soon || errorCode(error) === SOON;
    this.#parts.candidates.failed(address, performance.now(), isSoon);
  }

  #reach(address: string, signal: AbortSignal, present?: string): Promise<Attempt> {
    return reachLeader(address, present, this.#parts.candidates, (at) => this.#dial(at, signal));
  }

  /** Whether our clock was in doubt, and is right now. */
  async #isClockSet(code: string, address: string, signal: AbortSignal): Promise<boolean> {
    if (!CLOCK_DOUBTS.has(code)) return false;
    return (await this.#parts.onClockDoubt(address, signal)) === true;
  }

  async #dial(address: string, signal: AbortSignal): Promise<Dialled> {
    const { candidates, hello, trust, metrics, unfit } = this.#parts;
    const limit = candidates.isSilent(address) ? AbortSignal.timeout(SILENT_LIMIT_MS) : signal;
    const dialled = await dialLink(
      { address, path: TUNNEL_PATH, hello, trust, side: "up", metrics },
      AbortSignal.any([signal, limit]),
    ).catch((error: unknown) => {
      if (signal.aborted || !limit.aborted) throw error;
      throw new LinkRefusedError(address, { code: "DIAL_FAILED", text: "it is silent" });
    });
    candidates.owned(address, dialled.welcome.name);
    const end = unfit(dialled.welcome, candidates.isHome(address));
    if (end === undefined) return dialled;
    dialled.link.end(end);
    throw new LinkRefusedError(address, end);
  }

  /** Lives with one parent; resolves when it is lost, or with a better one that has welcomed us. */
  async #live(found: Found, signal: AbortSignal): Promise<Found | undefined> {
    const { link } = found.dialled;
    this.#join(found);
    const over = new AbortController();
    const seeking = this.#seek(found.address, AbortSignal.any([signal, over.signal]));
    let replaced = false;
    const ended = this.#follow(link, signal, () => replaced);
    await Promise.race([seeking, ended]);
    over.abort();
    const better = await seeking;
    if (better === undefined) {
      await this.#lose(found, await ended, signal);
      return undefined;
    }
    replaced = true;
    const linger = setTimeout(() => link.end(POLITE_END), LINGER_MS);
    void ended.then(() => clearTimeout(linger));
    return better;
  }

  #join({ dialled: { link, welcome }, address }: Found): void {
    const { candidates, dispatch, log, metrics, onJoined } = this.#parts;
    this.#link = link;
    candidates.joined(address, welcome.anchored, performance.now());
    onJoined(welcome.name, candidates.isHome(address));
    dispatch({ kind: "parent-joined", welcome });
    metrics.gauge("ote_links", 1, { side: "up" });
    log.info({ parent: welcome.name, address, path: welcome.path.join("/") }, "joined parent");
  }

  async #lose(
    { dialled: { welcome }, address }: Found,
    { code, text }: LinkEnd,
    signal: AbortSignal,
  ): Promise<void> {
    const { candidates, dispatch, log, metrics } = this.#parts;
    candidates.lost(performance.now());
    // Its machine may still accept connections; who is silent would keep us waiting for its welcome.
    if (code === "PEER_SILENT") candidates.silent(address, performance.now());
    this.#link = undefined;
    metrics.gauge("ote_links", 0, { side: "up" });
    dispatch({ kind: "parent-left" });
    if (!signal.aborted) log.warn({ parent: welcome.name, code, text }, "lost parent");
    if (HOPELESS.has(code)) await waitHopelessly(signal);
  }

  /** Passes on what a parent says until its link ends; once another has replaced it, only tasks. */
  async #follow(link: Link, signal: AbortSignal, replaced: () => boolean): Promise<LinkEnd> {
    const stop = (): void => link.end(POLITE_END);
    signal.addEventListener("abort", stop, { once: true });
    await link.receive((message) => {
      if (!replaced() || message.kind === "task") this.#hear(link, message);
    });
    const end = await link.ended;
    signal.removeEventListener("abort", stop);
    return end;
  }

  /** Passes a message on; one that we cannot bear costs the link, not the program. */
  #hear(link: Link, message: Message): void {
    try {
      const checked = this.#parts.check(message);
      if (checked !== undefined) this.#parts.dispatch({ kind: "parent-said", message: checked });
    } catch (error) {
      this.#parts.log.error(
        { parent: link.peer, code: "INTERNAL_ERROR", err: error },
        "message not understood",
      );
      link.end({
        code: "INTERNAL_ERROR",
        text: `Cannot handle a message of kind "${message.kind}"`,
      });
    }
  }

  /** Looks for a better parent than the present one; resolves when one has welcomed us. */
  async #seek(present: string, signal: AbortSignal): Promise<Found | undefined> {
    const { candidates, log } = this.#parts;
    while (!signal.aborted) {
      const choice = candidates.seek(performance.now());
      if (choice?.do !== "dial") {
        const left = (choice?.until ?? Number.POSITIVE_INFINITY) - performance.now();
        const ms = Math.min(left, LOOK_MS) * (0.75 + Math.random() / 2);
        await sleep(ms, undefined, { signal }).catch(() => {});
        continue;
      }
      const reached = await this.#reach(choice.address, signal, present);
      const { address } = reached;
      if (!("error" in reached)) {
        log.info({ address }, "a better parent has welcomed us");
        return reached;
      }
      if (signal.aborted) return undefined;
      const [code, text] = [errorCode(reached.error), errorText(reached.error)];
      this.#rest(address, reached.error);
      log.debug({ address, code, text }, "no better parent yet");
    }
    return undefined;
  }
}

/** Two clusters that refuse each other must not try again at the same moment for ever. */
async function waitHopelessly(signal: AbortSignal): Promise<void> {
  const ms = HOPELESS_WAIT_MS * (0.5 + Math.random());
  await sleep(ms, undefined, { signal }).catch(() => {});
}
