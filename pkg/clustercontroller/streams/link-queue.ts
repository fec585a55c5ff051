import type { StreamMessage } from "../../tunnel/streams/stream-words.ts";

/**
 * What streams have to say on one link while it can take no more: each stream in its own order, all of
 * them in turn, so that one that says much does not keep the others waiting.
 */
export class LinkQueue {
  readonly #send: (message: StreamMessage) => void;
  readonly #writable: () => boolean;
  readonly #waiting = new Map<number, StreamMessage[]>();

  constructor(send: (message: StreamMessage) => void, writable: () => boolean) {
    this.#send = send;
    this.#writable = writable;
  }

  /** Sends a message at once if nothing waits, else in its stream's turn. */
  add(message: StreamMessage): void {
    if (this.#waiting.size === 0 && this.#writable()) {
      this.#send(message);
      return;
    }
    const present = this.#waiting.get(message.stream);
    if (present === undefined) this.#waiting.set(message.stream, [message]);
    else present.push(message);
    this.flush();
  }

  /** Sends what the link can take. */
  flush(): void {
    while (this.#waiting.size > 0 && this.#writable()) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const [stream, messages] = first;
      const message = messages.shift();
      this.#waiting.delete(stream);
      // Behind all others that wait.
      if (messages.length > 0) this.#waiting.set(stream, messages);
      if (message !== undefined) this.#send(message);
    }
  }
}
