import type { ApiRequest, ApiResponse, ApiTransport } from "../../apis/api-transport.ts";
import { LOCAL_ADMIN } from "../access/users.ts";
import type { ApiServer } from "../api-server.ts";
import type { User } from "../request/operation.ts";

const NOTHING = new Uint8Array();

/** The way to an ApiServer of this process: a call, as somebody who may do everything unless told otherwise. */
export class LocalTransport implements ApiTransport {
  readonly #server: ApiServer;
  readonly #user: User;

  constructor(server: ApiServer, user: User = LOCAL_ADMIN) {
    this.#server = server;
    this.#user = user;
  }

  async request(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    const { method, path, headers = {}, body = NOTHING } = request;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    return this.#server.handle({ method, path, headers, body: bytes, user: this.#user, signal });
  }

  /** Nothing to close: the server is somebody else's. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
