import { OteError } from "../base/errors.ts";
import type { Message } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import type { MessageHandler } from "./inbox.ts";

/** Why a link ended: `code` is one of docs/errors.md, "LINK_CLOSED" when the peer left politely. */
export interface LinkEnd {
  readonly code: string;
  readonly text: string;
}

/**
 * One live connection to a neighbouring cluster. Messages arrive once and in order, or the link ends;
 * only tasks may be overtaken by what is no task.
 * Sending never waits: what is said in one turn of the event loop travels together at its end. Who
 * sends much asks `writable` first and awaits `drained()`; a peer that stops reading until the outbox
 * is full loses the link (`SLOW_READER`).
 */
export interface Link extends AsyncDisposable {
  readonly peer: ClusterName;

  /** Queues `message`. Throws LinkClosedError once the link has ended. */
  send(message: Message): void;

  /** False while more waits to be sent than a healthy peer would leave waiting. */
  readonly writable: boolean;

  /** Resolves when the link is writable again or has ended. */
  drained(): Promise<void>;

  /**
   * Hands over what the peer says, in order, from the beginning; call it once. A handler that returns a
   * promise gets the next message when that has resolved, and a peer that goes on meanwhile is made to
   * wait. Resolves when the link has ended and everything that had arrived was handed over.
   */
  receive(handler: MessageHandler): Promise<void>;

  /** Resolves when the link has ended, for whatever reason. */
  readonly ended: Promise<LinkEnd>;

  /** Ends the link and tells the peer why. */
  end(reason: LinkEnd): void;
}

/** A message was to be sent on a link that has ended. */
export class LinkClosedError extends OteError {
  readonly code = "LINK_CLOSED";
  constructor(peer: ClusterName) {
    super(`Cannot send to cluster "${peer}": the link is closed`);
  }
}

/** A link could not be made, or was refused by the peer with this code. */
export class LinkRefusedError extends OteError {
  readonly code: string;
  /** Who leads in its place, as somebody says who may say that. */
  readonly redirect: LinkRedirect | undefined;
  constructor(
    address: string,
    { code, text, redirect }: LinkEnd & { readonly redirect?: LinkRedirect | undefined },
    options?: ErrorOptions,
  ) {
    super(`Cannot join ${JSON.stringify(address)}: ${text}`, options);
    this.code = code;
    this.redirect = redirect;
  }
}

/** A root that does not lead names the one that does. */
export interface LinkRedirect {
  /** The name that both have, as TLS has shown; undefined in a tree without identities. */
  readonly name: ClusterName | undefined;
  /** host:port of the leader; empty if nobody is known to lead. */
  readonly leader: string;
}

/** How a link ends when one side leaves on purpose. */
export const POLITE_END: LinkEnd = { code: "LINK_CLOSED", text: "The peer left" };
