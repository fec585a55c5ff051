import { Duplex } from "node:stream";
import { errorCode, OteError } from "../../base/errors.ts";
import type { Close, Credit, Data, Open, Opened } from "../../wire/message.ts";
import { MAX_STREAM_DATA } from "../../wire/parse-message.ts";

/** What is said on a stream after it was opened. */
export type StreamMessage = Opened | Data | Credit | Close;
/** Something to say on a stream, before its number is put on it. */
export type StreamWords =
  | Pick<Open, "kind" | "head">
  | Omit<Opened, "stream">
  | Omit<Data, "stream">
  | Omit<Credit, "stream">
  | Omit<Close, "stream">;

/** What a stream needs of the link under it. */
export interface StreamLine {
  /** Sends at once. */
  say(words: StreamWords): void;
  /** Asks that `speak` be called when it is this stream's turn and the link can take something. */
  wantTurn(): void;
}

/** Bytes that each side may have on their way before the other has taken them. */
export const STREAM_WINDOW = 256 * 1024;
/** What was taken is granted anew in portions of at least this. */
const GRANT = STREAM_WINDOW / 4;
/** Bytes in one message: small, so that many streams share a link fairly. */
const CHUNK = Math.min(32 * 1024, MAX_STREAM_DATA);
/** Longest reason that is told. */
const MAX_REASON = 200;

/** A stream ended in another way than that both sides had said everything; `code` says why. */
export class StreamBrokenError extends OteError {
  readonly code: string;
  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }
}

/**
 * One end of a conversation with the process at the other end of a shim's link, as a Node stream. What is
 * written waits for its turn, and until the other end has granted room; what arrives is granted anew once
 * it was read. `destroy` ends it at both ends. Emits `opened` with the head of the answer, once at most.
 */
export class LinkStream extends Duplex {
  readonly #line: StreamLine;
  /** The head of the request or the answer, which goes before all data. */
  #head: StreamWords | undefined;
  #chunk: { readonly rest: Uint8Array; readonly done: () => void } | undefined;
  #farewell: (() => void) | undefined;
  /** Whether the other end knows of this stream. */
  #isKnown: boolean;
  readonly #isAsking: boolean;
  #isSaid = false;
  #isHeardOut = false;
  #isAnswered = false;
  #credit = STREAM_WINDOW;
  /** Bytes that the other end may still send. */
  #granted = STREAM_WINDOW;
  readonly #arrived: Uint8Array[] = [];
  #handed = 0;
  #taken = 0;
  #wanted = false;

  /** The end that asks begins with the head of its request. */
  constructor(line: StreamLine, request?: Uint8Array) {
    super({ allowHalfOpen: true, readableHighWaterMark: CHUNK, writableHighWaterMark: CHUNK });
    this.#line = line;
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
    } else if (this.#chunk !== undefined) this.#sayChunk(this.#chunk);
    else if (this.#farewell !== undefined) this.#sayFarewell(this.#farewell);
    return this.#hasWords;
  }

  /** Something came from the other end. */
  hear(message: StreamMessage): void {
    if (this.destroyed) return;
    switch (message.kind) {
      case "opened":
        if (!this.#isAnswered) this.emit("opened", message.head);
        this.#isAnswered = true;
        break;
      case "data":
        this.#receive(message.bytes);
        break;
      case "credit":
        this.#credit += message.bytes;
        if (this.#hasWords) this.#line.wantTurn();
        break;
      case "close":
        this.#isHeardOut = true;
        if (message.code !== "") this.lost(new StreamBrokenError(message.code, message.text));
        else if (this.#isAsking && !this.#isAnswered) this.destroy(noAnswer());
        else this.#hand();
        break;
    }
  }

  /** There is no way to the other end any more, or it has ended the stream. */
  lost(error: StreamBrokenError): void {
    this.#isKnown = false;
    this.destroy(error);
  }

  override _read(): void {
    this.#wanted = true;
    this.#taken += this.#handed;
    this.#handed = 0;
    this.#grant();
    this.#hand();
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.#chunk = { rest: chunk, done };
    this.#line.wantTurn();
  }

  override _final(done: () => void): void {
    this.#farewell = done;
    this.#line.wantTurn();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#isKnown && !(this.#isSaid && this.#isHeardOut)) {
      const code = error === null ? "STREAM_CANCELLED" : errorCode(error).slice(0, MAX_REASON);
      const text = error?.message.slice(0, MAX_REASON) ?? "The other end has gone";
      this.#line.say({ kind: "close", code, text });
    }
    this.#head = undefined;
    this.#chunk = undefined;
    this.#farewell = undefined;
    this.#arrived.length = 0;
    done(error);
  }

  get #hasWords(): boolean {
    if (this.#head !== undefined) return true;
    if (this.#chunk !== undefined) return this.#credit > 0;
    return this.#farewell !== undefined;
  }

  #sayChunk({ rest, done }: { readonly rest: Uint8Array; readonly done: () => void }): void {
    if (this.#credit === 0) return;
    const bytes = rest.subarray(0, Math.min(CHUNK, this.#credit));
    const left = rest.subarray(bytes.length);
    this.#credit -= bytes.length;
    this.#line.say({ kind: "data", bytes });
    this.#chunk = left.length === 0 ? undefined : { rest: left, done };
    if (left.length === 0) done();
  }

  #sayFarewell(done: () => void): void {
    this.#farewell = undefined;
    this.#isSaid = true;
    this.#line.say({ kind: "close", code: "", text: "" });
    done();
  }

  #receive(bytes: Uint8Array): void {
    this.#granted -= bytes.length;
    if (this.#granted < 0 || this.#isHeardOut) {
      const text = "The other end sends more than it was granted, or after its end";
      this.destroy(new StreamBrokenError("PROTOCOL_ERROR", text));
      return;
    }
    this.#arrived.push(bytes);
    this.#hand();
  }

  #hand(): void {
    while (this.#wanted) {
      const bytes = this.#arrived.shift();
      if (bytes === undefined) break;
      this.#handed += bytes.length;
      this.#wanted = this.push(bytes);
    }
    if (this.#isHeardOut && this.#arrived.length === 0 && !this.readableEnded) this.push(null);
  }

  #grant(): void {
    if (this.#taken < GRANT || this.#isHeardOut) return;
    this.#granted += this.#taken;
    this.#line.say({ kind: "credit", bytes: this.#taken });
    this.#taken = 0;
  }
}

/** Why a stream ends whose request was not answered. */
export function noAnswer(): StreamBrokenError {
  return new StreamBrokenError("STREAM_ENDED", "There was no answer");
}
