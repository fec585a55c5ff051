import { OteError } from "../base/errors.ts";

/** One HTTP request to a Kubernetes API. */
export interface ApiRequest {
  /** Upper case: GET, POST, PUT, PATCH, DELETE. */
  readonly method: string;
  /** Absolute path with its query, already escaped, for example "/api/v1/pods?limit=500". */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

/** The answer; `body` streams and must be read to its end, or its iterator returned, to free the connection. */
export interface ApiResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The way to one Kubernetes API, whatever it is: over HTTPS as a kubeconfig says, or a call into the
 * embedded API of this process. Identity is the transport's. Rejects with `API_UNREACHABLE` when there
 * is no answer at all, and with the signal's reason when `signal` aborts; every HTTP code is an answer.
 */
export interface ApiTransport extends AsyncDisposable {
  request(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
}

/** There was no answer at all: refused, reset, no name, no certificate that holds, or too late. */
export class ApiUnreachableError extends OteError {
  readonly code = "API_UNREACHABLE";
  constructor(where: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot reach the Kubernetes API at "${where}": ${why}`, { cause });
  }
}
