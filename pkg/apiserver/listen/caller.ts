import type { Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";
import { fromHeader } from "../../base/header-text.ts";
import { isImpersonation } from "../access/impersonation.ts";
import { authenticated } from "../access/users.ts";
import type { User } from "../request/operation.ts";
import type { HeaderPairs } from "../request/server-request.ts";

const users = new WeakMap<TLSSocket, { readonly user: User | undefined; readonly until: number }>();

/** Whom the certificate of the connection names; undefined if it has none, or not one of ours, or one that has ended. */
export function userOf(request: Http2ServerRequest): User | undefined {
  const socket = socketOf(request);
  let known = users.get(socket);
  if (known === undefined) {
    const user = socket.authorized ? userOfCertificate(socket) : undefined;
    known = { user, until: user === undefined ? 0 : endOf(socket) };
    users.set(socket, known);
  }
  return Date.now() < known.until ? known.user : undefined;
}

/** The TLS connection of a request: over HTTP/2 request.socket is a stand-in that hides some methods of the real one. */
export function socketOf(request: Http2ServerRequest): TLSSocket {
  return (request.stream?.session?.socket ?? request.socket) as TLSSocket;
}

/** Whom the certificate of a connection names that has been checked. */
export function userOfCertificate(socket: TLSSocket): User | undefined {
  const { subject } = socket.getPeerCertificate();
  const name = [subject?.CN].flat()[0];
  if (name === undefined || name === "") return undefined;
  const groups = [subject.O].flat().filter((group) => group !== undefined && group !== "");
  return authenticated({ name, groups: groups as string[] });
}

/** When the certificate of a connection ends; connections may live longer. */
export function endOf(socket: TLSSocket): number {
  return Date.parse(socket.getPeerCertificate().valid_to);
}

/** Taken from the raw headers, as others join those that come several times. */
export function impersonationOf({
  rawHeaders,
}: Pick<Http2ServerRequest, "rawHeaders">): HeaderPairs {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    if (isImpersonation(name)) pairs.push([name, fromHeader(rawHeaders[i + 1] ?? "")]);
  }
  return pairs;
}
