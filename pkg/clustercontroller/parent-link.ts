import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { ParentCandidates } from "../topology/parent-candidates.ts";
import { TUNNEL_PATH } from "../tunnel/cloud-tunnel.ts";
import { type Dialled, dialLink } from "../tunnel/edge-tunnel.ts";
import { type Link, LinkClosedError, type LinkEnd, POLITE_END } from "../tunnel/link.ts";
import type { Hello, Message } from "../wire/message.ts";
import type { TreeEvent } from "./event.ts";

/** Ends that will not be different at the next attempt: trying again fast would only fill logs. */
const HOPELESS = new Set([
  "NAME_TAKEN",
  "PROTOCOL_VERSION",
  "REPLACED",
  "STALE_SESSION",
  "TREE_TOO_DEEP",
]);
const HOPELESS_WAIT_MS = 8000;

/** What the parent's side needs of the program around it. */
export interface ParentLinkParts {
  readonly candidates: ParentCandidates;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A hello for a new link, with a session larger than any before. */
  readonly hello: () => Hello;
  readonly dispatch: (event: TreeEvent) => void;
  /** Told the parent's name and whether it is the preferred one. */
  readonly onJoined: (name: string, home: boolean) => void;
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
    const { candidates } = this.#parts;
    let next: Dialled | undefined;
    let address = candidates.home;
    while (!signal.aborted) {
      if (next === undefined) {
        const found = await this.#find(signal);
        if (found === undefined) return;
        [next, address] = [found.dialled, found.address];
      }
      const home = await this.#live(next, address, signal);
      next = home;
      address = candidates.home;
    }
    next?.link.end(POLITE_END);
  }

  /** Dials candidates, best first, until one takes us; undefined when `signal` aborts. */
  async #find(signal: AbortSignal): Promise<{ dialled: Dialled; address: string } | undefined> {
    const { candidates } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      const choice = candidates.choose(performance.now());
      if (choice.do === "wait") {
        const ms = (choice.until - performance.now()) * (0.75 + Math.random() / 2);
        await sleep(ms, undefined, { signal }).catch(() => {});
        continue;
      }
      const dialled = await this.#try(choice.address, ++failures, signal);
      if (dialled !== undefined) return { dialled, address: choice.address };
    }
    return undefined;
  }

  async #try(address: string, attempt: number, signal: AbortSignal): Promise<Dialled | undefined> {
    const { candidates, log } = this.#parts;
    try {
      return await this.#dial(address, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const code = errorCode(error);
      candidates.failed(address, performance.now());
      const level = attempt <= 3 && !HOPELESS.has(code) ? "info" : "warn";
      log[level]({ address, code, text: errorText(error) }, "cannot join parent, will try others");
      if (HOPELESS.has(code) && candidates.addresses.length === 1) {
        await waitHopelessly(signal);
      }
      return undefined;
    }
  }

  #dial(address: string, signal: AbortSignal): Promise<Dialled> {
    const { hello, metrics } = this.#parts;
    return dialLink({ address, path: TUNNEL_PATH, hello: hello(), side: "up", metrics }, signal);
  }

  /** Lives with one parent; resolves when it is lost, or with a link to home when that is back. */
  async #live(
    { link, welcome }: Dialled,
    address: string,
    signal: AbortSignal,
  ): Promise<Dialled | undefined> {
    const { candidates, dispatch, log, metrics, onJoined } = this.#parts;
    this.#link = link;
    candidates.joined(address, performance.now());
    onJoined(welcome.name, address === candidates.home);
    dispatch({ kind: "parent-joined", welcome });
    metrics.gauge("ote_links", 1, { side: "up" });
    log.info({ parent: welcome.name, address, path: welcome.path.join("/") }, "joined parent");
    const over = new AbortController();
    const homeLink = this.#seekHome(AbortSignal.any([signal, over.signal]));
    const stop = (): void => link.end(POLITE_END);
    signal.addEventListener("abort", stop, { once: true });
    let home: Dialled | undefined;
    void homeLink.then((found) => {
      home = found;
      if (found !== undefined) link.end(POLITE_END);
    });
    await link.receive((message) => {
      // Once home has welcomed us, the parent that took us in has no say any more.
      if (home === undefined) this.#hear(link, message);
    });
    const { code, text } = await link.ended;
    over.abort();
    home = await homeLink;
    signal.removeEventListener("abort", stop);
    candidates.lost();
    // Its machine may still accept connections; who is silent would keep us waiting for its welcome.
    if (code === "PEER_SILENT") candidates.failed(address, performance.now());
    if (home === undefined) {
      this.#link = undefined;
      metrics.gauge("ote_links", 0, { side: "up" });
      dispatch({ kind: "parent-left" });
      if (!signal.aborted) log.warn({ parent: welcome.name, code, text }, "lost parent");
      if (HOPELESS.has(code)) await waitHopelessly(signal);
    }
    return home;
  }

  /** Passes a message on; one that we cannot bear costs the link, not the program. */
  #hear(link: Link, message: Message): void {
    try {
      this.#parts.dispatch({ kind: "parent-said", message });
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

  /** While we live elsewhere: dials home now and then, and resolves to the link once it is welcomed there. */
  async #seekHome(signal: AbortSignal): Promise<Dialled | undefined> {
    const { candidates, log } = this.#parts;
    while (!signal.aborted) {
      const due = candidates.homeDue();
      if (due === undefined) return undefined;
      const ms = Math.max(0, due - performance.now()) * (0.9 + Math.random() / 5);
      await sleep(ms, undefined, { signal }).catch(() => {});
      if (signal.aborted) return undefined;
      try {
        const dialled = await this.#dial(candidates.home, signal);
        log.info({ address: candidates.home }, "preferred parent is back, going home");
        return dialled;
      } catch (error) {
        if (!signal.aborted) {
          candidates.failed(candidates.home, performance.now());
          log.debug(
            { code: errorCode(error), text: errorText(error) },
            "preferred parent is still away",
          );
        }
      }
    }
    return undefined;
  }
}

/** Two clusters that refuse each other must not try again at the same moment for ever. */
async function waitHopelessly(signal: AbortSignal): Promise<void> {
  const ms = HOPELESS_WAIT_MS * (0.5 + Math.random());
  await sleep(ms, undefined, { signal }).catch(() => {});
}
