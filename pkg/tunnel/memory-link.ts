import type { Message } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { Inbox, type MessageHandler } from "./inbox.ts";
import { type Link, LinkClosedError, type LinkEnd, POLITE_END } from "./link.ts";

/** Two ends of a link in this process, for tests of what stands above links. */
export function memoryLinkPair(a: ClusterName, b: ClusterName): [Link, Link] {
  const near = new MemoryLink(b);
  const far = new MemoryLink(a);
  near.connect(far);
  far.connect(near);
  return [near, far];
}

class MemoryLink implements Link {
  readonly peer: ClusterName;
  readonly ended: Promise<LinkEnd>;
  readonly writable = true;
  readonly #inbox = new Inbox(() => {});
  #other: MemoryLink | undefined;
  #open = true;
  #settle: (reason: LinkEnd) => void = () => {};

  constructor(peer: ClusterName) {
    this.peer = peer;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  connect(other: MemoryLink): void {
    this.#other = other;
  }

  receive(handler: MessageHandler): Promise<void> {
    return this.#inbox.receive(handler);
  }

  send(message: Message): void {
    if (!this.#open) throw new LinkClosedError(this.peer);
    this.#other?.take(message);
  }

  take(message: Message): void {
    queueMicrotask(() => this.#inbox.add(message));
  }

  async drained(): Promise<void> {}

  end(reason: LinkEnd): void {
    if (!this.#open) return;
    this.#open = false;
    queueMicrotask(() => this.#inbox.close());
    this.#settle(reason);
    this.#other?.end(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end(POLITE_END);
  }
}
