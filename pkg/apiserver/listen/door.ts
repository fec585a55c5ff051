import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";

/** One part of what a listener serves; the first door that serves a URL gets the request. */
export interface Door {
  /** Whether requests with this URL (path and query) are for it. */
  serves(url: string): boolean;
  /**
   * Answers a request of HTTP/1.1 or 2. Never rejects. Resolves when the answer is out or given up: the listener
   * waits for it a moment before it closes. `closing` aborts when it is about to.
   */
  serve(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    closing: AbortSignal,
  ): Promise<void>;
  /** Answers a request for another protocol; a door without this is asked for none. */
  upgrade?(request: IncomingMessage, socket: Socket, head: Buffer): void;
}
