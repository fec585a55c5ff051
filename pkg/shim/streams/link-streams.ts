import { type Link, LinkClosedError } from "../../tunnel/link.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import type { StreamMessage } from "../../tunnel/streams/stream-words.ts";
import type { Open } from "../../wire/message.ts";
import { LinkStream, type LinkWords } from "./link-stream.ts";

/** Most streams on one link. */
export const MAX_STREAMS = 1024;

/** Called with the head of a request when the other end opens a stream. */
export type AcceptStream = (head: Uint8Array, stream: LinkStream) => void;

/**
 * All streams over one link of a shim. While the link can take more they speak in turn, a message each;
 * while it cannot they wait, so that tasks never stand behind more than a link holds.
 */
export class LinkStreams {
  readonly #link: Link;
  readonly #accept: AcceptStream | undefined;
  readonly #streams = new Map<number, LinkStream>();
  /** Those that have something to say, the next one first. */
  readonly #turns = new Set<LinkStream>();
  #lastId = 0;
  #waiting = false;
  #speaking = false;
  /** Whether the link has ended. */
  #isOver = false;

  /** The end that is asked gives `accept`. */
  constructor(link: Link, accept?: AcceptStream) {
    this.#link = link;
    this.#accept = accept;
    void link.ended.then(() => {
      this.#isOver = true;
    });
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Begins a stream with a request. */
  open(head: Uint8Array): LinkStream {
    if (this.#streams.size >= MAX_STREAMS) {
      throw new StreamEndedError("TOO_MANY_STREAMS", `There are ${MAX_STREAMS} streams already`);
    }
    this.#lastId++;
    const stream = this.#create(this.#lastId, head);
    this.#wantTurn(stream);
    return stream;
  }

  /** The other end has said something about streams. */
  hear(message: Open | StreamMessage): void {
    // What was under way when a stream ended here is for nobody.
    if (message.kind === "open") this.#opened(message);
    else this.#streams.get(message.stream)?.hear(message);
  }

  /** The link has ended, and with it every stream. */
  lost(error: StreamEndedError): void {
    this.#isOver = true;
    for (const stream of this.#streams.values()) stream.lost(error);
  }

  #opened({ stream: id, head }: Open): void {
    if (this.#accept === undefined) return;
    if (id <= this.#lastId) {
      const text = `Stream ${id} comes after ${this.#lastId}: numbers grow and are used once`;
      this.#link.end({ code: "PROTOCOL_ERROR", text });
      return;
    }
    this.#lastId = id;
    if (this.#streams.size >= MAX_STREAMS) {
      const text = `There are ${MAX_STREAMS} streams already`;
      this.#say(id, { kind: "close", code: "TOO_MANY_STREAMS", text });
      return;
    }
    this.#accept(head, this.#create(id));
  }

  #create(id: number, request?: Uint8Array): LinkStream {
    const stream: LinkStream = new LinkStream(
      { say: (words) => this.#say(id, words), wantTurn: () => this.#wantTurn(stream) },
      request,
    );
    this.#streams.set(id, stream);
    stream.once("close", () => {
      this.#streams.delete(id);
      this.#turns.delete(stream);
    });
    return stream;
  }

  #wantTurn(stream: LinkStream): void {
    this.#turns.add(stream);
    this.#takeTurns();
  }

  #takeTurns(): void {
    // Who has spoken may want to say more at once: it stands behind the others then.
    if (this.#waiting || this.#speaking || this.#isOver) return;
    this.#speaking = true;
    while (this.#link.writable) {
      const [next] = this.#turns;
      if (next === undefined) break;
      this.#turns.delete(next);
      if (next.speak()) this.#turns.add(next);
    }
    this.#speaking = false;
    if (this.#turns.size === 0) return;
    this.#waiting = true;
    void this.#link.drained().then(() => {
      this.#waiting = false;
      this.#takeTurns();
    });
  }

  #say(id: number, words: LinkWords): void {
    const { peer } = this.#link;
    try {
      if (words.kind === "open") {
        this.#link.send({ ...words, stream: id, target: peer, entry: peer, hops: 1 });
      } else this.#link.send({ ...words, stream: id });
    } catch (error) {
      // All streams are told when the link's end is noticed.
      if (!(error instanceof LinkClosedError)) throw error;
    }
  }
}
