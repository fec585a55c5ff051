import { type ApiResponse, ApiUnreachableError } from "../apis/api-transport.ts";
import { type Status, StatusError, type StatusReason } from "../apis/status.ts";

/** Largest answer that is read into memory at once: a page of 500 objects has room in it. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_TEXT = 300;

const REASONS: Readonly<Record<number, StatusReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** The reason that Kubernetes gives with an HTTP code, where there is one. */
export function reasonOfCode(code: number): StatusReason | undefined {
  return REASONS[code];
}

/** The object that the API answered with; a refusal is thrown as a StatusError. */
export async function readObject(response: ApiResponse, path: string): Promise<unknown> {
  await throwRefusal(response);
  const bytes = await readBytes(response, MAX_ANSWER_BYTES);
  if (bytes === undefined)
    throw new ApiUnreachableError(path, `its answer is larger than ${MAX_ANSWER_BYTES} bytes`);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new ApiUnreachableError(path, error);
  }
}

/** Throws what the API refused with, if it did; the body of a success is left unread. */
export async function throwRefusal(response: ApiResponse): Promise<void> {
  if (response.status >= 200 && response.status < 300) return;
  const bytes = await readBytes(response, MAX_ERROR_BYTES);
  throw new StatusError(statusOf(response, bytes?.toString("utf8") ?? ""));
}

/** Reads a body that is of no interest to its end, so that its connection can be used again. */
export async function discard(response: ApiResponse): Promise<void> {
  await readBytes(response, MAX_ERROR_BYTES);
}

/** The Status in a refusal's body, or one made from its code: proxies in between answer with plain text. */
export function statusOf({ status: code, headers }: ApiResponse, text: string): Status {
  const found = statusIn(text);
  const seconds = Number(headers["retry-after"]);
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
  const details = { ...retryAfter, ...found?.details };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `HTTP ${code}${text === "" ? "" : `: ${text.slice(0, MAX_ERROR_TEXT).trim()}`}`,
    reason: reasonOfCode(code),
    ...found,
    ...(Object.keys(details).length > 0 ? { details } : {}),
    code,
  };
}

function statusIn(text: string): Status | undefined {
  try {
    const body = JSON.parse(text) as Status | null;
    return body?.kind === "Status" ? body : undefined;
  } catch {
    return undefined;
  }
}

/** The whole body, or undefined (and the connection dropped) when it is longer than `limit`. */
async function readBytes({ body }: ApiResponse, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
