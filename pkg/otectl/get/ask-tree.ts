import { setTimeout as sleep } from "node:timers/promises";
import type { ApiTransport } from "../../apis/api-transport.ts";
import { QUERY_STREAM_TYPE, type QueryEvent } from "../../apis/cluster-query.ts";
import { isStatus } from "../../apis/status.ts";
import { jsonLines } from "../../base/json-lines.ts";
import { throwRefusal } from "../../kube/api-answer.ts";

/** A line holds what came of a cluster at a time, one large object at most. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** How often a question is asked again that comes at a bad time, and after how long if that is not said. */
const MAX_RETRIES = 30;
const RETRY_MS = 1000;

/**
 * Asks the tree behind `transport`; rejects with a StatusError when it does not take the question. When it has too many at
 * the moment, it is asked again when it says.
 */
export async function askTree(
  transport: ApiTransport,
  path: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<QueryEvent, void>> {
  for (let retries = 0; ; retries++) {
    try {
      return await askOnce(transport, path, signal);
    } catch (error) {
      if (!isStatus(error, "TooManyRequests") || retries === MAX_RETRIES) throw error;
      const { retryAfterSeconds } = error.status.details ?? {};
      const ms = retryAfterSeconds === undefined ? RETRY_MS : retryAfterSeconds * 1000;
      await sleep(ms, undefined, { signal });
    }
  }
}

async function askOnce(
  transport: ApiTransport,
  path: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<QueryEvent, void>> {
  const headers = { accept: QUERY_STREAM_TYPE };
  const response = await transport.request({ method: "GET", path, headers }, signal);
  await throwRefusal(response);
  return jsonLines(response.body, MAX_LINE_BYTES) as AsyncGenerator<QueryEvent, void>;
}
