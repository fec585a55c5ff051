import { STATUS_CODES } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { type HeaderList, type ProxyAnswer, passedOn } from "../../apis/cluster-proxy.ts";
import type { Status } from "../../apis/status.ts";

/** Answers with a Status, unless an answer has begun: that one is cut off. `auditId` names the request. */
export function sendStatus(response: Http2ServerResponse, status: Status, auditId: string): void {
  if (response.headersSent || isGone(response)) {
    cut(response);
    return;
  }
  const body = textOf(status);
  response.writeHead(status.code, { ...headersOf(status, auditId), "content-length": body.length });
  response.end(body);
}

/** The same on a bare connection, which ends with it. */
export function saySocketStatus(socket: Socket, status: Status, auditId: string): void {
  const body = textOf(status);
  const headers = { ...headersOf(status, auditId), "content-length": String(body.length) };
  const head = headText({ status: status.code, headers: Object.entries(headers) }, false);
  socket.end(Buffer.concat([Buffer.from(head), body]));
}

/** An answer that broke off must not look complete. */
export function cut(response: Http2ServerResponse): void {
  if (response.stream === undefined) response.socket?.destroy();
  else response.stream.destroy();
}

/** Whether nobody waits for the answer any more. */
export function isGone(response: Http2ServerResponse): boolean {
  // Of HTTP/1.1 and 2 only one has a stream, and only the other a sign of its own.
  return response.stream?.destroyed ?? response.destroyed;
}

/** The first lines of an answer on a bare connection: of one that becomes another protocol, or else of the last one. */
export function headText({ status, headers }: ProxyAnswer, isUpgrade: boolean): string {
  const passed = passedOn(headers, isUpgrade).filter(
    ([name]) => isUpgrade || name.toLowerCase() !== "connection",
  );
  const all = isUpgrade ? passed : [...passed, ["Connection", "close"] as const];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines}\r\n`;
}

/** Headers as writeHead takes them; HTTP/2 takes a list only for those that may come several times. */
export function grouped(headers: HeaderList): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const present = found[lower];
    found[lower] = present === undefined ? value : [present, value].flat();
  }
  return found;
}

function textOf(status: Status): Buffer {
  return Buffer.from(`${JSON.stringify(status)}\n`);
}

function headersOf(status: Status, auditId: string): Record<string, string> {
  const seconds = status.details?.retryAfterSeconds;
  const retry = seconds === undefined ? {} : { "retry-after": String(seconds) };
  return { "content-type": "application/json", "audit-id": auditId, ...retry };
}
