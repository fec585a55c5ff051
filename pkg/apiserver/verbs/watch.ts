import { StatusError } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Operation, Outcome } from "../request/operation.ts";
import { isOn, numberOf } from "../request/query.ts";
import { badRequest, expired, qualified } from "../request/refusals.ts";
import { bookmarkLine, errorLine, WatchLines } from "./watch-lines.ts";
import { DEFAULT_WATCH_LIMITS, WatchQueue } from "./watch-queue.ts";

const BOOKMARK_MS = 60_000;
/** A watch without timeoutSeconds ends after half an hour to an hour, so that not all return at once. */
const USUAL_SECONDS = 1800;
const LONGEST_SECONDS = 24 * 3600;

/** GET with watch=true: the changes of a collection as a stream of JSON lines. */
export function watch(operation: Operation): Outcome {
  const { query, signal } = operation;
  const queue = new WatchQueue(DEFAULT_WATCH_LIMITS, () => {
    operation.log.warn(
      { resource: qualified(operation.type), user: operation.user.name },
      "watch ended: it lags too far behind",
    );
    return errorLine(expired("too old resource version: the watch lags too far behind"));
  });
  const timeout = seconds(query) * 1000;
  const subscription = fill(queue, operation);
  const mark = () => {
    if (isOn(query, "allowWatchBookmarks")) queue.push(bookmarkLine(operation, false));
  };
  // All of this is set up now and not when the body is first read: a caller may go before that.
  const marking = setInterval(mark, BOOKMARK_MS);
  const ending = setTimeout(() => {
    mark();
    stop();
  }, timeout);
  const stop = () => {
    clearInterval(marking);
    clearTimeout(ending);
    signal.removeEventListener("abort", stop);
    subscription?.[Symbol.dispose]();
    queue.end();
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  const headers = { "content-type": "application/json" };
  return { kind: "response", response: { status: 200, headers, body: deliver(queue, stop) } };
}

/** Queues what is there, then what happens, as the request wants it. */
function fill(queue: WatchQueue, operation: Operation): Disposable | undefined {
  const { store, type, query } = operation;
  const lines = new WatchLines(operation);
  const push = (line: Uint8Array | (() => Uint8Array) | undefined) => {
    if (line !== undefined) queue.push(line);
  };
  const isNew = wantsInitial(query);
  if (isNew) for (const stored of store.list(qualified(type))) push(lines.initial(stored));
  if (isOn(query, "sendInitialEvents")) push(() => bookmarkLine(operation, true));
  const after = isNew ? store.revision : (numberOf(query, "resourceVersion") ?? 0);
  try {
    let isPast = true;
    const subscription = store.watch(qualified(type), after, {
      event: (event) => {
        try {
          push(isPast ? lines.replayed(event) : lines.live(event));
        } catch (error) {
          push(errorLine(fatal(error)));
          queue.end();
        }
      },
      end: () => queue.end(),
    });
    isPast = false;
    return subscription;
  } catch (error) {
    push(
      errorLine(errorCode(error) === "REVISION_GONE" ? expired(errorText(error)) : fatal(error)),
    );
    queue.end();
    return undefined;
  }
}

/** A watch that names no revision, or revision 0, begins with what is there. */
function wantsInitial(query: URLSearchParams): boolean {
  const revision = numberOf(query, "resourceVersion") ?? 0;
  if (query.get("sendInitialEvents") === null) return revision === 0;
  if (query.get("resourceVersionMatch") !== "NotOlderThan")
    throw badRequest(
      "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    );
  return isOn(query, "sendInitialEvents");
}

async function* deliver(queue: WatchQueue, stop: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* queue;
  } finally {
    stop();
  }
}

function seconds(query: URLSearchParams): number {
  const wanted = numberOf(query, "timeoutSeconds") ?? 0;
  return wanted === 0 ? USUAL_SECONDS * (1 + Math.random()) : Math.min(wanted, LONGEST_SECONDS);
}

function fatal(error: unknown): StatusError {
  return StatusError.of("InternalError", errorText(error));
}
