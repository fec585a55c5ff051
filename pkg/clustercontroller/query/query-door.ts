import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { QUERY_STREAM_TYPE, type QueryEvent } from "../../apis/cluster-query.ts";
import { StatusError } from "../../apis/status.ts";
import { AUTHENTICATED } from "../../apiserver/access/users.ts";
import type { Door } from "../../apiserver/listen/door.ts";
import { cut, isGone, sendStatus } from "../../apiserver/listen/door-answers.ts";
import { Visit, type VisitParts } from "../../apiserver/listen/visit.ts";
import type { User } from "../../apiserver/request/operation.ts";
import { methodNotAllowed } from "../../apiserver/request/refusals.ts";
import type { QueryCaller } from "./choose-clusters.ts";
import type { ClusterQueries } from "./cluster-queries.ts";
import { formOf, isQueryUrl, parseQuery, type QueryForm } from "./query-request.ts";
import { tableText } from "./query-table.ts";

/** What a door to the queries of a tier works with. */
export interface QueryDoorParts extends VisitParts {
  /** Undefined while the controller is starting, or does not lead. */
  readonly queries: () => ClusterQueries | undefined;
  /** How long a reader may take nothing; half a minute if absent. */
  readonly stallMs?: number | undefined;
}

/** How long a reader may take nothing: places among the asked clusters are not for those who stand still. */
const STALL_MS = 30_000;
/** Characters that are gathered before they are written. */
const WRITE_CHARS = 16 * 1024;
/** What the audit says of who left before the answer was complete. */
const CLIENT_GONE = 499;

/** What a Table may list of clusters is decided as for `kubectl get clusters`. */
const LIST_CLUSTERS = {
  kind: "resource",
  verb: "list",
  group: "ote.baidu.com",
  version: "v1",
  namespace: "kube-system",
  resource: "clusters",
  subresource: "",
  name: "",
} as const;

/** Answers GET /api/v1/query: one question to many clusters. */
export class QueryDoor implements Door {
  readonly #parts: QueryDoorParts;

  constructor(parts: QueryDoorParts) {
    this.#parts = parts;
  }

  serves(url: string): boolean {
    return isQueryUrl(url);
  }

  async serve(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    closing: AbortSignal,
  ): Promise<void> {
    request.on("error", () => {});
    response.on("error", () => {});
    request.resume();
    const visit = new Visit(request, this.#parts);
    const gone = new AbortController();
    const leave = () => gone.abort();
    response.once("close", leave);
    closing.addEventListener("abort", leave, { once: true });
    try {
      await this.#answer(request, response, visit, gone.signal);
      visit.ended(200);
    } catch (error) {
      if (gone.signal.aborted) {
        visit.ended(CLIENT_GONE);
        cut(response);
        return;
      }
      const status = visit.refusal(error);
      visit.ended(status.code);
      if (status.code === 405) response.setHeader("allow", "GET");
      sendStatus(response, status, visit.auditId);
    } finally {
      closing.removeEventListener("abort", leave);
      gone.abort();
    }
  }

  async #answer(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    visit: Visit,
    gone: AbortSignal,
  ): Promise<void> {
    const user = await visit.identify();
    if (request.method !== "GET") throw methodNotAllowed();
    const form = formOf(request.headers.accept);
    const query = parseQuery(request.url, form);
    const queries = this.#parts.queries();
    if (queries === undefined)
      throw StatusError.of("ServiceUnavailable", "the controller is starting, or does not lead");
    const events = queries.ask(query, this.#caller(user, visit), gone);
    const text = form === "table" ? tableText(events) : lines(events);
    // What can be refused at all is refused before the first piece.
    const first = await text.next();
    try {
      response.writeHead(200, headersOf(form, visit.auditId));
      const writer = new PatientWriter(response, gone, this.#parts.stallMs ?? STALL_MS);
      await writer.write(String(first.value ?? ""), form === "stream");
      for await (const piece of text) await writer.write(piece, form === "stream");
      await writer.end();
    } finally {
      await text.return();
    }
  }

  #caller(user: User, visit: Visit): QueryCaller {
    const { judge } = this.#parts;
    const groups = user.groups.filter((group) => group !== AUTHENTICATED);
    return {
      user: { name: user.name, groups },
      mayReach: (cluster) => visit.allows(cluster ?? ""),
      mayList: async () => (await judge.decide(user, LIST_CLUSTERS)).allowed,
    };
  }
}

/** Writes as fast as the reader reads, and cuts off one that stands still. */
class PatientWriter {
  readonly #response: Http2ServerResponse;
  readonly #gone: AbortSignal;
  readonly #stallMs: number;
  #waiting = "";

  constructor(response: Http2ServerResponse, gone: AbortSignal, stallMs: number) {
    this.#response = response;
    this.#gone = gone;
    this.#stallMs = stallMs;
  }

  /** `now`: somebody waits for just this. */
  async write(text: string, now: boolean): Promise<void> {
    this.#gone.throwIfAborted();
    this.#waiting += text;
    if (!now && this.#waiting.length < WRITE_CHARS) return;
    await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    if (!isGone(this.#response)) this.#response.end();
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = "";
    if (text === "" || this.#response.write(text)) return;
    await this.#drained();
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#response.removeListener("drain", drained);
        this.#gone.removeEventListener("abort", leave);
      };
      const drained = () => {
        stop();
        resolve();
      };
      const leave = () => {
        stop();
        reject(this.#gone.reason);
      };
      const timer = setTimeout(() => cut(this.#response), this.#stallMs);
      this.#response.once("drain", drained);
      this.#gone.addEventListener("abort", leave, { once: true });
    });
  }
}

async function* lines(events: AsyncIterable<QueryEvent>): AsyncGenerator<string, void> {
  for await (const event of events) yield `${JSON.stringify(event)}\n`;
}

function headersOf(form: QueryForm, auditId: string): Record<string, string> {
  const type = form === "stream" ? QUERY_STREAM_TYPE : "application/json";
  return { "content-type": type, "cache-control": "no-store", "audit-id": auditId };
}
