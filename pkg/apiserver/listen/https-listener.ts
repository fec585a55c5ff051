import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiResponse } from "../../apis/api-transport.ts";
import type { ClusterProxy } from "../../apis/cluster-proxy.ts";
import type { KeyPair } from "../../base/certificates.ts";
import { errorText, OteError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Authenticator } from "../access/authenticator.ts";
import type { ApiServer } from "../api-server.ts";
import { MAX_BODY_BYTES } from "../request/request-body.ts";
import { impersonationOf, userOf } from "./caller.ts";
import { ClusterDoor } from "./cluster-door.ts";

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

/** What a listener serves, and who finds out whom. */
export interface ListenerParts {
  readonly api: ApiServer;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  /** The way to the APIs of other clusters; without it there are none. */
  readonly clusters?: ClusterProxy | undefined;
  /** How long somebody may take to send a body; a minute if absent. */
  readonly bodyMs?: number | undefined;
}

const BODY_MS = 60_000;
/** How long answers under way may take to end when the listener closes. */
const DRAIN_MS = 2000;
const NOTHING = new Uint8Array();

/** Serves an ApiServer over HTTPS (1.1 and 2) to those with a certificate of our authority, or a token. */
export class HttpsListener implements AsyncDisposable {
  readonly #server: Http2SecureServer;
  readonly #api: ApiServer;
  readonly #authenticator: Authenticator;
  readonly #log: Logger;
  readonly #bodyMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();

  private constructor(server: Http2SecureServer, parts: ListenerParts) {
    const { api, authenticator, log, bodyMs = BODY_MS } = parts;
    this.#server = server;
    this.#api = api;
    this.#authenticator = authenticator;
    this.#log = log;
    this.#bodyMs = bodyMs;
    server.on("connection", (socket: Socket) => {
      // An answer of two small writes would wait 40 ms for the client's delayed acknowledgement.
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("tlsClientError", (err) => log.debug({ err }, "TLS handshake failed"));
    server.on("sessionError", (err) => log.debug({ err }, "HTTP/2 session failed"));
    const door = parts.clusters && new ClusterDoor({ ...parts, clusters: parts.clusters });
    server.on("request", (request, response) => {
      if (door?.serves(request.url) === true) door.serve(request, response);
      else void this.#serve(request, response);
    });
    if (door === undefined) return;
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) =>
      door.upgrade(request, socket, head),
    );
  }

  /** Listens at `address`. Rejects with `LISTEN_FAILED`. */
  static async listen(
    address: ListenAddress,
    trust: { readonly ca: string; readonly pair: KeyPair },
    parts: ListenerParts,
  ): Promise<HttpsListener> {
    const server = createSecureServer({
      allowHTTP1: true,
      minVersion: "TLSv1.2",
      ca: trust.ca,
      cert: trust.pair.certificate,
      key: trust.pair.key,
      requestCert: true,
      // Others may have a token, and health and version are for everybody; all else is refused by
      // ApiServer with a proper Status.
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: 1000 },
      maxSessionMemory: 100,
      handshakeTimeout: 15_000,
      keepAliveTimeout: 90_000,
    } as Parameters<typeof createSecureServer>[0]);
    const listener = new HttpsListener(server, parts);
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

  /** Shows a new certificate to those who connect from now on. */
  renew(trust: { readonly ca: string; readonly pair: KeyPair }): void {
    const { ca, pair } = trust;
    this.#server.setSecureContext({ ca, cert: pair.certificate, key: pair.key });
  }

  /** Ends watches, lets other answers finish for a moment, then closes every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#closing.abort();
    const late = new AbortController();
    await Promise.race([
      this.#idle(),
      sleep(DRAIN_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #busy = 0;
  #onIdle: (() => void) | undefined;

  async #idle(): Promise<void> {
    if (this.#busy > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    this.#busy++;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    request.on("error", () => gone.abort());
    response.on("error", () => gone.abort());
    try {
      const { authorization } = request.headers;
      const user = this.#authenticator.userOf({ certificate: userOf(request), authorization });
      // Of somebody we do not know nothing is read that could be long.
      const body = user === undefined ? NOTHING : await readBody(request, this.#bodyMs);
      const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
      const answer = await this.#api.handle({
        method: request.method,
        path: request.url,
        headers: request.headers as Readonly<Record<string, string | undefined>>,
        body,
        user,
        impersonation: impersonationOf(request),
        address: request.socket.remoteAddress,
        signal,
      });
      await send(response, answer, gone.signal);
    } catch (err) {
      if (!gone.signal.aborted) this.#log.debug({ err }, "connection failed");
      response.stream?.destroy();
      request.socket.destroy();
    } finally {
      this.#busy--;
      if (this.#busy === 0) this.#onIdle?.();
    }
  }
}

/** The body, or one byte more than is allowed: enough to be refused. Rejects when it takes longer than `limitMs`. */
async function readBody(request: Http2ServerRequest, limitMs: number): Promise<Uint8Array> {
  const late = setTimeout(() => request.destroy(new Error("the body comes too slowly")), limitMs);
  try {
    return await wholeBody(request);
  } finally {
    clearTimeout(late);
  }
}

async function wholeBody(request: Http2ServerRequest): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Uint8Array>) {
    if (bytes <= MAX_BODY_BYTES) pieces.push(piece);
    bytes += piece.length;
    if (bytes > 4 * MAX_BODY_BYTES) throw new Error("the body is far too long");
  }
  return Buffer.concat(pieces).subarray(0, MAX_BODY_BYTES + 1);
}

async function send(
  response: Http2ServerResponse,
  answer: ApiResponse,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers });
  // A watch that has nothing to say yet must still be seen to have begun; HTTP/2 sends headers at once.
  if ("flushHeaders" in response) (response as unknown as ServerResponse).flushHeaders();
  for await (const piece of answer.body) {
    if (gone.aborted) return;
    if (!response.write(piece)) await once(response, "drain", { signal: gone });
  }
  response.end();
}
