import type { ApiRequest, ApiResponse, ApiTransport } from "../apis/api-transport.ts";
import { OteError } from "../base/errors.ts";

/** Something was to be written that only the leader may write. */
export class NotLeaderError extends OteError {
  readonly code = "NOT_LEADER";
  constructor(what: string) {
    super(`Cannot ${what} as only the leader may: this root does not lead now`);
  }
}

const READING = /^(GET|HEAD)$/;

/** A way to an API on which only reading is possible while `open` is false. Closing it does not close the other one. */
export class FencedTransport implements ApiTransport {
  readonly #transport: ApiTransport;
  readonly #open: () => boolean;

  constructor(transport: ApiTransport, open: () => boolean) {
    this.#transport = transport;
    this.#open = open;
  }

  async request(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    if (!READING.test(request.method) && !this.#open())
      throw new NotLeaderError(`${request.method} ${request.path}`);
    return this.#transport.request(request, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
