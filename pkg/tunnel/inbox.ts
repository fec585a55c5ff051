import type { Message } from "../wire/message.ts";

/** Takes one message; a promise means: not ready for the next before it resolves. */
export type MessageHandler = (message: Message) => void | Promise<void>;

/** Unread messages above which the sender should pause. */
const HIGH_MARK = 1024;

/**
 * Messages on their way from a link to its one handler, in order. While the handler keeps up, a message
 * goes straight through; else they wait here, and the link is told to stop reading.
 */
export class Inbox {
  readonly #pause: (paused: boolean) => void;
  #waiting: Message[] = [];
  #next = 0;
  #handler: MessageHandler | undefined;
  #busy = false;
  #paused = false;
  #closed = false;
  #done: () => void = () => {};

  /** `pause` is called with true when no more should come, and with false when there is room again. */
  constructor(pause: (paused: boolean) => void) {
    this.#pause = pause;
  }

  /** Takes one more message; after `close` it is left out. */
  add(message: Message): void {
    if (this.#closed) return;
    if (this.#handler !== undefined && !this.#busy) {
      this.#handle(message);
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length - this.#next >= HIGH_MARK) this.#setPaused(true);
  }

  /** Hands everything over, what waits first; resolves when the inbox is closed and empty. */
  receive(handler: MessageHandler): Promise<void> {
    this.#handler = handler;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#drain();
    });
  }

  /** Takes nothing more; what is here is still handed over. */
  close(): void {
    this.#closed = true;
    if (!this.#busy && this.#empty) this.#done();
  }

  get #empty(): boolean {
    return this.#next === this.#waiting.length;
  }

  #handle(message: Message): void {
    const result = this.#handler?.(message);
    if (result === undefined) return;
    this.#busy = true;
    void result.then(
      () => this.#ready(),
      () => this.#ready(),
    );
  }

  #ready(): void {
    this.#busy = false;
    this.#drain();
  }

  #drain(): void {
    while (!this.#busy && !this.#empty) this.#handle(this.#waiting[this.#next++] as Message);
    if (!this.#empty) return;
    this.#waiting = [];
    this.#next = 0;
    this.#setPaused(false);
    if (this.#closed && !this.#busy) this.#done();
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#pause(paused);
  }
}
