import { Duplex } from "node:stream";
import { errorCode } from "../../base/errors.ts";
import type { StreamSeal } from "../../trust/stream-seal.ts";
import { TrustError } from "../../trust/trust-error.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import { StreamInflow } from "../../tunnel/streams/stream-inflow.ts";
import { StreamOutflow } from "../../tunnel/streams/stream-outflow.ts";
import {
  STREAM_CHUNK,
  type StreamMessage,
  type StreamWords,
} from "../../tunnel/streams/stream-words.ts";

/** Longest reason that is told. */
const MAX_REASON = 200;

/**
 * One end of a conversation with a far cluster, as a Node stream. What is written waits until the other
 * end has granted room; what arrives is granted anew once it was read. `destroy` ends it at both ends.
 * Emits `opened` with the head of the answer.
 */
export class TreeStream extends Duplex {
  readonly #say: (words: StreamWords) => void;
  readonly #inflow: StreamInflow;
  readonly #outflow = new StreamOutflow();
  #seal: StreamSeal | undefined;
  /** Whether the seal has shown that nothing is missing at the end. */
  #isWhole = false;
  #isSaid = false;
  /** Whether the other end hears us no more. */
  #isLost = false;

  constructor(say: (words: StreamWords) => void) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: STREAM_CHUNK,
      writableHighWaterMark: STREAM_CHUNK,
    });
    this.#say = say;
    this.#inflow = new StreamInflow(this, (bytes) => say({ kind: "credit", bytes }));
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
      if (!(error instanceof TrustError || error instanceof StreamEndedError)) throw error;
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
        this.#outflow.grant(message.bytes);
        this.#send();
        break;
      case "close":
        if (message.code === "") this.#heardOut();
        else this.lost(message.code, message.text);
        break;
    }
  }

  /** There is no way to the other end any more, or it has ended the stream. */
  lost(code: string, text: string): void {
    this.#isLost = true;
    this.destroy(new StreamEndedError(code, text));
  }

  override _read(): void {
    this.#inflow.read();
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.#outflow.write(this.#seal?.seal(chunk) ?? chunk, done);
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
    this.#outflow.write(this.#seal.end(), close);
    this.#send();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isLost && !(this.#isSaid && this.#inflow.isOver)) {
      const code = error === null ? "STREAM_CANCELLED" : errorCode(error);
      const text = error?.message.slice(0, MAX_REASON) ?? "The other end has gone";
      this.#say({ kind: "close", code, text });
    }
    this.#outflow.clear();
    this.#inflow.clear();
    done(error);
  }

  #receive(arrived: Uint8Array): void {
    const bytes = this.#inflow.admit(arrived);
    const pieces = this.#seal?.open(bytes);
    this.#isWhole ||= pieces?.some(({ isEnd }) => isEnd) === true;
    this.#inflow.add(pieces ?? [{ bytes, cost: bytes.length }]);
  }

  #send(): void {
    while (this.#outflow.isReady)
      this.#outflow.speak((bytes) => this.#say({ kind: "data", bytes }));
  }

  #heardOut(): void {
    if (this.#seal !== undefined && !this.#isWhole)
      throw new TrustError(
        "FORGED",
        "Cannot believe the end of a stream: its last part is missing",
      );
    this.#inflow.end();
  }
}
