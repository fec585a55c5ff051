import { WebSocket } from "ws";
import type { OteError } from "../base/errors.ts";
import type { Metrics } from "../base/metrics.ts";
import { encodeFrame, encodeMessage, MAX_FRAME } from "../wire/codec.ts";
import type { Hello, Welcome } from "../wire/message.ts";
import { expectFirst, HELLO_LIMIT_MS, SUBPROTOCOL } from "./hello.ts";
import { type Link, LinkRefusedError } from "./link.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** How to dial one address. */
export interface DialOptions {
  /** host:port */
  readonly address: string;
  readonly path: string;
  readonly hello: Hello;
  readonly side: "up" | "shim";
  readonly metrics: Metrics;
}

/** A link that was dialled, and what the other side said of itself. */
export interface Dialled {
  readonly link: Link;
  readonly welcome: Welcome;
}

/**
 * Dials a parent (or a remote shim), says hello and waits for its welcome. Rejects with a
 * LinkRefusedError whose code says why (`NAME_TAKEN`, `DIAL_FAILED` …), or with the signal's reason.
 */
export async function dialLink(options: DialOptions, signal: AbortSignal): Promise<Dialled> {
  signal.throwIfAborted();
  const { address, path, hello, metrics, side } = options;
  const socket = new WebSocket(`ws://${address}${path}`, SUBPROTOCOL, {
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handshakeTimeout: HELLO_LIMIT_MS,
    followRedirects: false,
  });
  const abort = (): void => socket.terminate();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await new Promise<Dialled>((resolve, reject) => {
      const refuse = (error: OteError): void => reject(refusal(address, error));
      socket.once("open", () => socket.send(encodeFrame([encodeMessage(hello)])));
      expectFirst(
        socket,
        "welcome",
        ({ first, early }) => {
          const heartbeatMs = Math.max(hello.heartbeatMs, first.heartbeatMs);
          const peer = first.name;
          const link = new WebSocketLink(socket, {
            peer,
            side,
            dialer: true,
            heartbeatMs,
            metrics,
            early,
          });
          resolve({ link, welcome: first });
        },
        refuse,
      );
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function refusal(address: string, error: OteError): LinkRefusedError {
  const code = error.code === "LINK_LOST" ? "DIAL_FAILED" : error.code;
  return new LinkRefusedError(
    address,
    { code, text: error.message || "no answer" },
    { cause: error },
  );
}
