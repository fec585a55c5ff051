import type { ApiResponse } from "../pkg/apis/api-transport.ts";
import { statusOf } from "../pkg/kube/api-answer.ts";
import { MAX_RESULT_BODY, type ShimResult } from "../pkg/shim/shim.ts";

/**
 * The result that an answer of the API is; reads no more of it than a result can hold. A body that
 * breaks off is an error for a request that reads; for one that writes, its code has said it all.
 */
export async function resultOf(response: ApiResponse, reads: boolean): Promise<ShimResult> {
  const { text, complete, error } = await readText(response, MAX_RESULT_BODY);
  if (error !== undefined && reads) throw error;
  return resultWith(response, text, !complete);
}

/** The same for an answer that has been read already. */
export function resultWith(response: ApiResponse, text: string, truncated: boolean): ShimResult {
  const body = cut(text);
  const shortened = truncated || body.length < text.length ? { truncated: true } : {};
  const answer = { code: response.status, body, ...shortened };
  if (response.status >= 200 && response.status < 300) return { verdict: "done", ...answer };
  return { verdict: "failed", reason: reasonOf(response, text), ...answer };
}

/** The beginning of a body: `complete` unless there is more, which is left, or it broke off with `error`. */
export interface BodyText {
  readonly text: string;
  readonly complete: boolean;
  readonly error?: unknown;
}

/** Reads a body until it ends or is longer than `limit` characters. */
export async function readText(response: ApiResponse, limit: number): Promise<BodyText> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > limit) return { text: text.slice(0, limit + 1), complete: false };
    }
  } catch (error) {
    return { text, complete: false, error };
  }
  return { text: text + decoder.decode(), complete: true };
}

function cut(text: string): string {
  if (text.length <= MAX_RESULT_BODY) return text;
  // Half a character would not survive its way as UTF-8.
  const high = /[\uD800-\uDBFF]$/.test(text.slice(0, MAX_RESULT_BODY)) ? 1 : 0;
  return text.slice(0, MAX_RESULT_BODY - high);
}

function reasonOf(response: ApiResponse, text: string): string {
  const { reason } = statusOf(response, text);
  return typeof reason === "string" && /^[A-Za-z]{1,64}$/.test(reason)
    ? reason
    : "UnexpectedAnswer";
}
