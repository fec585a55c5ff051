import type { ApiRequest, ApiResponse, ApiTransport } from "../../apis/api-transport.ts";
import type { ApiServer } from "../api-server.ts";
import { LOCAL_ADMIN } from "./authorize.ts";

const NOTHING = new Uint8Array();

/** The way to an ApiServer of this process: a call, as somebody who may do everything. */
export class LocalTransport implements ApiTransport {
  readonly #server: ApiServer;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  async request(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    const { method, path, headers = {}, body = NOTHING } = request;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    return this.#server.handle({ method, path, headers, body: bytes, user: LOCAL_ADMIN, signal });
  }

  /** Nothing to close: the server is somebody else's. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
