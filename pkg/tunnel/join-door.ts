import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { errorCode, errorText } from "../base/errors.ts";
import { encodeFrame, encodeMessage } from "../wire/codec.ts";
import type { Enrol, Enrolled } from "../wire/message.ts";
import { closeWith, expectFirst, type HelloError, SUBPROTOCOL } from "./hello.ts";
import { hearRefusal } from "./http-refusal.ts";
import { type LinkEnd, LinkRefusedError } from "./link.ts";
import { certificatesOf, TLS_OPTIONS } from "./peer.ts";

/** Path at which somebody without a certificate asks for one. */
export const JOIN_PATH = "/ote/v1/join";

/** Takes a stranger's request to the tree's authority; rejects with an error whose code may be told. */
export type StrangerDesk = (request: Enrol) => Promise<Enrolled>;

/** Milliseconds until a stranger has its answer, the way to the root and back included. */
const ANSWER_LIMIT_MS = 20_000;
/** Most bytes of an answer: a chain and a trust document. */
const MAX_ANSWER = 1024 * 1024;

/** Hears one request on a connection without a certificate, answers it, and closes. */
export function serveStranger(
  socket: WebSocket,
  desk: StrangerDesk,
  refused: (end: LinkEnd) => void,
): void {
  expectFirst(
    socket,
    "enrol",
    ({ first }) => {
      socket.on("error", () => {});
      void answer(socket, desk, first, refused);
    },
    ({ code, message }) => refused({ code, text: message }),
  );
}

async function answer(
  socket: WebSocket,
  desk: StrangerDesk,
  request: Enrol,
  refused: (end: LinkEnd) => void,
): Promise<void> {
  try {
    const enrolled = await desk(request);
    if (enrolled.code !== "") refused({ code: enrolled.code, text: enrolled.text });
    socket.send(encodeFrame([encodeMessage(enrolled)]), () => socket.close(1000));
  } catch (error) {
    const end = { code: errorCode(error), text: errorText(error) };
    refused(end);
    closeWith(socket, end);
  }
}

/** The answer of a tree, and the certificates (DER) that the door showed: both are still to be judged. */
export interface DoorAnswer {
  readonly enrolled: Enrolled;
  readonly shown: readonly Uint8Array[];
}

/**
 * Asks at `address` (host:port) for a certificate. Who listens there is not trusted: the caller judges the
 * answer. Rejects with a LinkRefusedError, or with the signal's reason.
 */
export async function askAtDoor(
  address: string,
  request: Enrol,
  signal: AbortSignal,
): Promise<DoorAnswer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
  signal.throwIfAborted();
  const socket = new WebSocket(`wss://${address}${JOIN_PATH}`, SUBPROTOCOL, {
    ...TLS_OPTIONS,
    perMessageDeflate: false,
    maxPayload: MAX_ANSWER,
    handshakeTimeout: ANSWER_LIMIT_MS,
    followRedirects: false,
  });
  const abort = (): void => socket.terminate();
  limit.addEventListener("abort", abort, { once: true });
  let shown: readonly Uint8Array[] = [];
  socket.once("upgrade", (response) => {
    shown = certificatesOf(response.socket as Socket);
  });
  socket.once("open", () => socket.send(encodeFrame([encodeMessage(request)])));
  try {
    return await new Promise<DoorAnswer>((resolve, reject) => {
      const refuse = ({ code, message }: HelloError): void =>
        reject(new LinkRefusedError(address, { code, text: message || "no answer" }));
      socket.once("unexpected-response", (_, response) => void hearRefusal(response).then(refuse));
      expectFirst(
        socket,
        "enrolled",
        ({ first }) => {
          socket.on("error", () => {});
          socket.close(1000);
          resolve({ enrolled: first, shown });
        },
        refuse,
        ANSWER_LIMIT_MS,
      );
    });
  } finally {
    limit.removeEventListener("abort", abort);
    signal.throwIfAborted();
  }
}
