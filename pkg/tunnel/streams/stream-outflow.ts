import { STREAM_CHUNK, STREAM_WINDOW } from "./stream-words.ts";

/** The sending half of a stream: what was written waits until the other end has granted room for it. */
export class StreamOutflow {
  #credit = STREAM_WINDOW;
  #waiting: { readonly rest: Uint8Array; readonly done: () => void } | undefined;

  /** Whether there is something to say, and room for it. */
  get isReady(): boolean {
    return this.#waiting !== undefined && this.#credit > 0;
  }

  /** Takes what was written; nothing else may be written before `done` is called. */
  write(bytes: Uint8Array, done: () => void): void {
    this.#waiting = { rest: bytes, done };
  }

  /** The other end has room for so many bytes more. It never gets more than a window ahead, whatever it grants. */
  grant(bytes: number): void {
    this.#credit = Math.min(STREAM_WINDOW, this.#credit + bytes);
  }

  /** Says as much as goes into one message, if it is ready. */
  speak(say: (bytes: Uint8Array) => void): void {
    if (this.#waiting === undefined || this.#credit <= 0) return;
    const { rest, done } = this.#waiting;
    const bytes = rest.subarray(0, Math.min(STREAM_CHUNK, this.#credit));
    const left = rest.subarray(bytes.length);
    this.#credit -= bytes.length;
    this.#waiting = left.length === 0 ? undefined : { rest: left, done };
    say(bytes);
    if (left.length === 0) done();
  }

  /** Nobody will send any more. */
  clear(): void {
    this.#waiting = undefined;
  }
}
