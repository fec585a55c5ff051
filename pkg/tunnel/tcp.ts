import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** The TCP connection that a TLS connection of ours runs over. */
const tcpOf = new WeakMap<Socket, Socket>();

/** Notes that `secure` runs over `tcp`, for `reset`. */
export function runsOver(secure: Socket, tcp: Socket): void {
  tcpOf.set(secure, tcp);
}

/**
 * Ends a connection with a TCP reset. A polite end waits behind what the peer has not acknowledged: where
 * packets to us get lost it would be noticed only seconds later.
 */
export function reset(socket: Socket): void {
  const tcp = tcpOf.get(socket) ?? socket;
  if (tcp instanceof TLSSocket) tcp.destroy();
  else tcp.resetAndDestroy();
}
