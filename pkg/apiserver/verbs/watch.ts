import { StatusError } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Operation, Outcome } from "../request/operation.ts";
import { keptIn } from "../request/operation.ts";
import { isOn, numberOf } from "../request/query.ts";
import { badRequest, expired, qualified } from "../request/refusals.ts";
import type { StoredObject, StoreEvent } from "../store/store.ts";
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
    operation.metrics.count("ote_api_watches_dropped_total", { resource: operation.type.plural });
    operation.log.warn(
      { resource: qualified(operation.type), user: operation.user.name },
      "watch ended: it lags too far behind",
    );
    return errorLine(expired("too old resource version: the watch lags too far behind"));
  });
  const timeout = seconds(query) * 1000;
  const subscription = fill(queue, operation);
  const mark = () => {
    if (isOn(query, "allowWatchBookmarks"))
      queue.push(bookmarkLine(operation, false, operation.store.revision));
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
  const isNew = wantsInitial(query);
  const after = isNew ? store.revision : (numberOf(query, "resourceVersion") ?? 0);
  try {
    const subscription = store.watch(keptIn(type), after, {
      event: (event) => {
        try {
          const line = lines.live(event);
          if (line !== undefined) queue.push(line);
        } catch (error) {
          queue.fail(errorLine(fatal(error)));
        }
      },
      end: () => queue.end(),
    });
    const present = isNew ? store.list(keptIn(type)) : [];
    const past = pastLines(operation, lines, present, subscription.past);
    queue.begin(
      failing(past, (error) => queue.fail(lastLine(error))),
      lines.areTables,
    );
    return subscription;
  } catch (error) {
    queue.fail(lastLine(error));
    return undefined;
  }
}

/** The lines of what is there when the watch begins, and of what happened before; undefined for what it does not see. */
function pastLines(
  operation: Operation,
  lines: WatchLines,
  present: readonly StoredObject[],
  past: Iterable<StoreEvent>,
): Iterable<Uint8Array | undefined> {
  const { store, query } = operation;
  const mark = isOn(query, "sendInitialEvents")
    ? [bookmarkLine(operation, true, store.revision)]
    : [];
  return (function* () {
    for (const stored of present) yield lines.initial(stored);
    yield* mark;
    for (const event of past) yield lines.replayed(event);
  })();
}

/** The same lines; what goes wrong while they are made ends them, and is told to `fail`. */
function* failing(
  lines: Iterable<Uint8Array | undefined>,
  fail: (error: unknown) => void,
): Generator<Uint8Array | undefined> {
  try {
    yield* lines;
  } catch (error) {
    fail(error);
  }
}

function lastLine(error: unknown): Uint8Array {
  const isGone = errorCode(error) === "REVISION_GONE";
  return errorLine(isGone ? expired(errorText(error)) : fatal(error));
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
