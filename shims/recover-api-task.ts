import type { ApiResponse, ApiTransport } from "../pkg/apis/api-transport.ts";
import { attempts } from "../pkg/base/backoff.ts";
import { errorCode } from "../pkg/base/errors.ts";
import type { ShimResult } from "../pkg/shim/shim.ts";
import { apiPathOf } from "./api-path.ts";
import { readText, resultWith } from "./api-result.ts";
import type { ApiTask } from "./api-task.ts";

/** Kubernetes keeps whole seconds, and two clocks never agree. */
const CLOCK_TOLERANCE_MS = 2_000;
/** Beyond what etcd takes: an object of any size is read whole. */
const MAX_OBJECT = 8 * 1024 * 1024;

/** How the API is asked again while it is away. */
export interface Recovery {
  readonly transport: ApiTransport;
  readonly startedAt: Date;
  readonly retry: { readonly first?: number; readonly longest?: number };
}

/** An answer of the API that has been read. */
interface Found {
  readonly response: ApiResponse;
  readonly text: string;
}

/** What became of a request that was cut off, as far as the API can show it; see RecoveringShim. */
export async function recoverApiTask(
  task: ApiTask,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<ShimResult | "run"> {
  switch (task.request.method) {
    case "GET":
    case "HEAD":
      return "run";
    case "POST":
      return recoverCreate(task, recovery, signal);
    case "DELETE":
      return recoverDelete(task, recovery, signal);
    default:
      return unknownOutcome("a second time could undo what others have changed since");
  }
}

async function recoverCreate(
  { url, body }: ApiTask,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<ShimResult | "run"> {
  const place = apiPathOf(url);
  const name = (body?.value as { metadata?: { name?: unknown } } | undefined)?.metadata?.name;
  if (place === undefined || place.name !== undefined || typeof name !== "string" || name === "")
    return unknownOutcome("it creates no object that could be looked for by its name");
  const path = `${url.path.replace(/\/$/, "")}/${encodeURIComponent(name)}`;
  const found = await look(path, recovery, signal);
  if (found === undefined) return unknownOutcome("the API cannot be reached");
  if (found.response.status === 404) return "run";
  if (found.response.status !== 200)
    return unknownOutcome(`the API answers ${found.response.status} to a look at the object`);
  const created = createdAt(found.text);
  if (created === undefined) return unknownOutcome("the object does not say when it was created");
  // An older one has the name: creating is certain to be refused, by the same answer as before.
  if (created < recovery.startedAt.getTime() - CLOCK_TOLERANCE_MS) return "run";
  return resultWith({ ...found.response, status: 201 }, found.text, false);
}

async function recoverDelete(
  { url }: ApiTask,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<ShimResult | "run"> {
  const place = apiPathOf(url);
  if (place?.name === undefined || place.subresource !== undefined)
    return unknownOutcome("it deletes a collection, which may have got new objects since");
  const found = await look(url.path, recovery, signal);
  if (found === undefined) return unknownOutcome("the API cannot be reached");
  if (found.response.status === 404)
    return { verdict: "done", code: 200, body: "The object is not there any more" };
  if (found.response.status !== 200)
    return unknownOutcome(`the API answers ${found.response.status} to a look at the object`);
  const created = createdAt(found.text);
  if (created !== undefined && created > recovery.startedAt.getTime() + CLOCK_TOLERANCE_MS)
    return unknownOutcome("the object of that name is a newer one");
  return "run";
}

/** Asks until the API gives an answer that means something; undefined once `signal` aborts. */
async function look(
  path: string,
  { transport, retry }: Recovery,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const request = { method: "GET", path, headers: { accept: "application/json" } };
  try {
    for await (const _ of attempts(signal, retry)) {
      const found = await ask();
      if (found !== undefined) return found;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;

  async function ask(): Promise<Found | undefined> {
    try {
      const response = await transport.request(request, signal);
      const { text, complete } = await readText(response, MAX_OBJECT);
      const busy = response.status === 429 || response.status >= 500;
      return busy || !complete ? undefined : { response, text };
    } catch (error) {
      if (errorCode(error) === "API_UNREACHABLE") return undefined;
      throw error;
    }
  }
}

function createdAt(text: string): number | undefined {
  try {
    const object = JSON.parse(text) as { metadata?: { creationTimestamp?: string } };
    const time = Date.parse(object.metadata?.creationTimestamp ?? "");
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}

/** The result of a task of which nobody can say any more whether it was executed. */
export function unknownOutcome(why: string): ShimResult {
  return {
    verdict: "failed",
    code: 500,
    reason: "OutcomeUnknown",
    body: `Cannot tell what became of the task: it was interrupted and may have been executed, and ${why}`,
  };
}
