import type { ApiTransport } from "../../apis/api-transport.ts";
import { QUERY_STREAM_TYPE, type QueryEvent } from "../../apis/cluster-query.ts";
import { jsonLines } from "../../base/json-lines.ts";
import { throwRefusal } from "../../kube/api-answer.ts";

/** A line holds what came of a cluster at a time, one large object at most. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** Asks the tree behind `transport`; rejects with a StatusError when it does not take the question. */
export async function askTree(
  transport: ApiTransport,
  path: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<QueryEvent, void>> {
  const headers = { accept: QUERY_STREAM_TYPE };
  const response = await transport.request({ method: "GET", path, headers }, signal);
  await throwRefusal(response);
  return jsonLines(response.body, MAX_LINE_BYTES) as AsyncGenerator<QueryEvent, void>;
}
