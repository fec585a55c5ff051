import { FrameRoom } from "./frame-room.ts";

/** A frame is closed once it is this large, so that a lone large message does not hold up many small ones. */
const FRAME_BYTES = 256 * 1024;
/** The same where there are tasks in it: no control message can overtake a frame that is on its way. */
const BULK_FRAME_BYTES = 64 * 1024;
/** Most messages put into one frame. */
const FRAME_MESSAGES = 1024;

/** "control" overtakes "bulk". */
export type Lane = "control" | "bulk";

/** One encoded message, as pieces to be put one behind the other. */
type Encoded = readonly Uint8Array[];

/** What leaves in one piece. */
export interface OutgoingFrame {
  readonly frame: Uint8Array;
  readonly messages: number;
  /** Bytes of bulk in it. */
  readonly bulk: number;
}

/** What a place in the queue holds once its message has been sent. */
const SENT: Encoded = [];
/** Places of sent messages are given up when there are this many, and more than of those that wait. */
const SENT_PLACES = 64;

/** Messages that wait, in order. */
class Queue {
  #waiting: Encoded[] = [];
  #first = 0;

  get empty(): boolean {
    return this.#first === this.#waiting.length;
  }

  add(message: Encoded): void {
    this.#waiting.push(message);
  }

  /** Moves messages to `frame` until it is full; returns their bytes. */
  fill(frame: Encoded[], room: number): number {
    let size = 0;
    while (!this.empty && frame.length < FRAME_MESSAGES && size < room) {
      const message = this.#waiting[this.#first] as Encoded;
      this.#waiting[this.#first++] = SENT;
      frame.push(message);
      size += sizeOf(message);
    }
    if (this.empty || (this.#first > SENT_PLACES && this.#first * 2 > this.#waiting.length)) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    return size;
  }
}

/** Empty queues for whoever needs one next: most have a message for a moment. */
const SPARE: Queue[] = [];
const MAX_SPARE = 16;

/** Messages that wait: those of each source in order, and the sources in turn, so that much of one does not hold up a little of another. */
class FairQueue {
  readonly #sources = new Map<number, Queue>();

  get empty(): boolean {
    return this.#sources.size === 0;
  }

  add(message: Encoded, source: number): void {
    const present = this.#sources.get(source);
    const queue = present ?? SPARE.pop() ?? new Queue();
    queue.add(message);
    if (present === undefined) this.#sources.set(source, queue);
  }

  /** Moves messages to `frame` until it is full; returns their bytes. */
  fill(frame: Encoded[], room: number): number {
    let size = 0;
    // Those that are put back at the end come again in the same loop.
    for (const [source, queue] of this.#sources) {
      if (frame.length >= FRAME_MESSAGES || size >= room) break;
      // One message, whatever its size.
      size += queue.fill(frame, 1);
      this.#sources.delete(source);
      if (!queue.empty) this.#sources.set(source, queue);
      else if (SPARE.length < MAX_SPARE) SPARE.push(queue);
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
  readonly #bulk = new FairQueue();
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

  get hasBulk(): boolean {
    return !this.#bulk.empty;
  }

  /** Of bulk, messages with the same `source` keep their order. */
  add(message: Encoded, lane: Lane, source = 0): void {
    if (lane === "bulk") this.#bulk.add(message, source);
    else this.#control.add(message);
    this.#bytes += sizeOf(message);
  }

  /**
   * The next messages as one frame, of bulk as many as go into `bulkRoom` bytes (one at least, unless that is 0).
   * Call it only while there are some, and `left` in the end.
   */
  takeFrame(bulkRoom = BULK_FRAME_BYTES): OutgoingFrame {
    const taken: Encoded[] = [];
    const control = this.#control.fill(taken, FRAME_BYTES);
    const bulk = this.#bulk.fill(taken, Math.min(bulkRoom, BULK_FRAME_BYTES - control));
    const size = control + bulk;
    this.#bytes -= size;
    const [first = []] = taken;
    const pieces = taken.length === 1 ? first : taken.flat();
    return { frame: ROOM.join(pieces, size), messages: taken.length, bulk };
  }

  /** A frame has left: what it took up is used again. */
  left(frame: Uint8Array): void {
    ROOM.giveBack(frame);
  }
}

/** All links take turns in it: few of them have a frame on its way at the same time. */
const ROOM = new FrameRoom();

function sizeOf(message: Encoded): number {
  let size = 0;
  for (const piece of message) size += piece.length;
  return size;
}
