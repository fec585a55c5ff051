import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Server as SecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { errorCode, errorText, OteError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { LogLimit } from "../base/log-limit.ts";
import type { Metrics } from "../base/metrics.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import { encodeFrame, encodeMessage, MAX_FRAME } from "../wire/codec.ts";
import type { Hello, Redirect, Welcome } from "../wire/message.ts";
import {
  closeWith,
  expectFirst,
  HELLO_LIMIT_MS,
  type HelloError,
  RedirectedError,
  SUBPROTOCOL,
} from "./hello.ts";
import { sayRefusal } from "./http-refusal.ts";
import { JOIN_PATH, type StrangerDesk, serveStranger } from "./join-door.ts";
import type { Link, LinkEnd } from "./link.ts";
import { certificatesOf, type Peer, type TunnelTrust } from "./peer.ts";
import { SecureDoor } from "./secure-door.ts";
import { reset } from "./tcp.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** Path at which a cluster controller takes its children. */
export const TUNNEL_PATH = "/ote/v1/tunnel";
/** Path at which a shim takes its cluster controller. */
export const SHIM_PATH = "/ote/v1/shim";

/** Connections that have not said hello yet; more are turned away. */
const MAX_STRANGERS = 1024;
/** Bytes a stranger may send, headers included, before its hello has been accepted. */
const MAX_STRANGER_BYTES = 96 * 1024;

/** Where and for whom to listen. */
export interface CloudTunnelOptions {
  readonly listen: Address;
  readonly path: string;
  readonly side: "down" | "shim";
  readonly heartbeatMs: number;
}

/** What a tunnel asks of the program it serves. */
export interface CloudTunnelParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Who may connect and who we are; without it everybody may, over plain TCP. */
  readonly trust?: TunnelTrust | undefined;
  /** Asks for those who have no certificate yet; without it they are turned away. */
  readonly strangers?: StrangerDesk | undefined;
  /** Decides on a hello, at once; a refusal is told to the peer. `peer` is who TLS says it is, if it does. */
  readonly admit: (hello: Hello, peer: Peer | undefined) => Welcome | Redirect | LinkEnd;
  /** Called in the turn in which a hello was admitted; the welcome is already on its way. */
  readonly onLink: (link: Link, hello: Hello) => void;
}

/** A program cannot listen where it was told to. */
export class ListenError extends OteError {
  readonly code = "LISTEN_FAILED";
  constructor(address: string, cause: unknown) {
    super(
      `Cannot listen on "${address}": ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** The listening end: accepts websockets, hears their hello, and turns those admitted into links. */
export class CloudTunnel implements AsyncDisposable {
  /** The port that is listened on, which matters when 0 was asked for. */
  port = 0;
  readonly #server: Server | SecureServer;
  readonly #door: SecureDoor | undefined;
  readonly #sockets: WebSocketServer;
  readonly #options: CloudTunnelOptions;
  readonly #parts: CloudTunnelParts;
  readonly #lines: LogLimit;
  readonly #turnedAway = new WeakSet<Socket>();
  #strangers = 0;

  private constructor(options: CloudTunnelOptions, parts: CloudTunnelParts) {
    this.#options = options;
    this.#parts = parts;
    this.#lines = new LogLimit(parts.log, parts.metrics);
    this.#door = parts.trust && this.#secureDoor(parts.trust);
    // Who has not even sent the headers of a request by then is no better than one without a hello.
    const limits = { headersTimeout: HELLO_LIMIT_MS, requestTimeout: HELLO_LIMIT_MS };
    const server =
      this.#door?.server ?? createServer({ ...limits, connectionsCheckingInterval: 1000 });
    this.#server = server;
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: MAX_FRAME,
      clientTracking: true,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    server.on("request", ({ socket }, response) => {
      this.#door?.asked(socket);
      this.#turnAway(socket, "UPGRADE_REFUSED", "426 Upgrade Required");
      response.writeHead(426, { upgrade: "websocket", connection: "close" }).end();
    });
    server.on("clientError", (error, socket) =>
      this.#noRequest(errorCode(error), socket as Socket),
    );
  }

  /** Resolves once connections are accepted; rejects with ListenError. */
  static async listen(options: CloudTunnelOptions, parts: CloudTunnelParts): Promise<CloudTunnel> {
    const tunnel = new CloudTunnel(options, parts);
    const listener = tunnel.#door?.listener ?? tunnel.#server;
    const { host, port } = options.listen;
    await new Promise<void>((resolve, reject) => {
      listener.once("error", (cause) =>
        reject(new ListenError(formatAddress(options.listen), cause)),
      );
      listener.listen({ port, backlog: 4096, ...(host === "" ? {} : { host }) }, resolve);
    });
    tunnel.port = (listener.address() as AddressInfo).port;
    return tunnel;
  }

  /** Shows what `trust.shown` says now to those who connect from now on. */
  renew(): void {
    if (this.#parts.trust !== undefined) this.#door?.renew(this.#parts.trust);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const listener = this.#door?.listener ?? this.#server;
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
    for (const socket of this.#sockets.clients) {
      closeWith(socket, { code: "LINK_CLOSED", text: "The program stops" });
    }
    this.#server.closeAllConnections();
    this.#door?.cutStrangers();
    await closed;
  }

  #secureDoor(trust: TunnelTrust): SecureDoor {
    return new SecureDoor({
      trust,
      late: (socket) => this.#noRequest("ERR_HTTP_REQUEST_TIMEOUT", socket),
      dismiss: (socket) => this.#turnAway(socket, "LISTENER_BUSY", "no turn"),
    });
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on("error", () => {});
    this.#door?.asked(socket);
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      this.#turnAway(socket, "UPGRADE_REFUSED", refusal);
      sayRefusal(socket, refusal);
      return;
    }
    const caller = this.#caller(request, socket);
    if (caller === undefined) return;
    this.#strangers++;
    let known = false;
    const introduced = (): void => {
      if (!known) this.#strangers--;
      known = true;
      socket.off("data", measure);
      this.#door?.introduced(socket);
    };
    const measure = (): void => {
      if (socket.bytesRead > MAX_STRANGER_BYTES)
        socket.destroy(new Error("too much before the hello"));
    };
    socket.on("data", measure);
    socket.once("close", introduced);
    this.#sockets.handleUpgrade(request, socket as Duplex, head, (websocket) => {
      if (caller === "stranger") this.#hearStranger(websocket, remoteOf(socket));
      else this.#greet(websocket, socket, caller, introduced);
    });
  }

  /** What came was no HTTP request, or none in time; whatever follows on that connection says the same again. */
  #noRequest(code: string, socket: Socket): void {
    if (this.#turnedAway.has(socket)) return;
    socket.on("error", () => {});
    const late = code === "ERR_HTTP_REQUEST_TIMEOUT";
    const status = late ? "408 Request Timeout" : "400 Bad Request";
    this.#turnAway(socket, late ? "HELLO_TIMEOUT" : "UPGRADE_REFUSED", status);
    sayRefusal(socket, status);
  }

  #turnAway(socket: Socket, code: string, status: string): void {
    this.#turnedAway.add(socket);
    this.#count(code);
    const remote = remoteOf(socket);
    this.#linesOf(code, remote).info({ code, remote, status }, "connection refused");
  }

  /** The HTTP status that turns a request away, or undefined. */
  #refusal(request: IncomingMessage): string | undefined {
    const paths = [this.#options.path, ...(this.#parts.strangers === undefined ? [] : [JOIN_PATH])];
    if (!paths.includes(request.url ?? "")) return "404 Not Found";
    // A browser always sends Origin; no page may speak for a cluster.
    if (request.headers.origin !== undefined) return "403 Forbidden";
    if (this.#strangers >= MAX_STRANGERS) return "503 Service Unavailable";
    return undefined;
  }

  /** Who calls, as TLS has shown; turns away whom we do not trust, before a websocket is made of it. */
  #caller(request: IncomingMessage, socket: Socket): Peer | "anybody" | "stranger" | undefined {
    if (request.url === JOIN_PATH) return "stranger";
    const { trust } = this.#parts;
    if (trust === undefined) return "anybody";
    try {
      return trust.identify(certificatesOf(socket));
    } catch (error) {
      const code = errorCode(error);
      this.#turnAway(socket, code, errorText(error));
      sayRefusal(socket, "403 Forbidden", `${code}: ${errorText(error)}`);
      return undefined;
    }
  }

  #hearStranger(socket: WebSocket, remote: string): void {
    const { strangers } = this.#parts;
    if (strangers === undefined) return;
    serveStranger(socket, strangers, (end) => this.#refuse(remote, end));
  }

  #greet(
    socket: WebSocket,
    connection: Socket,
    caller: Peer | "anybody",
    introduced: () => void,
  ): void {
    const remote = remoteOf(connection);
    expectFirst(
      socket,
      "hello",
      ({ first: hello, early }) => {
        introduced();
        const answer = this.#parts.admit(hello, caller === "anybody" ? undefined : caller);
        if (!("kind" in answer) || answer.kind === "redirect") {
          this.#sendAway(socket, remote, answer, hello);
          return;
        }
        const { side, heartbeatMs: own } = this.#options;
        const link = new WebSocketLink(socket, {
          peer: hello.name,
          side,
          dialer: false,
          heartbeatMs: Math.max(own, hello.heartbeatMs),
          metrics: this.#parts.metrics,
          early,
          cut: () => reset(connection),
        });
        link.send(answer);
        this.#parts.onLink(link, hello);
      },
      (error: HelloError) => this.#refuse(remote, { code: error.code, text: error.message }),
    );
  }

  #sendAway(socket: WebSocket, remote: string, answer: Redirect | LinkEnd, hello: Hello): void {
    const end = "kind" in answer ? new RedirectedError(answer.leader).end : answer;
    this.#refuse(remote, end, hello);
    socket.on("error", () => {});
    if ("kind" in answer) socket.send(encodeFrame([encodeMessage(answer)]));
    closeWith(socket, end);
  }

  #refuse(remote: string, { code, text }: LinkEnd, hello?: Hello): void {
    this.#count(code);
    // Siblings without their parent try each other; that is how a tree heals, not a fault. Nor is a redirect.
    const level = code === "LOOP" || code === "NOT_LEADER" ? "info" : "warn";
    const fields = { code, text, remote, peer: hello?.name };
    this.#linesOf(code, remote)[level](fields, "connection refused");
  }

  /** One address may be refused for several reasons; each is told. */
  #linesOf(code: string, remote: string): Logger {
    return this.#lines.of(`${code} ${remote.slice(0, remote.lastIndexOf(":"))}`);
  }

  #count(code: string): void {
    this.#parts.metrics.count("ote_link_errors_total", { side: this.#options.side, code });
  }
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
