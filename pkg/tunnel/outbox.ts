import { encodeFrame } from "../wire/codec.ts";

/** A frame is closed once it is this large, so that a lone large message does not hold up many small ones. */
const FRAME_BYTES = 256 * 1024;
/** The same where there are tasks in it: no control message can overtake a frame that is on its way. */
const BULK_FRAME_BYTES = 64 * 1024;
/** Most messages put into one frame. */
const FRAME_MESSAGES = 1024;

/** Messages of one lane keep their order; "control" overtakes "bulk". */
export type Lane = "control" | "bulk";

/** Messages that wait, in order. */
class Queue {
  #waiting: Uint8Array[] = [];
  #first = 0;

  get empty(): boolean {
    return this.#first === this.#waiting.length;
  }

  add(message: Uint8Array): void {
    this.#waiting.push(message);
  }

  /** Moves messages to `frame` until it is full; returns their bytes. */
  fill(frame: Uint8Array[], room: number): number {
    let size = 0;
    while (!this.empty && frame.length < FRAME_MESSAGES && size < room) {
      const message = this.#waiting[this.#first++] as Uint8Array;
      frame.push(message);
      size += message.length;
    }
    if (this.empty) {
      this.#waiting = [];
      this.#first = 0;
    }
    return size;
  }
}

/**
 * Encoded messages waiting to be sent on one link, with their total size. What waits together
 * leaves together: one system call for many messages is what makes a fan-out cheap. What keeps the tree
 * together does not stand behind tasks with large bodies.
 */
export class Outbox {
  readonly #control = new Queue();
  readonly #bulk = new Queue();
  #bytes = 0;

  /** Bytes of all messages that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#control.empty && this.#bulk.empty;
  }

  /** Whether something waits that must not wait for bulk. */
  get urgent(): boolean {
    return !this.#control.empty;
  }

  add(message: Uint8Array, lane: Lane): void {
    (lane === "bulk" ? this.#bulk : this.#control).add(message);
    this.#bytes += message.length;
  }

  /** The next messages as one frame, without bulk unless `bulk`. Call it only while there are some. */
  takeFrame(bulk: boolean): { readonly frame: Uint8Array; readonly messages: number } {
    const taken: Uint8Array[] = [];
    let size = this.#control.fill(taken, FRAME_BYTES);
    if (bulk) size += this.#bulk.fill(taken, BULK_FRAME_BYTES - size);
    this.#bytes -= size;
    return { frame: encodeFrame(taken), messages: taken.length };
  }
}
