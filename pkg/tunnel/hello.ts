import type { WebSocket } from "ws";
import { errorCode, errorText, OteError } from "../base/errors.ts";
import { decodeFrame } from "../wire/codec.ts";
import type { Message } from "../wire/message.ts";
import { ProtocolError } from "../wire/parse-message.ts";
import { codeOfSocketError, REFUSAL_CODE, socketEnd } from "./close-code.ts";
import type { LinkEnd } from "./link.ts";

/** Websocket sub-protocol of our links; its number changes with what a hello means. */
export const SUBPROTOCOL = "ote.v1";
/** Milliseconds a new connection has to say its first word. */
export const HELLO_LIMIT_MS = 5000;

/** A connection ended before both sides had introduced themselves. */
export class HelloError extends OteError {
  readonly code: string;
  constructor({ code, text }: LinkEnd) {
    super(text);
    this.code = code;
  }

  /** What a connection that ends for this is told. */
  get end(): LinkEnd {
    return { code: this.code, text: this.message };
  }
}

/** A root that does not lead was dialled; it says where the leader is, if it knows. */
export class RedirectedError extends HelloError {
  /** host:port; empty if nobody is known to lead. */
  readonly leader: string;
  constructor(leader: string) {
    const text = leader === "" ? "nobody is known to lead now" : `the leader is at ${leader}`;
    super({ code: "NOT_LEADER", text: `This root does not lead: ${text}` });
    this.leader = leader;
  }
}

/** The first message of a connection, and what came in the same frame after it. */
export interface FirstWords<K extends Message["kind"]> {
  readonly first: Extract<Message, { kind: K }>;
  readonly early: readonly Message[];
}

/**
 * Waits `limitMs` for the first frame of `socket`, which must start with a message of kind `kind`, and hands it
 * to `accept` in the same turn, so that no later frame is missed. Whatever else happens is a HelloError,
 * given to `refuse` once; the socket is then closed.
 */
export function expectFirst<K extends Message["kind"]>(
  socket: WebSocket,
  kind: K,
  accept: (words: FirstWords<K>) => void,
  refuse: (error: HelloError) => void,
  limitMs: number = HELLO_LIMIT_MS,
): void {
  const done = (error?: HelloError): void => {
    clearTimeout(limit);
    socket.off("message", onMessage).off("close", onClose).off("error", onError);
    if (error === undefined) return;
    socket.on("error", () => {});
    closeWith(socket, { code: error.code, text: error.message });
    refuse(error);
  };
  const fail = (code: string, text: string): void => done(new HelloError({ code, text }));
  const onMessage = (data: Buffer, isBinary: boolean): void => {
    // Somebody here closes it already: its end is what counts.
    if (socket.readyState !== socket.OPEN) return;
    let words: FirstWords<K>;
    try {
      words = firstWords(data, isBinary, kind);
    } catch (error) {
      if (error instanceof HelloError) done(error);
      else fail(errorCode(error), errorText(error));
      return;
    }
    done();
    accept(words);
  };
  const onClose = (code: number, reason: Buffer): void =>
    done(new HelloError(socketEnd(code, reason)));
  const onError = (error: Error): void => fail(codeOfSocketError(error), error.message);
  const limit = setTimeout(
    () => fail("HELLO_TIMEOUT", `The peer did not say ${kind} within ${limitMs} ms`),
    limitMs,
  );
  socket.on("message", onMessage).on("close", onClose).on("error", onError);
}

/** Closes with our code and a text cut to what a close frame can carry; cuts the connection if that takes long. */
export function closeWith(socket: WebSocket, { code, text }: LinkEnd): void {
  if (socket.readyState === socket.CLOSED) return;
  const limit = setTimeout(() => socket.terminate(), 1000);
  socket.once("close", () => clearTimeout(limit));
  socket.close(REFUSAL_CODE, Buffer.from(`${code}: ${text}`).subarray(0, 120).toString());
}

function firstWords<K extends Message["kind"]>(
  data: Buffer,
  isBinary: boolean,
  kind: K,
): FirstWords<K> {
  if (!isBinary) throw new ProtocolError("only binary frames are allowed", "TEXT_FRAME");
  const [first, ...early] = decodeFrame(data);
  if (first?.kind === "redirect" && kind === "welcome") throw new RedirectedError(first.leader);
  if (first?.kind !== kind) {
    throw new ProtocolError(
      `the first message is ${first?.kind ?? "unknown"}, not ${kind}`,
      "HELLO_EXPECTED",
    );
  }
  return { first: first as FirstWords<K>["first"], early };
}
