import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { ApiResponse } from "../../apis/api-transport.ts";
import type { Logger } from "../../base/log.ts";
import type { Authenticator } from "../access/authenticator.ts";
import type { ApiServer } from "../api-server.ts";
import { MAX_BODY_BYTES } from "../request/request-body.ts";
import { impersonationOf, userOf } from "./caller.ts";
import type { Door } from "./door.ts";

/** What an API is served with. */
export interface ApiDoorParts {
  readonly api: ApiServer;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  /** How long somebody may take to send a body; a minute if absent. */
  readonly bodyMs?: number | undefined;
}

const BODY_MS = 60_000;
const NOTHING = new Uint8Array();

/** Serves an ApiServer: whatever no other door serves. */
export class ApiDoor implements Door {
  readonly #parts: ApiDoorParts;

  constructor(parts: ApiDoorParts) {
    this.#parts = parts;
  }

  serves(): boolean {
    return true;
  }

  async serve(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    closing: AbortSignal,
  ): Promise<void> {
    const { api, authenticator, log, bodyMs = BODY_MS } = this.#parts;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    request.on("error", () => gone.abort());
    response.on("error", () => gone.abort());
    try {
      const { authorization } = request.headers;
      const user = authenticator.userOf({ certificate: userOf(request), authorization });
      // Of somebody we do not know nothing is read that could be long.
      const body = user === undefined ? NOTHING : await readBody(request, bodyMs);
      const answer = await api.handle({
        method: request.method,
        path: request.url,
        headers: request.headers as Readonly<Record<string, string | undefined>>,
        body,
        user,
        impersonation: impersonationOf(request),
        address: request.socket.remoteAddress,
        signal: AbortSignal.any([gone.signal, closing]),
      });
      await send(response, answer, gone.signal);
    } catch (err) {
      if (!gone.signal.aborted) log.debug({ err }, "connection failed");
      response.stream?.destroy();
      request.socket.destroy();
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
