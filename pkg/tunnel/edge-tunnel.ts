import { connect, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { WebSocket } from "ws";
import { errorCode, errorText, type OteError } from "../base/errors.ts";
import type { Metrics } from "../base/metrics.ts";
import { parseAddress } from "../wire/address.ts";
import { encodeFrame, encodeMessage, MAX_FRAME } from "../wire/codec.ts";
import type { Hello, Welcome } from "../wire/message.ts";
import { ROOT_NAME } from "../wire/names.ts";
import { expectFirst, HELLO_LIMIT_MS, HelloError, RedirectedError, SUBPROTOCOL } from "./hello.ts";
import { hearRefusal } from "./http-refusal.ts";
import { type Link, type LinkRedirect, LinkRefusedError } from "./link.ts";
import {
  certificatesOf,
  type KnownSession,
  type Peer,
  TLS_OPTIONS,
  type TunnelTrust,
} from "./peer.ts";
import { reset, runsOver } from "./tcp.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** A parent that takes many children back lets them wait for their turn. */
const SECURE_LIMIT_MS = 15_000;
/** A machine that is there answers by then, whatever its programs do; one lost packet is borne. Others are waiting to be dialled. */
const CONNECT_LIMIT_MS = 2000;

/** Most addresses whose last TLS session is remembered. */
const MAX_SESSIONS = 64;

/** How to dial one address. */
export interface DialOptions {
  /** host:port */
  readonly address: string;
  readonly path: string;
  /** What to say to whom; `peer` is who TLS says it is, if it does. */
  readonly hello: (peer: Peer | undefined) => Hello;
  /** Who we are and whom we trust; without it the link is plain TCP. */
  readonly trust?: TunnelTrust | undefined;
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
  const { address, metrics, side, trust } = options;
  const socket = dial(options);
  const abort = (): void => socket.terminate();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await new Promise<Dialled>((resolve, reject) => {
      let peer: Peer | undefined;
      const refuse = (error: OteError): void =>
        reject(refusal(address, error, redirectOf(error, peer, options)));
      let heartbeatMs = 0;
      let connection: Socket | undefined;
      socket.once("upgrade", (response) => {
        connection = response.socket;
      });
      introduce(socket, options, refuse, (hello, to) => {
        heartbeatMs = hello.heartbeatMs;
        peer = to;
      });
      expectFirst(
        socket,
        "welcome",
        ({ first, early }) => {
          if (trust !== undefined && first.name !== peer?.name) {
            refuse(notWho(first, peer));
            socket.terminate();
            return;
          }
          heartbeatMs = Math.max(heartbeatMs, first.heartbeatMs);
          const link = new WebSocketLink(socket, {
            peer: first.name,
            side,
            dialer: true,
            heartbeatMs,
            metrics,
            early,
            cut: () => connection !== undefined && reset(connection),
          });
          resolve({ link, welcome: first });
        },
        refuse,
        limitOf(trust),
      );
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function dial({ address, path, trust }: DialOptions): WebSocket {
  const options = {
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handshakeTimeout: limitOf(trust),
    followRedirects: false,
  };
  if (trust === undefined) return new WebSocket(`ws://${address}${path}`, SUBPROTOCOL, options);
  return new WebSocket(`wss://${address}${path}`, SUBPROTOCOL, {
    ...options,
    createConnection: () => connectSecurely(address, trust),
  });
}

/** Milliseconds from dialling to the welcome. */
function limitOf(trust: TunnelTrust | undefined): number {
  return trust === undefined ? HELLO_LIMIT_MS : SECURE_LIMIT_MS;
}

/** TLS to `address`, resuming the last session there if there is one. */
function connectSecurely(address: string, { shown, sessions }: TunnelTrust): TLSSocket {
  const { key, chain } = shown();
  const known = sessions?.get(address);
  const resumed = known === undefined ? {} : { session: known.ticket };
  const where = parseAddress(address);
  const tcp = connect({ ...where, noDelay: true });
  const limit = setTimeout(() => tcp.destroy(new Error("no answer to TCP")), CONNECT_LIMIT_MS);
  tcp.once("connect", () => clearTimeout(limit)).once("close", () => clearTimeout(limit));
  const socket = connectTls({ socket: tcp, ...TLS_OPTIONS, ...resumed, key, cert: chain });
  runsOver(socket, tcp);
  socket.on("session", (ticket: Buffer) => {
    if (sessions !== undefined && sessions.size >= MAX_SESSIONS) sessions.clear();
    sessions?.set(address, { ticket, certificates: shownBy(socket, known) });
  });
  return socket;
}

/** The certificates of the other side; in a resumed session they are not shown again. */
function shownBy(socket: Socket, known: KnownSession | undefined): readonly Uint8Array[] {
  const isResumed = socket instanceof TLSSocket && socket.isSessionReused();
  return isResumed && known !== undefined ? known.certificates : certificatesOf(socket);
}

/** Says hello once it is known to whom; to somebody who is not trusted nothing is said. */
function introduce(
  socket: WebSocket,
  { address, hello, trust }: DialOptions,
  refuse: (error: OteError) => void,
  said: (hello: Hello, peer: Peer | undefined) => void,
): void {
  let peer: Peer | undefined;
  let distrusted: unknown;
  const known = trust?.sessions?.get(address);
  socket.once("upgrade", ({ socket: connection }) => {
    try {
      peer = trust?.identify(shownBy(connection as Socket, known));
    } catch (error) {
      distrusted = error;
    }
  });
  socket.once("unexpected-response", (_, response) => void hearRefusal(response).then(refuse));
  socket.once("open", () => {
    if (distrusted !== undefined) {
      refuse(new HelloError({ code: errorCode(distrusted), text: errorText(distrusted) }));
      socket.terminate();
      return;
    }
    const words = hello(peer);
    said(words, peer);
    socket.send(encodeFrame([encodeMessage(words)]));
  });
}

function notWho({ name }: Welcome, peer: Peer | undefined): HelloError {
  const text = `The parent says that it is "${name}": its certificate is for "${peer?.name}"`;
  return new HelloError({ code: "FORGED", text });
}

/** Only a root may send us elsewhere. */
function redirectOf(
  error: OteError,
  peer: Peer | undefined,
  { trust }: DialOptions,
): LinkRedirect | undefined {
  if (!(error instanceof RedirectedError)) return undefined;
  if (trust !== undefined && peer?.name !== ROOT_NAME) return undefined;
  return { name: peer?.name, leader: error.leader };
}

function refusal(
  address: string,
  error: OteError,
  redirect: LinkRedirect | undefined,
): LinkRefusedError {
  const code = error.code === "LINK_LOST" ? "DIAL_FAILED" : error.code;
  return new LinkRefusedError(
    address,
    { code, text: error.message || "no answer", redirect },
    { cause: error },
  );
}
