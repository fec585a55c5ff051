import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeyPair } from "../../base/certificates.ts";
import { errorText, OteError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { badRequest } from "../request/refusals.ts";
import type { Door } from "./door.ts";
import { saySocketStatus } from "./door-answers.ts";

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
}

const NO_OTHER_PROTOCOL = badRequest("nothing here speaks another protocol");
/** How long answers under way may take to end when the listener closes. */
const DRAIN_MS = 2000;

/** Serves doors over HTTPS (1.1 and 2); certificates of callers are checked, but nobody has to have one. */
export class HttpsListener implements AsyncDisposable {
  readonly #server: Http2SecureServer;
  readonly #doors: ListenerParts["doors"];
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();

  private constructor(server: Http2SecureServer, { doors, log }: ListenerParts) {
    this.#server = server;
    this.#doors = doors;
    server.on("connection", (socket: Socket) => {
      // An answer of two small writes would wait 40 ms for the client's delayed acknowledgement.
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
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
      // Others may have a token, and some pages are for everybody; all else is refused by the doors with a
      // proper Status.
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
    try {
      await this.#doorFor(request.url).serve(request, response, this.#closing.signal);
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
