import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { KeyPair } from "../../base/certificates.ts";
import { errorText, OteError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { badRequest } from "../request/refusals.ts";
import type { Door } from "./door.ts";
import { cut, saySocketStatus } from "./door-answers.ts";

/** Nobody can be served at the address. */
export class ListenFailedError extends OteError {
  readonly code = "LISTEN_FAILED";
  constructor(address: string, cause: unknown) {
    super(`Cannot listen on "${address}": ${errorText(cause)}`, { cause });
  }
}

/** Where to listen; port 0 is any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What a listener serves: the first door that serves a URL gets the request, and the last one all others. */
export interface ListenerParts {
  readonly doors: readonly [...Door[], Door];
  readonly log: Logger;
  readonly limits?: Partial<ListenerLimits> | undefined;
}

/** What a listener puts up with. */
export interface ListenerLimits {
  /** Most connections. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Milliseconds in which the headers of a request must have come. */
  readonly headersMs: number;
  /** Milliseconds for which a connection that nobody uses is kept. */
  readonly idleMs: number;
}

/** Who is trusted, and what is shown. */
export interface ListenerTrust {
  /** Authorities of callers' certificates, PEM; empty if such certificates say nothing. */
  readonly ca: string;
  readonly pair: KeyPair;
}

const NO_OTHER_PROTOCOL = badRequest("nothing here speaks another protocol");
const DEFAULT_LIMITS: ListenerLimits = {
  connections: Infinity,
  connectionsPerAddress: Infinity,
  headersMs: 30_000,
  idleMs: 90_000,
};
/** Milliseconds of silence after which it is asked whether the other end is still there. */
const KEEPALIVE_MS = 30_000;
/** How long answers under way may take to end when the listener closes. */
const DRAIN_MS = 2000;

/** Serves doors over HTTPS (1.1 and 2); certificates of callers are checked, but nobody has to have one. */
export class HttpsListener implements AsyncDisposable {
  readonly #server: Http2SecureServer;
  readonly #doors: ListenerParts["doors"];
  readonly #log: Logger;
  readonly #sockets = new Set<Socket>();
  /** The same, once it is known what they speak. */
  readonly #spoken = new Set<TLSSocket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #perAddress = new Map<string, number>();
  /** The authorities that certificates were checked against, by connection. */
  readonly #checkedBy = new Map<string, string>();
  readonly #limits: ListenerLimits;
  #ca = "";
  readonly #closing = new AbortController();

  private constructor(server: Http2SecureServer, { doors, log, limits }: ListenerParts) {
    this.#server = server;
    this.#doors = doors;
    this.#log = log;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    server.on("connection", (socket: Socket) => this.#admit(socket));
    server.on("secureConnection", (socket: TLSSocket) => {
      this.#spoken.add(socket);
      socket.once("close", () => this.#spoken.delete(socket));
    });
    server.on("session", (session) => this.#follow(session));
    server.on("tlsClientError", (err) => log.debug({ err }, "TLS handshake failed"));
    server.on("sessionError", (err) => log.debug({ err }, "HTTP/2 session failed"));
    server.on("request", (request, response) => void this.#serve(request, response));
    // Without a listener such a request is answered as if it did not ask for another protocol.
    if (doors.every(({ upgrade }) => upgrade === undefined)) return;
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  /** Listens at `address`. Rejects with `LISTEN_FAILED`. */
  static async listen(
    address: ListenAddress,
    trust: ListenerTrust,
    parts: ListenerParts,
  ): Promise<HttpsListener> {
    const { headersMs, idleMs } = { ...DEFAULT_LIMITS, ...parts.limits };
    const server = createSecureServer({
      allowHTTP1: true,
      minVersion: "TLSv1.2",
      ...contextOf(trust),
      requestCert: true,
      // Others may have a token, and some pages are for everybody; all else is refused by the doors with a
      // proper Status.
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: 1000 },
      maxSessionMemory: 100,
      handshakeTimeout: 15_000,
      headersTimeout: headersMs,
      connectionsCheckingInterval: Math.min(headersMs, 5000),
      keepAliveTimeout: idleMs,
    } as Parameters<typeof createSecureServer>[0]);
    const listener = new HttpsListener(server, parts);
    listener.#ca = trust.ca;
    server.listen({ ...address, backlog: 4096 });
    try {
      await once(server, "listening");
    } catch (cause) {
      throw new ListenFailedError(`${address.host}:${address.port}`, cause);
    }
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Shows another certificate to those who connect from now on, and trusts other authorities. If those are others
   * than before, HTTP/2 connections end once their requests have been answered.
   */
  renew(trust: ListenerTrust): void {
    this.#server.setSecureContext(contextOf(trust));
    if (trust.ca !== this.#ca) for (const session of this.#sessions) session.close();
    this.#ca = trust.ca;
  }

  /** The authorities that the certificate of a connection was checked against; they may have been others than now. */
  checkedBy(socket: TLSSocket): string {
    return this.#checkedBy.get(nameOf(socket)) ?? "";
  }

  /** Ends watches, lets other answers finish for a moment, then closes every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const session of this.#sessions) session.close();
    const late = new AbortController();
    await Promise.race([
      this.#ended(),
      sleep(DRAIN_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    // Not before: it cuts connections off whose answer has been said but not been sent.
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #busy = 0;
  #onIdle: (() => void) | undefined;

  /** Resolves when nobody waits for an answer any more, and all of them have been sent to their ends. */
  async #ended(): Promise<void> {
    if (this.#busy > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    const open = [...this.#spoken];
    for (const socket of open) if (socket.alpnProtocol !== "h2") socket.destroySoon();
    await Promise.all(open.map(hasClosed));
  }

  #admit(socket: Socket): void {
    const from = socket.remoteAddress ?? "";
    const others = this.#perAddress.get(from) ?? 0;
    const { connections, connectionsPerAddress } = this.#limits;
    const isFull = this.#sockets.size >= connections || others >= connectionsPerAddress;
    if (isFull || this.#closing.signal.aborted) {
      socket.destroy();
      return;
    }
    // An answer of two small writes would wait 40 ms for the client's delayed acknowledgement.
    socket.setNoDelay(true);
    // A watcher that vanished without a word would never be noticed.
    socket.setKeepAlive(true, KEEPALIVE_MS);
    this.#sockets.add(socket);
    this.#perAddress.set(from, others + 1);
    const name = nameOf(socket);
    this.#checkedBy.set(name, this.#ca);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#checkedBy.delete(name);
      const left = (this.#perAddress.get(from) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(from);
      else this.#perAddress.set(from, left);
    });
  }

  /** HTTP/2 connections that nobody uses end, also those that never began to speak. */
  #follow(session: ServerHttp2Session): void {
    const { idleMs } = this.#limits;
    let streams = 0;
    this.#sessions.add(session);
    session.once("close", () => this.#sessions.delete(session));
    session.on("stream", (stream: ServerHttp2Stream) => {
      streams++;
      stream.once("close", () => {
        streams--;
        // The time may be over already, while somebody waited for an answer.
        if (streams === 0 && !session.destroyed) session.setTimeout(idleMs);
      });
    });
    session.on("timeout", () => {
      if (streams === 0) session.close();
    });
    session.setTimeout(idleMs);
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    this.#busy++;
    try {
      await this.#doorFor(request.url).serve(request, response, this.#closing.signal);
    } catch (err) {
      // Doors do not reject; should one do so, only its caller must suffer.
      this.#log.error({ err, method: request.method }, "request failed inside");
      cut(response);
    } finally {
      this.#busy--;
      if (this.#busy === 0) this.#onIdle?.();
    }
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const door = this.#doorFor(request.url ?? "");
    if (door.upgrade !== undefined) {
      door.upgrade(request, socket, head);
      return;
    }
    socket.on("error", () => {});
    saySocketStatus(socket, NO_OTHER_PROTOCOL.status, randomUUID());
  }

  #doorFor(url: string): Door {
    const found = this.#doors.find((door) => door.serves(url));
    return found ?? (this.#doors.at(-1) as Door);
  }
}

/** Resolves when a connection has closed, in order or not. */
async function hasClosed(socket: TLSSocket): Promise<void> {
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

/** A connection by its other end: the bare one and the TLS on it are different objects. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function contextOf({ ca, pair }: ListenerTrust): SecureContextOptions {
  return {
    // Without any of our own, those of the system must not be believed.
    ca: ca === "" ? [] : ca,
    cert: pair.certificate,
    key: pair.key,
    // An authority counts as it is given, whoever has issued it.
    allowPartialTrustChain: true,
  };
}
