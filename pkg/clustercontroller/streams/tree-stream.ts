import { Duplex } from "node:stream";
import { errorCode, OteError } from "../../base/errors.ts";
import type { OpenedPiece, StreamSeal } from "../../trust/stream-seal.ts";
import { TrustError } from "../../trust/trust-error.ts";
import type { Close, Credit, Data, Opened } from "../../wire/message.ts";
import { MAX_STREAM_DATA } from "../../wire/parse-message.ts";

/** What is said on a stream once it has begun. */
export type StreamMessage = Opened | Data | Credit | Close;
/** The same before it is known which number the stream has on a link. */
export type StreamWords =
  | Omit<Opened, "stream">
  | Omit<Data, "stream">
  | Omit<Credit, "stream">
  | Omit<Close, "stream">;

/** Bytes that each side may have on their way before the other has taken them. */
export const STREAM_WINDOW = 256 * 1024;
/** What was taken is granted anew in portions of at least this. */
const GRANT = STREAM_WINDOW / 4;
/** Bytes in one message: small, so that many streams share a link fairly. */
const CHUNK = Math.min(32 * 1024, MAX_STREAM_DATA);

/** A stream ended in another way than that both sides had said everything; `code` says why. */
export class StreamEndedError extends OteError {
  readonly code: string;
  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }
}

/**
 * One end of a conversation with a far cluster, as a Node stream. What is written waits until the other
 * end has granted room; what arrives is granted anew once it was read. `destroy` ends it at both ends.
 * Emits `opened` with the head of the answer.
 */
export class TreeStream extends Duplex {
  readonly #say: (words: StreamWords) => void;
  readonly #arrived: OpenedPiece[] = [];
  #seal: StreamSeal | undefined;
  #credit = STREAM_WINDOW;
  /** Bytes that the other end may still send. */
  #granted = STREAM_WINDOW;
  #taken = 0;
  #handed = 0;
  #wanted = false;
  #isHeardOut = false;
  /** Whether the other end itself has said that nothing follows. */
  #isWhole = false;
  #isSaid = false;
  #waiting: { readonly rest: Uint8Array; readonly done: () => void } | undefined;

  constructor(say: (words: StreamWords) => void) {
    super({ allowHalfOpen: true, readableHighWaterMark: CHUNK, writableHighWaterMark: CHUNK });
    this.#say = say;
    // An end that comes when nobody looks on must not end the program; pipelines see it all the same.
    this.on("error", () => {});
  }

  /** Whatever is said from now on is sealed. To be called before anything is. */
  sealWith(seal: StreamSeal): void {
    this.#seal = seal;
  }

  /** Sends the head of the answer; for the end that was asked, before anything else. */
  answer(head: Uint8Array): void {
    if (!this.destroyed) this.#say({ kind: "opened", head: this.#seal?.answer(head) ?? head });
  }

  /** Something came from the other end. */
  hear(message: StreamMessage): void {
    if (this.destroyed) return;
    try {
      this.#hear(message);
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      this.destroy(error);
    }
  }

  #hear(message: StreamMessage): void {
    switch (message.kind) {
      case "opened":
        this.emit("opened", this.#seal?.answered(message.head) ?? message.head);
        break;
      case "data":
        this.#receive(message.bytes);
        break;
      case "credit":
        this.#credit += message.bytes;
        this.#send();
        break;
      case "close":
        if (message.code === "") this.#heardOut();
        else this.#end(new StreamEndedError(message.code, message.text));
        break;
    }
  }

  /** The way to the other end is gone. */
  lost(code: string, text: string): void {
    this.#end(new StreamEndedError(code, text));
  }

  override _read(): void {
    this.#wanted = true;
    this.#taken += this.#handed;
    this.#handed = 0;
    this.#grant();
    this.#hand();
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.#waiting = { rest: this.#seal?.seal(chunk) ?? chunk, done };
    this.#send();
  }

  override _final(done: () => void): void {
    const close = (): void => {
      this.#isSaid = true;
      this.#say({ kind: "close", code: "", text: "" });
      done();
    };
    if (this.#seal === undefined) {
      close();
      return;
    }
    this.#waiting = { rest: this.#seal.end(), done: close };
    this.#send();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isSaid || !this.#isHeardOut) {
      const code = error === null ? "STREAM_CANCELLED" : errorCode(error);
      const text = error?.message.slice(0, 200) ?? "The other end has gone";
      this.#say({ kind: "close", code, text });
    }
    this.#waiting = undefined;
    this.#arrived.length = 0;
    done(error);
  }

  #receive(bytes: Uint8Array): void {
    this.#granted -= bytes.length;
    if (this.#granted < 0) {
      this.destroy(new Error("The other end sends more than it was granted"));
      return;
    }
    const pieces = this.#seal?.open(bytes) ?? [{ bytes, cost: bytes.length, isEnd: false }];
    for (const piece of pieces) {
      this.#arrived.push(piece);
      this.#isWhole ||= piece.isEnd;
    }
    this.#hand();
  }

  #hand(): void {
    while (this.#wanted) {
      const piece = this.#arrived.shift();
      if (piece === undefined) break;
      this.#handed += piece.cost;
      if (piece.bytes.length > 0) this.#wanted = this.push(piece.bytes);
    }
    if (this.#isHeardOut && this.#arrived.length === 0 && !this.readableEnded) this.push(null);
  }

  #grant(): void {
    if (this.#taken < GRANT || this.#isHeardOut) return;
    this.#granted += this.#taken;
    this.#say({ kind: "credit", bytes: this.#taken });
    this.#taken = 0;
  }

  #send(): void {
    while (this.#waiting !== undefined && this.#credit > 0) {
      const { rest, done } = this.#waiting;
      const bytes = rest.subarray(0, Math.min(CHUNK, this.#credit));
      this.#credit -= bytes.length;
      this.#say({ kind: "data", bytes });
      const left = rest.subarray(bytes.length);
      this.#waiting = left.length === 0 ? undefined : { rest: left, done };
      if (left.length === 0) done();
    }
  }

  #heardOut(): void {
    if (this.#seal !== undefined && !this.#isWhole)
      throw new TrustError(
        "FORGED",
        "Cannot believe the end of a stream: its last part is missing",
      );
    this.#isHeardOut = true;
    this.#hand();
  }

  #end(error: StreamEndedError): void {
    this.#isHeardOut = true;
    this.#isSaid = true;
    this.destroy(error);
  }
}
