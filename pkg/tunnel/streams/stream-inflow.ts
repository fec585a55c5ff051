import type { Readable } from "node:stream";
import { StreamEndedError } from "./stream-ended-error.ts";
import { STREAM_WINDOW } from "./stream-words.ts";

/** What was read is granted anew in portions of at least this. */
const PORTION = STREAM_WINDOW / 4;
/** Parts that wait one by one; more of them are put together. */
const MAX_PIECES = 256;
/** A part of a frame that is so many times as large is copied: as long as it waits all of the frame would. */
const MAX_SHARE = 16;

/** A part of what has come. */
export interface ArrivedPiece {
  readonly bytes: Uint8Array;
  /** How many bytes of the window it came in. */
  readonly cost: number;
}

/**
 * The receiving half of a stream: what has arrived waits until it is read, and only what was read is granted
 * anew, so that the other end is never more than a window ahead of the reader.
 */
export class StreamInflow {
  readonly #reader: Pick<Readable, "push" | "readableEnded">;
  readonly #grant: (bytes: number) => void;
  #arrived: ArrivedPiece[] = [];
  /** Bytes that the other end may still send. */
  #granted = STREAM_WINDOW;
  /** What the reader has got, and will have taken when it wants more. */
  #handed = 0;
  /** What was taken and is not granted anew yet. */
  #taken = 0;
  #wanted = false;
  #isOver = false;

  /** `grant` is called with the bytes that the other end may send besides those that it could already. */
  constructor(reader: Pick<Readable, "push" | "readableEnded">, grant: (bytes: number) => void) {
    this.#reader = reader;
    this.#grant = grant;
  }

  /** Whether the other end has said that nothing follows. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something has come; returns it as it can be kept. Throws a StreamEndedError if it was not granted, or follows the end. */
  admit(bytes: Uint8Array): Uint8Array {
    this.#granted -= bytes.length;
    if (this.#granted < 0 || this.#isOver) {
      const text = "The other end sends more than it was granted, or after its end";
      throw new StreamEndedError("PROTOCOL_ERROR", text);
    }
    return bytes.buffer.byteLength > MAX_SHARE * bytes.length ? new Uint8Array(bytes) : bytes;
  }

  /** Parts of what was admitted, for the reader. */
  add(pieces: readonly ArrivedPiece[]): void {
    for (const piece of pieces) if (piece.cost > 0) this.#arrived.push(piece);
    this.#hand();
    if (this.#arrived.length > MAX_PIECES) this.#arrived = [joined(this.#arrived)];
  }

  /** The reader wants more: what it had it has taken. */
  read(): void {
    this.#wanted = true;
    this.#taken += this.#handed;
    this.#handed = 0;
    this.#grantTaken();
    this.#hand();
  }

  /** Nothing follows: the reader hears so once it has read everything. */
  end(): void {
    this.#isOver = true;
    this.#hand();
  }

  /** Nobody reads any more. */
  clear(): void {
    this.#arrived = [];
  }

  #hand(): void {
    while (this.#wanted) {
      const piece = this.#arrived.shift();
      if (piece === undefined) break;
      this.#handed += piece.cost;
      if (piece.bytes.length > 0) this.#wanted = this.#reader.push(piece.bytes);
    }
    if (this.#isOver && this.#arrived.length === 0 && !this.#reader.readableEnded)
      this.#reader.push(null);
  }

  #grantTaken(): void {
    if (this.#taken < PORTION || this.#isOver) return;
    const bytes = this.#taken;
    this.#taken = 0;
    this.#granted += bytes;
    this.#grant(bytes);
  }
}

/** Many small parts as one: what each of them costs besides its bytes is not counted by anybody. */
function joined(pieces: readonly ArrivedPiece[]): ArrivedPiece {
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
  return { bytes, cost: pieces.reduce((sum, { cost }) => sum + cost, 0) };
}
