import type { WebSocket } from "ws";
import { errorCode, errorText } from "../base/errors.ts";
import type { Metrics } from "../base/metrics.ts";
import { decodeFrame, encodePieces } from "../wire/codec.ts";
import type { Message } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import {
  codeOfSocketError,
  labelOf,
  REFUSAL_CODE,
  type SocketEnd,
  socketEnd,
} from "./close-code.ts";
import { Inbox, type MessageHandler } from "./inbox.ts";
import { type Link, LinkClosedError, type LinkEnd, POLITE_END } from "./link.ts";
import { watchLiveness } from "./liveness.ts";
import { Outbox } from "./outbox.ts";
import { Pace } from "./pace.ts";
import { atEndOfTurn, currentTurn } from "./turn.ts";

/** Bytes handed to the socket before the next frame waits for them to leave. */
const IN_FLIGHT_LIMIT = 1024 * 1024;
/** The same for tasks: what the socket has taken nothing can overtake. */
const BULK_IN_FLIGHT_LIMIT = 64 * 1024;
/** Bytes waiting above which a link is not `writable`. */
const HIGH_MARK = 2 * 1024 * 1024;
/** Bytes waiting at which a peer that does not read loses its link. */
export const OUTBOX_LIMIT = 32 * 1024 * 1024;
/** What may be much and can wait; of a stream all that must stay in order is in one lane. */
const BULK = new Set<Message["kind"]>(["task", "opened", "data", "close"]);
/** What a ping carries that asks how far the peer has read; one that only asks for a sign of life is empty. */
const MARK_BYTES = 6;
/** How long a polite close may take before the connection is cut. */
const CLOSE_LIMIT_MS = 2000;

/** What a link over a websocket needs beside its socket. */
export interface WebSocketLinkOptions {
  readonly peer: ClusterName;
  readonly side: "up" | "down" | "shim";
  readonly dialer: boolean;
  /** Milliseconds between signs of life. */
  readonly heartbeatMs: number;
  readonly metrics: Metrics;
  /** Messages that came in the same frame as the hello. */
  readonly early?: readonly Message[] | undefined;
  /** Ends the connection without waiting for anything. */
  readonly cut: () => void;
}

/** A link over one open websocket whose peers have said hello. */
export class WebSocketLink implements Link {
  readonly peer: ClusterName;
  readonly ended: Promise<LinkEnd>;
  readonly #socket: WebSocket;
  readonly #end: () => void;
  readonly #labels: { readonly side: string };
  readonly #metrics: Metrics;
  readonly #outbox = new Outbox();
  readonly #inbox = new Inbox((paused) => this.#rest(paused));
  readonly #drainWaiters: (() => void)[] = [];
  /** Made when there is bulk: thousands of quiet links have none. */
  #pace: Pace | undefined;
  #inFlight = 0;
  #flushDue = false;
  #flushedIn = -1;
  #reading = true;
  #reason: LinkEnd | undefined;

  constructor(socket: WebSocket, options: WebSocketLinkOptions) {
    const { peer, side, dialer, heartbeatMs, metrics, early = [], cut } = options;
    this.peer = peer;
    this.#socket = socket;
    this.#end = cut;
    this.#labels = { side };
    this.#metrics = metrics;
    socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on("error", (error) =>
      this.#note({ code: codeOfSocketError(error), text: error.message }),
    );
    this.ended = new Promise((resolve) => {
      socket.once("close", (code, reason) => resolve(this.#close(socketEnd(code, reason))));
    });
    socket.on("pong", (confirmed: Buffer) => this.#confirm(confirmed));
    for (const message of early) this.#inbox.add(message);
    watchLiveness(socket, {
      intervalMs: heartbeatMs,
      dialer,
      listening: () => this.#reading,
      onSilent: () => this.#cut({ code: "PEER_SILENT", text: "The peer gave no sign of life" }),
      onAnswer: (ms) => metrics.observe("ote_link_round_trip_seconds", ms / 1000, this.#labels),
    });
  }

  get writable(): boolean {
    return this.#outbox.bytes + this.#inFlight < HIGH_MARK;
  }

  receive(handler: MessageHandler): Promise<void> {
    return this.#inbox.receive(handler);
  }

  send(message: Message): void {
    if (this.#socket.readyState !== this.#socket.OPEN) throw new LinkClosedError(this.peer);
    const lane = BULK.has(message.kind) ? "bulk" : "control";
    // Tasks are from no stream.
    this.#outbox.add(encodePieces(message), lane, "stream" in message ? message.stream : 0);
    if (this.#outbox.bytes > OUTBOX_LIMIT) {
      this.#cut({ code: "SLOW_READER", text: "The peer does not read what it is sent" });
    } else if (!this.#flushDue) {
      this.#flushDue = true;
      this.#scheduleFlush();
    }
  }

  async drained(): Promise<void> {
    if (this.writable || this.#reason !== undefined) return;
    await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
  }

  end(reason: LinkEnd): void {
    this.#note(reason);
    while (!this.#outbox.empty && this.#socket.readyState === this.#socket.OPEN) this.#sendFrame();
    const limit = setTimeout(() => this.#socket.terminate(), CLOSE_LIMIT_MS);
    this.#socket.once("close", () => clearTimeout(limit));
    const { code, text } = closeFrame(reason);
    this.#socket.close(code, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState !== this.#socket.CLOSED) this.end(POLITE_END);
    await this.ended;
  }

  /**
   * The first messages of a turn leave when the code that sends them is done, so that a lone one never
   * waits; what follows in the same turn waits for its end, so that many cost one system call.
   */
  #scheduleFlush(): void {
    const turn = currentTurn();
    if (turn === this.#flushedIn) {
      atEndOfTurn(() => this.#flush());
    } else {
      this.#flushedIn = turn;
      queueMicrotask(() => this.#flush());
    }
  }

  #flush(): void {
    this.#flushDue = false;
    for (;;) {
      const bulkRoom = this.#bulkRoom();
      const mayControl = this.#outbox.urgent && this.#inFlight < IN_FLIGHT_LIMIT;
      if (!mayControl && bulkRoom === 0) return;
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#sendFrame(bulkRoom);
    }
  }

  /** Bytes of bulk that may be in the next frame; 0 if there is none, or none may leave now. */
  #bulkRoom(): number {
    if (!this.#outbox.hasBulk || this.#inFlight >= BULK_IN_FLIGHT_LIMIT) return 0;
    if (this.#pace === undefined) return Number.POSITIVE_INFINITY;
    return this.#pace.full(performance.now()) ? 0 : this.#pace.window / 2;
  }

  #sendFrame(bulkRoom?: number): void {
    const { frame, messages, bulk } = this.#outbox.takeFrame(bulkRoom);
    this.#metrics.count("ote_link_messages_sent_total", this.#labels, messages);
    this.#inFlight += frame.length;
    this.#socket.send(frame, () => {
      this.#outbox.left(frame);
      this.#sent(frame.length);
    });
    if (bulk > 0) {
      this.#pace ??= new Pace();
      this.#ask(this.#pace.left(bulk, performance.now()));
    }
  }

  /** A websocket answers every ping in its turn, with what is in it: what was sent before it has been read then. */
  #ask(number: number | undefined): void {
    if (number === undefined) return;
    const mark = Buffer.alloc(MARK_BYTES);
    mark.writeUIntBE(number, 0, MARK_BYTES);
    this.#socket.ping(mark);
  }

  #confirm(mark: Buffer): void {
    if (mark.length !== MARK_BYTES || this.#pace === undefined) return;
    this.#ask(this.#pace.confirm(mark.readUIntBE(0, MARK_BYTES), performance.now()));
    if (!this.#outbox.empty) this.#flush();
  }

  #sent(bytes: number): void {
    this.#inFlight -= bytes;
    if (!this.#outbox.empty) this.#flush();
    if (this.writable) for (const wake of this.#drainWaiters.splice(0)) wake();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#reason !== undefined) return;
    const messages = this.#decode(data, isBinary);
    if (messages === undefined) return;
    this.#metrics.count("ote_link_messages_received_total", this.#labels, messages.length);
    for (const message of messages) this.#inbox.add(message);
  }

  /** Who does not read makes TCP make the peer wait. */
  #rest(paused: boolean): void {
    this.#reading = !paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  #decode(data: Buffer, isBinary: boolean): Message[] | undefined {
    try {
      if (isBinary) return decodeFrame(data);
      this.end({ code: "TEXT_FRAME", text: "Only binary frames are allowed" });
    } catch (error) {
      this.end({ code: errorCode(error), text: errorText(error) });
    }
    return undefined;
  }

  /** The first reason is the true one; what follows are its consequences. */
  #note(reason: LinkEnd): void {
    this.#reason ??= reason;
  }

  /** Ends at once: who does not read would not read a goodbye either. */
  #cut(reason: LinkEnd): void {
    this.#note(reason);
    this.#end();
    this.#socket.terminate();
  }

  #close(end: SocketEnd): LinkEnd {
    this.#inbox.close();
    for (const wake of this.#drainWaiters.splice(0)) wake();
    const reason = this.#reason ?? end;
    this.#reason = reason;
    if (reason.code !== POLITE_END.code) {
      this.#metrics.count("ote_link_errors_total", { ...this.#labels, code: labelOf(reason.code) });
    }
    return reason;
  }
}

function closeFrame({ code, text }: LinkEnd): { code: number; text: string } {
  if (code === POLITE_END.code) return { code: 1000, text: "" };
  return { code: REFUSAL_CODE, text: Buffer.from(`${code}: ${text}`).subarray(0, 120).toString() };
}
