import { encodeFrame } from "../wire/codec.ts";

/** A frame is closed once it is this large, so that a lone large message does not hold up many small ones. */
const FRAME_BYTES = 256 * 1024;
/** Most messages put into one frame. */
const FRAME_MESSAGES = 1024;

/**
 * Encoded messages waiting to be sent on one link, in order, with their total size. What waits together
 * leaves together: one system call for many messages is what makes a fan-out cheap.
 */
export class Outbox {
  #waiting: Uint8Array[] = [];
  #first = 0;
  #bytes = 0;

  /** Bytes of all messages that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#first === this.#waiting.length;
  }

  add(message: Uint8Array): void {
    this.#waiting.push(message);
    this.#bytes += message.length;
  }

  /** The next messages as one frame. Call it only while not empty. */
  takeFrame(): { readonly frame: Uint8Array; readonly messages: number } {
    const start = this.#first;
    let size = 0;
    let end = start;
    while (end < this.#waiting.length && end - start < FRAME_MESSAGES && size < FRAME_BYTES) {
      size += this.#waiting[end]?.length ?? 0;
      end++;
    }
    const taken = this.#waiting.slice(start, end);
    this.#bytes -= size;
    this.#first = end;
    if (this.empty) {
      this.#waiting = [];
      this.#first = 0;
    }
    return { frame: encodeFrame(taken), messages: taken.length };
  }
}
