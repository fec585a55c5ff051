import type { ApiRequest, ApiResponse, ApiTransport } from "../../apis/api-transport.ts";
import { StatusError } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import { Turns } from "../../base/turns.ts";

/** What questions are asked with. */
export interface ReviewDeskParts {
  readonly transport: ApiTransport;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** How long an answer may take. */
  readonly limitMs?: number | undefined;
}

/** The two questions of Kubernetes about callers, and where they are asked. */
const REVIEWS = {
  token: { group: "authentication.k8s.io", kind: "TokenReview" },
  access: { group: "authorization.k8s.io", kind: "SubjectAccessReview" },
} as const;

/** Milliseconds after which an answer is not waited for any more. */
const REVIEW_LIMIT_MS = 10_000;
/** Most questions under way at a time; who comes then waits. */
const MAX_REVIEWS = 64;
/** Most questions that wait or are under way; who comes then is told to come again. */
const MAX_CALLERS = 1024;
/** Most bytes of an answer. */
const MAX_REVIEW_BYTES = 1 << 20;

/** Asks a Kubernetes API who somebody is and what they may do. Rejects with a StatusError where there is no answer. */
export class ReviewDesk {
  readonly #parts: ReviewDeskParts;
  readonly #turns = new Turns(MAX_REVIEWS);
  #callers = 0;
  #isFailing = false;

  constructor(parts: ReviewDeskParts) {
    this.#parts = parts;
  }

  /** The `status` of the answer to a review with this `spec`. */
  async ask(review: keyof typeof REVIEWS, spec: object): Promise<Record<string, unknown>> {
    if (this.#callers >= MAX_CALLERS) throw tooMany();
    const signal = AbortSignal.timeout(this.#parts.limitMs ?? REVIEW_LIMIT_MS);
    this.#callers++;
    try {
      using _ = await this.#turns.next(signal).catch(() => {
        throw tooMany();
      });
      return await this.#review(review, spec, signal);
    } finally {
      this.#callers--;
    }
  }

  async #review(
    review: keyof typeof REVIEWS,
    spec: object,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const { group, kind } = REVIEWS[review];
    const request = {
      method: "POST",
      path: `/apis/${group}/v1/${kind.toLowerCase()}s`,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ apiVersion: `${group}/v1`, kind, spec }),
    };
    try {
      const status = await this.#answer(request, signal);
      this.#worked(review);
      return status;
    } catch (error) {
      throw this.#failed(review, error);
    }
  }

  async #answer(request: ApiRequest, signal: AbortSignal): Promise<Record<string, unknown>> {
    const { transport } = this.#parts;
    const response = await transport.request(request, signal).catch((error: unknown) => {
      // The API may have hung up an idle connection; a question changes nothing and can be asked again.
      if (errorCode(error) !== "API_UNREACHABLE" || signal.aborted) throw error;
      return transport.request(request, signal);
    });
    const text = await textOf(response);
    if (response.status !== 200 && response.status !== 201)
      throw new Error(`HTTP ${response.status}: ${messageIn(text)}`);
    const { status } = JSON.parse(text) as { status?: unknown };
    if (typeof status !== "object" || status === null) throw new Error("the answer has no status");
    return status as Record<string, unknown>;
  }

  #worked(review: string): void {
    this.#parts.metrics.count("ote_entry_reviews_total", { review, result: "answered" });
    if (this.#isFailing) this.#parts.log.info({}, "callers can be looked up again");
    this.#isFailing = false;
  }

  /** Said in the log once, not for each caller. */
  #failed(review: string, error: unknown): StatusError {
    const { log, metrics } = this.#parts;
    const text = errorText(error);
    metrics.count("ote_entry_reviews_total", { review, result: "failed" });
    if (!this.#isFailing)
      log.error({ review, code: errorCode(error), text }, "cannot look up who calls");
    this.#isFailing = true;
    const message =
      "Cannot ask the Kubernetes API who calls and what they may do; nobody is let in";
    return StatusError.of("ServiceUnavailable", message);
  }
}

function tooMany(): StatusError {
  const text = "too many callers are being looked up, please try again later";
  return StatusError.of("TooManyRequests", text, { retryAfterSeconds: 1 });
}

async function textOf({ body }: ApiResponse): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MAX_REVIEW_BYTES) throw new Error("the answer is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function messageIn(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message).slice(0, 500);
  } catch {
    return text.slice(0, 100);
  }
}
