import type { ApiResponse } from "../../apis/api-transport.ts";
import type { Status } from "../../apis/status.ts";

/** `response` with what the caller should know as Warning headers. */
export function withWarnings(response: ApiResponse, warnings: ReadonlySet<string>): ApiResponse {
  if (warnings.size === 0) return response;
  const texts = [...warnings].map((text) => `299 - ${JSON.stringify(text.slice(0, 1000))}`);
  // A header has only printable ASCII.
  const warning = texts.join(", ").replace(/[^\x20-\x7e]/g, "?");
  return { ...response, headers: { ...response.headers, warning } };
}

/** An answer that is JSON text. */
export function jsonAnswer(status: number, text: string): ApiResponse {
  const headers = { "content-type": "application/json" };
  return { status, headers, body: once(Buffer.from(`${text}\n`)) };
}

/** A Status as an answer. */
export function statusAnswer(status: Status): ApiResponse {
  const answer = jsonAnswer(status.code, JSON.stringify(status));
  const seconds = status.details?.retryAfterSeconds;
  if (seconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": String(seconds) } };
}

/** The answer where nothing at all is served. */
export function notFoundPage(): ApiResponse {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return { status: 404, headers, body: once(Buffer.from("404 page not found\n")) };
}

/** One piece as a stream. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
