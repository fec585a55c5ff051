import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { HELLO_LIMIT_MS } from "./hello.ts";
import { TLS_OPTIONS, type TunnelTrust } from "./peer.ts";
import { runsOver } from "./tcp.ts";
import { Turnstile } from "./turnstile.ts";

/** A TLS handshake must be over by then, counted from when it was its turn. */
const HANDSHAKE_LIMIT_MS = 15_000;

/** What a door asks of the tunnel it belongs to. */
export interface SecureDoorParts {
  readonly trust: TunnelTrust;
  /** TLS is made, but no request came in time. */
  readonly late: (socket: Socket) => void;
  /** Somebody could not get a turn; his connection is cut. */
  readonly dismiss: (socket: Socket) => void;
}

/** Listens with TLS, and takes those who connect in turn. Requests come out at `server`. */
export class SecureDoor {
  readonly server: SecureServer;
  /** Where to listen. */
  readonly listener: Server;
  readonly #turnstile: Turnstile;
  readonly #open = new Map<string, Socket>();
  readonly #strangers = new Set<Socket>();
  readonly #limits = new WeakMap<Socket, NodeJS.Timeout>();

  constructor({ trust, late, dismiss }: SecureDoorParts) {
    const { key, chain, ticketKeys } = trust.shown();
    this.server = createSecureServer({
      ...(ticketKeys === undefined ? {} : { ticketKeys }),
      ...TLS_OPTIONS,
      ...{ key, cert: chain, requestCert: true, handshakeTimeout: HANDSHAKE_LIMIT_MS },
    });
    const admit = (socket: Socket): void => void this.server.emit("connection", socket);
    this.#turnstile = new Turnstile({ admit, dismiss });
    // Nothing is read before its turn: TLS must get the first byte.
    this.listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) =>
      this.#enter(socket),
    );
    this.server.on("secureConnection", (socket: Socket) => {
      const tcp = this.#open.get(nameOf(socket));
      if (tcp !== undefined) {
        this.#strangers.delete(tcp);
        runsOver(socket, tcp);
      }
      const limit = setTimeout(() => late(socket), HELLO_LIMIT_MS);
      this.#limits.set(socket, limit);
      socket.once("close", () => clearTimeout(limit));
    });
  }

  /** A request came in time. */
  asked(socket: Socket): void {
    clearTimeout(this.#limits.get(socket));
  }

  /** The next one may have the place. */
  introduced(socket: Socket): void {
    const tcp = this.#open.get(nameOf(socket));
    if (tcp !== undefined) this.#turnstile.leave(tcp);
  }

  /** Shows what `trust` shows now to those who connect from now on. */
  renew(trust: TunnelTrust): void {
    const { key, chain } = trust.shown();
    this.server.setSecureContext({ key, cert: chain, minVersion: TLS_OPTIONS.minVersion });
  }

  /** Ends the connections that have not made TLS yet; `server` knows the others. */
  cutStrangers(): void {
    for (const socket of this.#strangers) socket.destroy();
  }

  #enter(socket: Socket): void {
    const name = nameOf(socket);
    this.#open.set(name, socket);
    socket.on("error", () => {});
    this.#strangers.add(socket);
    socket.once("close", () => {
      this.#open.delete(name);
      this.#strangers.delete(socket);
    });
    this.#turnstile.enter(socket);
  }
}

function nameOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
