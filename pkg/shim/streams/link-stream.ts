import { Duplex } from "node:stream";
import { errorCode } from "../../base/errors.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import { StreamInflow } from "../../tunnel/streams/stream-inflow.ts";
import { StreamOutflow } from "../../tunnel/streams/stream-outflow.ts";
import {
  STREAM_CHUNK,
  type StreamMessage,
  type StreamWords,
} from "../../tunnel/streams/stream-words.ts";
import type { Open } from "../../wire/message.ts";

/** Something to say on a stream, before its number is put on it. */
export type LinkWords = Pick<Open, "kind" | "head"> | StreamWords;

/** What a stream needs of the link under it. */
export interface StreamLine {
  /** Sends at once. */
  say(words: LinkWords): void;
  /** Asks that `speak` be called when it is this stream's turn and the link can take something. */
  wantTurn(): void;
}

/** Longest reason that is told. */
const MAX_REASON = 200;

/**
 * One end of a conversation with the process at the other end of a shim's link, as a Node stream. What is
 * written waits for its turn, and until the other end has granted room; what arrives is granted anew once
 * it was read. `destroy` ends it at both ends. Emits `opened` with the head of the answer, once at most.
 */
export class LinkStream extends Duplex {
  readonly #line: StreamLine;
  /** The head of the request or the answer, which goes before all data. */
  #head: LinkWords | undefined;
  readonly #inflow: StreamInflow;
  readonly #outflow = new StreamOutflow();
  #farewell: (() => void) | undefined;
  /** Whether the other end knows of this stream. */
  #isKnown: boolean;
  readonly #isAsking: boolean;
  #isSaid = false;
  #isAnswered = false;

  /** The end that asks begins with the head of its request. */
  constructor(line: StreamLine, request?: Uint8Array) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: STREAM_CHUNK,
      writableHighWaterMark: STREAM_CHUNK,
    });
    this.#line = line;
    this.#inflow = new StreamInflow(this, (bytes) => line.say({ kind: "credit", bytes }));
    this.#isAsking = request !== undefined;
    this.#isKnown = !this.#isAsking;
    this.#head = request && { kind: "open", head: request };
    // An end that comes when nobody looks on must not end the program; pipelines see it all the same.
    this.on("error", () => {});
  }

  /** Sends the head of the answer; for the end that was asked, before it writes. */
  answer(head: Uint8Array): void {
    if (this.destroyed) return;
    this.#head = { kind: "opened", head };
    this.#line.wantTurn();
  }

  /** Says the next thing there is to say, at most one message. Returns whether more could follow at once. */
  speak(): boolean {
    if (this.#head !== undefined) {
      this.#line.say(this.#head);
      this.#head = undefined;
      this.#isKnown = true;
    } else if (this.#outflow.isReady)
      this.#outflow.speak((bytes) => this.#line.say({ kind: "data", bytes }));
    else if (this.#farewell !== undefined) this.#sayFarewell(this.#farewell);
    return this.#hasWords;
  }

  /** Something came from the other end. */
  hear(message: StreamMessage): void {
    if (this.destroyed) return;
    try {
      this.#hear(message);
    } catch (error) {
      if (!(error instanceof StreamEndedError)) throw error;
      this.destroy(error);
    }
  }

  #hear(message: StreamMessage): void {
    switch (message.kind) {
      case "opened":
        if (!this.#isAnswered) this.emit("opened", message.head);
        this.#isAnswered = true;
        break;
      case "data": {
        const bytes = this.#inflow.admit(message.bytes);
        this.#inflow.add([{ bytes, cost: bytes.length }]);
        break;
      }
      case "credit":
        this.#outflow.grant(message.bytes);
        if (this.#hasWords) this.#line.wantTurn();
        break;
      case "close":
        if (message.code !== "") this.lost(new StreamEndedError(message.code, message.text));
        else if (this.#isAsking && !this.#isAnswered) this.destroy(noAnswer());
        else this.#inflow.end();
        break;
    }
  }

  /** There is no way to the other end any more, or it has ended the stream. */
  lost(error: StreamEndedError): void {
    this.#isKnown = false;
    this.destroy(error);
  }

  override _read(): void {
    this.#inflow.read();
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.#outflow.write(chunk, done);
    this.#line.wantTurn();
  }

  override _final(done: () => void): void {
    this.#farewell = done;
    this.#line.wantTurn();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#isKnown && !(this.#isSaid && this.#inflow.isOver)) {
      const code = error === null ? "STREAM_CANCELLED" : errorCode(error).slice(0, MAX_REASON);
      const text = error?.message.slice(0, MAX_REASON) ?? "The other end has gone";
      this.#line.say({ kind: "close", code, text });
    }
    this.#head = undefined;
    this.#farewell = undefined;
    this.#outflow.clear();
    this.#inflow.clear();
    done(error);
  }

  get #hasWords(): boolean {
    return this.#head !== undefined || this.#outflow.isReady || this.#farewell !== undefined;
  }

  #sayFarewell(done: () => void): void {
    this.#farewell = undefined;
    this.#isSaid = true;
    this.#line.say({ kind: "close", code: "", text: "" });
    done();
  }
}

/** Why a stream ends whose request was not answered. */
export function noAnswer(): StreamEndedError {
  return new StreamEndedError("STREAM_ENDED", "There was no answer");
}
