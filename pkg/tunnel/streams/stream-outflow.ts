import { STREAM_CHUNK, STREAM_WINDOW } from "./stream-words.ts";

/** Most that is taken of what the other end grants: it may want more on its way than we would keep for it. */
export const MAX_GRANTED = 4 * 1024 * 1024;

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

  /** The other end has room for so many bytes more. */
  grant(bytes: number): void {
    this.#credit = Math.min(MAX_GRANTED, this.#credit + bytes);
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
