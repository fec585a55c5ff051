import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { LogLimit } from "../base/log-limit.ts";
import type { Metrics } from "../base/metrics.ts";
import { labelOf } from "../tunnel/close-code.ts";
import { ListenError } from "../tunnel/cloud-tunnel.ts";
import { HELLO_LIMIT_MS } from "../tunnel/hello.ts";
import { type Address, formatAddress, isPrivateHost } from "../wire/address.ts";
import { type ClusterName, isClusterName } from "../wire/names.ts";

/** Largest message that is read from an old peer; answers of a Kubernetes API arrive uncut. */
const MAX_OLD_FRAME = 8 * 1024 * 1024;
/** Connections of old peers that were not admitted yet; more are turned away. */
const MAX_OLD_STRANGERS = 256;
/** Most connections at one time, joined or not. */
const MAX_OLD_CONNECTIONS = 4096;
/** Longest address that an old peer may give for itself. */
const MAX_LISTEN = 256;

const ACCESS = /^\/access\/([^/?]+)$/;

/** Who an old peer says it is; nothing proves it. */
export interface OldHello {
  readonly name: ClusterName;
  /** Where other old clusters may dial it, in its own words. */
  readonly listen: string;
}

/** An open connection of an old peer, for an OldLink. */
export type OldSocket = WebSocket;

/** Why an old peer is turned away: in HTTP and in its own protocol's words, and for our log. */
export interface OldRefusal {
  readonly status: string;
  /** What the peer is told. */
  readonly text: string;
  readonly code: string;
  /** What our log says, where that is more. */
  readonly detail?: string | undefined;
}

/** What an old tunnel asks of the program that it serves. */
export interface OldTunnelParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Decides on a hello; may take some seconds. */
  readonly admit: (hello: OldHello) => Promise<OldRefusal | undefined>;
  /** Called at once for each that was admitted; undefined if its connection broke before. */
  readonly onSocket: (hello: OldHello, socket: OldSocket | undefined) => void;
}

/** The plaintext listener for children that run OTE-Stack 2020: nothing but `/access/NAME`. */
export class OldTunnel implements AsyncDisposable {
  /** The port that is listened on, which matters when 0 was asked for. */
  port = 0;
  readonly #server: Server;
  readonly #parts: OldTunnelParts;
  readonly #lines: LogLimit;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_OLD_FRAME,
    clientTracking: true,
  });
  readonly #turnedAway = new WeakSet<Socket>();
  readonly #strangers = new Set<Socket>();

  private constructor(server: Server, parts: OldTunnelParts) {
    this.#server = server;
    this.#parts = parts;
    this.#lines = new LogLimit(parts.log, parts.metrics);
    server.on("upgrade", (request, socket, head) => {
      void this.#upgrade(request, socket as Socket, head);
    });
    server.on("request", (request: IncomingMessage) => {
      this.#turnAway(request.socket, this.#refusalOf(request) ?? NO_UPGRADE);
    });
    server.on("clientError", (_, socket) => this.#turnAway(socket as Socket, NO_REQUEST));
  }

  /** Resolves once connections are accepted; rejects with ListenError, also for an address that is public. */
  static async listen(listen: Address, parts: OldTunnelParts): Promise<OldTunnel> {
    const limits = { headersTimeout: HELLO_LIMIT_MS, requestTimeout: HELLO_LIMIT_MS };
    const server = createServer({ ...limits, connectionsCheckingInterval: 1000 });
    server.maxConnections = MAX_OLD_CONNECTIONS;
    const tunnel = new OldTunnel(server, parts);
    const { host, port } = listen;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(new ListenError(formatAddress(listen), cause)));
      server.listen({ port, host, backlog: 1024 }, resolve);
    });
    const own = server.address() as AddressInfo;
    tunnel.port = own.port;
    if (isPrivateHost(own.address)) return tunnel;
    await tunnel[Symbol.asyncDispose]();
    const why = new Error(
      `${own.address} is a public address, and these links carry no encryption`,
    );
    throw new ListenError(formatAddress(listen), why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#strangers) socket.destroy();
    for (const socket of this.#sockets.clients) socket.close(1001);
    this.#server.closeAllConnections();
    const limit = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate();
    }, 1000);
    await closed;
    clearTimeout(limit);
  }

  async #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on("error", () => {});
    const hello = this.#refusalOf(request) ?? helloIn(request);
    if ("status" in hello) {
      this.#turnAway(socket, hello);
      return;
    }
    if (this.#strangers.size >= MAX_OLD_STRANGERS) {
      this.#turnAway(socket, BUSY);
      return;
    }
    this.#strangers.add(socket);
    const refusal = await this.#parts.admit(hello).catch(brokenAdmission);
    this.#strangers.delete(socket);
    if (refusal !== undefined) this.#turnAway(socket, refusal, hello);
    else this.#accept(request, socket, head, hello);
  }

  #accept(request: IncomingMessage, socket: Socket, head: Buffer, hello: OldHello): void {
    let opened = false;
    this.#sockets.handleUpgrade(request, socket, head, (websocket) => {
      opened = true;
      this.#parts.onSocket(hello, websocket);
    });
    // It calls back at once, or it has turned a request away that is no handshake of a websocket.
    if (!opened) this.#parts.onSocket(hello, undefined);
  }

  #refusalOf(request: IncomingMessage): OldRefusal | undefined {
    if (!ACCESS.test(request.url ?? "")) return NOT_FOUND;
    // A browser always sends Origin; no page may speak for a cluster.
    return request.headers.origin === undefined ? undefined : FROM_A_PAGE;
  }

  #turnAway(socket: Socket, refusal: OldRefusal, hello?: OldHello): void {
    if (this.#turnedAway.has(socket)) return;
    this.#turnedAway.add(socket);
    const { status, code, text, detail = text } = refusal;
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#parts.metrics.count("ote_link_errors_total", {
      side: "down",
      code: code === REFUSED ? code : labelOf(code),
    });
    this.#lines
      .of(`${code} ${socket.remoteAddress}`)
      .warn({ code, text: detail, status, remote, peer: hello?.name }, "old peer refused");
    socket.on("error", () => {});
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const body = `${text}\n`;
    const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`;
    socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    // Whoever goes on sending after that is not waited for.
    setTimeout(() => socket.destroy(), 1000).unref();
  }
}

const REFUSED = "UPGRADE_REFUSED";
const NOT_FOUND: OldRefusal = {
  status: "404 Not Found",
  code: REFUSED,
  text: "404 page not found",
};
const FROM_A_PAGE: OldRefusal = { status: "403 Forbidden", code: REFUSED, text: "no pages here" };
const NO_UPGRADE: OldRefusal = {
  status: "400 Bad Request",
  code: REFUSED,
  text: "fail to upgrade to websocket",
};
const NO_REQUEST: OldRefusal = { status: "400 Bad Request", code: REFUSED, text: "no request" };
const BUSY: OldRefusal = {
  status: "503 Service Unavailable",
  code: REFUSED,
  text: "too many are joining at the same time",
};

function brokenAdmission(error: unknown): OldRefusal {
  const status = "500 Internal Server Error";
  return { status, code: "INTERNAL_ERROR", text: errorText(error) };
}

/** What a request says of its sender; its headers are checked in the order that old peers know. */
function helloIn(request: IncomingMessage): OldHello | OldRefusal {
  const listen = headerOf(request, "listen-addr");
  const name = headerOf(request, "name");
  const bad = (text: string): OldRefusal => ({ status: "400 Bad Request", code: REFUSED, text });
  if (listen === "" || listen.length > MAX_LISTEN)
    return bad("listenAddr is not specified, should set in header");
  if (name === "") return bad("user-define name is not specified, should set in header");
  if (decoded(ACCESS.exec(request.url ?? "")?.[1] ?? "") !== name)
    return bad("the name in the header must be the one in the path");
  if (!isClusterName(name))
    return bad('the name must be 1 to 63 of a-z, 0-9, "-" and ".", a letter or digit at both ends');
  return { name, listen };
}

function headerOf(request: IncomingMessage, header: string): string {
  const value = request.headers[header];
  return typeof value === "string" ? value.trim() : "";
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}
