import type { ApiRequest } from "../pkg/apis/api-transport.ts";
import type { ShimTask } from "../pkg/shim/shim.ts";
import { isStreaming } from "./api-path.ts";
import { type ApiUrl, parseApiUrl } from "./api-url.ts";
import { APPLY_PATCH, type TaskBody, taskBody } from "./task-body.ts";
import { TaskRefusedError } from "./task-refused.ts";

/** Owner of applied fields where the task names none. */
const FIELD_MANAGER = "ote";
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** A task as the one request that fulfils it. */
export interface ApiTask {
  readonly request: ApiRequest;
  readonly url: ApiUrl;
  readonly body: TaskBody | undefined;
}

/** Reads a task for destination "api"; throws TaskRefusedError for one that could never succeed. */
export function readApiTask(task: ShimTask): ApiTask {
  const method = task.method.trim().toUpperCase();
  if (!METHODS.includes(method)) {
    const known = METHODS.join(", ");
    throw new TaskRefusedError(
      "MethodNotAllowed",
      `Cannot use method ${JSON.stringify(task.method)}: it must be one of ${known}`,
    );
  }
  const url = parseApiUrl(task.url.trim());
  if (isStreaming(url)) {
    throw new TaskRefusedError(
      "StreamingNotAllowed",
      `Cannot use url ${JSON.stringify(task.url)}: a task has one answer, and this is a stream`,
    );
  }
  const body = taskBody(method, task);
  return { request: requestOf(method, url, body), url, body };
}

function requestOf(method: string, url: ApiUrl, body: TaskBody | undefined): ApiRequest {
  // The second type is for answers that have no JSON form: logs, metrics, health.
  const accept = { accept: "application/json, */*" };
  const path = url.path + queryOf(url, body);
  if (body === undefined) return { method, path, headers: accept };
  const headers = { ...accept, "content-type": body.mediaType };
  return { method, path, headers, body: body.text };
}

function queryOf({ query, parameters }: ApiUrl, body: TaskBody | undefined): string {
  const named = parameters.some(([name, value]) => name === "fieldManager" && value !== "");
  if (body?.mediaType !== APPLY_PATCH || named) return query;
  return `${query === "" ? "?" : `${query}&`}fieldManager=${FIELD_MANAGER}`;
}
