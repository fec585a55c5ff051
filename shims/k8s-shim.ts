import {
  type ApiResponse,
  type ApiTransport,
  ApiUnreachableError,
} from "../pkg/apis/api-transport.ts";
import { attempts } from "../pkg/base/backoff.ts";
import { errorCode, errorText } from "../pkg/base/errors.ts";
import type { RecoveringShim, ShimResult, ShimTask } from "../pkg/shim/shim.ts";
import { resultOf } from "./api-result.ts";
import { type ApiTask, readApiTask } from "./api-task.ts";
import { recoverApiTask, unknownOutcome } from "./recover-api-task.ts";
import { TaskRefusedError } from "./task-refused.ts";

/** How often and how long apart a request is tried that has certainly not been executed. */
export interface ShimRetry {
  readonly tries?: number;
  readonly first?: number;
  readonly longest?: number;
}

/** One Kubernetes cluster, through its API: a task for destination "api" is one request to it. */
export class K8sShim implements RecoveringShim {
  readonly destinations = ["api"];
  readonly #transport: ApiTransport;
  readonly #tries: number;
  readonly #delays: { readonly first: number; readonly longest: number };

  constructor(
    transport: ApiTransport,
    { tries = 4, first = 500, longest = 10_000 }: ShimRetry = {},
  ) {
    this.#transport = transport;
    this.#tries = tries;
    this.#delays = { first, longest };
  }

  async run(task: ShimTask, signal: AbortSignal): Promise<ShimResult> {
    let writes = false;
    try {
      const read = this.#read(task);
      signal.throwIfAborted();
      writes = !/^(GET|HEAD)$/.test(read.request.method);
      return await resultOf(await this.#ask(read, signal), !writes);
    } catch (error) {
      return failure(error, signal, writes);
    }
  }

  async recover(task: ShimTask, startedAt: Date, signal: AbortSignal): Promise<ShimResult | "run"> {
    try {
      const recovery = { transport: this.#transport, startedAt, retry: this.#delays };
      return await recoverApiTask(this.#read(task), recovery, signal);
    } catch (error) {
      // It was refused the first time, too.
      return error instanceof TaskRefusedError ? "run" : unknownOutcome(errorText(error));
    }
  }

  #read(task: ShimTask): ApiTask {
    if (this.destinations.includes(task.destination)) return readApiTask(task);
    const known = this.destinations.map((name) => `"${name}"`).join(", ");
    throw new TaskRefusedError(
      "UnknownDestination",
      `Cannot serve destination ${JSON.stringify(task.destination)}: this cluster has ${known}`,
    );
  }

  /** Repeats only what has certainly not been executed: nobody listened, or it was turned away as too much. */
  async #ask({ request }: ApiTask, signal: AbortSignal): Promise<ApiResponse> {
    let tried = 0;
    for await (const _ of attempts(signal, this.#delays)) {
      const last = ++tried === this.#tries;
      try {
        const response = await this.#transport.request(request, signal);
        if (response.status !== 429 || last) return response;
        await response.body[Symbol.asyncIterator]().return?.();
      } catch (error) {
        if (last || !neverSent(error)) throw error;
      }
    }
    throw signal.reason;
  }
}

function neverSent(error: unknown): boolean {
  return error instanceof ApiUnreachableError && errorCode(error.cause) === "ECONNREFUSED";
}

function failure(error: unknown, signal: AbortSignal, writes: boolean): ShimResult {
  if (error instanceof TaskRefusedError)
    return { verdict: "refused", reason: error.reason, body: error.message };
  const doubt = writes && !neverSent(error) ? "; the request may have been executed" : "";
  if (signal.aborted) {
    const body = `Cannot wait for the answer any longer: the deadline has passed${doubt}`;
    return { verdict: "failed", code: 504, reason: "DeadlineExceeded", body };
  }
  const body = `${errorText(error)}${doubt}`;
  return errorCode(error) === "API_UNREACHABLE"
    ? { verdict: "failed", code: 503, reason: "ApiUnreachable", body }
    : { verdict: "failed", code: 500, reason: "ShimFailed", body };
}
