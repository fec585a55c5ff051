import { decodeTaskBody, encodeTaskBody } from "../wire/codec.ts";
import type { Result, Task } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import type { ShimResult, ShimTask } from "./shim.ts";

/** What a task message asks of a shim. Throws a ProtocolError if its body is damaged. */
export function shimTaskOf(task: Task): ShimTask {
  const { destination, method, url, body, contentType } = decodeTaskBody(task.body);
  return {
    id: task.id,
    destination,
    method,
    url,
    body,
    ...(contentType === "" ? {} : { contentType }),
  };
}

/** A shim's task as the inside of a message. */
export function taskBodyOf({
  destination,
  method,
  url,
  body,
  contentType = "",
}: ShimTask): Uint8Array {
  return encodeTaskBody({ destination, method, url, body, contentType });
}

/** A shim's result as the message that travels up. */
export function resultMessage(
  task: Pick<Task, "id" | "origin">,
  cluster: ClusterName,
  { verdict, code = 0, reason = "", body, truncated = false }: ShimResult,
  timestamp: number,
): Result {
  return {
    kind: "result",
    id: task.id,
    origin: task.origin,
    cluster,
    verdict,
    code,
    reason,
    truncated,
    timestamp,
    body: new TextEncoder().encode(body),
  };
}

/** A result message as a shim's result. */
export function shimResultOf(result: Result): ShimResult {
  const { verdict, code, reason, truncated } = result;
  return {
    verdict: verdict === "expired" ? "failed" : verdict,
    ...(code === 0 ? {} : { code }),
    ...(reason === "" ? {} : { reason }),
    ...(truncated ? { truncated } : {}),
    body: new TextDecoder().decode(result.body),
  };
}
