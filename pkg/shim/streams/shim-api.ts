import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ApiTransport } from "../../apis/api-transport.ts";
import { type ApiProxy, type ProxyAnswer, passedOn } from "../../apis/cluster-proxy.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import type { Metrics } from "../../base/metrics.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import { PROXY, REPORTS } from "../capabilities.ts";
import { decodeRequest, encodeAnswer, type ShimRequest } from "./heads.ts";
import type { LinkStream } from "./link-stream.ts";

/** What a shim opens of its cluster's API to its controller; what is absent it does not offer. */
export interface ShimApiParts {
  /** Makes requests of users, as those users. */
  readonly proxy?: ApiProxy | undefined;
  /** Makes the controller's own requests, as the shim. */
  readonly own?: ApiTransport | undefined;
}

/** Most bytes of the body of a request that the controller makes itself; it is held as a whole. */
const MAX_OWN_BODY = 4 * 1024 * 1024;
/** Longest path in the log. */
const MAX_LOGGED_PATH = 512;

/** The API of a cluster, as a shim offers it to its controller: requests come in as streams. */
export class ShimApi {
  readonly #parts: ShimApiParts;
  readonly #log: Logger;
  readonly #refusals: Logger;

  constructor(parts: ShimApiParts, log: Logger, metrics: Metrics) {
    this.#parts = parts;
    this.#log = log;
    this.#refusals = new LogLimit(log, metrics).of("controller");
  }

  /** The words for the welcome. */
  get capabilities(): string[] {
    const { proxy, own } = this.#parts;
    return [...(proxy === undefined ? [] : [PROXY]), ...(own === undefined ? [] : [REPORTS])];
  }

  /** Makes the request with which a stream begins, and logs one line of it. */
  accept(head: Uint8Array, stream: LinkStream): void {
    let request: ShimRequest;
    try {
      request = decodeRequest(head);
    } catch (error) {
      this.#refusals.warn({ code: errorCode(error), text: errorText(error) }, "request refused");
      stream.destroy(error instanceof Error ? error : undefined);
      return;
    }
    const answer = this.#telling(request, stream);
    const { user, ...rest } = request;
    const { proxy, own } = this.#parts;
    if (user === undefined && own !== undefined) void serveOwn(own, rest, stream, answer);
    else if (user !== undefined && proxy !== undefined)
      proxy.serve({ ...rest, user }, stream, answer);
    else {
      const text = `This shim takes no requests ${user === undefined ? "of its controller" : "of users"}`;
      stream.destroy(new StreamEndedError("NO_API", text));
    }
  }

  /** Passes the head of the answer on. The log tells it, or why there was none. */
  #telling(request: ShimRequest, stream: LinkStream): (head: ProxyAnswer) => void {
    const { method, user } = request;
    const path = (request.path.split("?")[0] ?? "").slice(0, MAX_LOGGED_PATH);
    const isOwn = user === undefined;
    const fields = { ...(isOwn ? { own: true } : { user: user.name }), method, path };
    let isTold = false;
    const tell = (more: object): void => {
      // The controller looks again and again; who wants an account wants that of people.
      if (!isTold) this.#log[isOwn ? "debug" : "info"]({ ...fields, ...more }, "request");
      isTold = true;
    };
    stream.once("close", () => {
      const error = stream.errored;
      tell({ code: error === null ? "STREAM_CANCELLED" : errorCode(error), text: error?.message });
    });
    return (head) => {
      tell({ status: head.status });
      try {
        stream.answer(encodeAnswer(head));
      } catch (error) {
        stream.destroy(error as Error);
      }
    };
  }
}

async function serveOwn(
  own: ApiTransport,
  { method, path, headers }: Omit<ShimRequest, "user">,
  stream: LinkStream,
  answer: (head: ProxyAnswer) => void,
): Promise<void> {
  const gone = new AbortController();
  stream.once("close", () => gone.abort());
  try {
    const body = await collect(stream);
    if (body === undefined) {
      answer({ status: 413, headers: [] });
      stream.resume().end();
      return;
    }
    const request = { method, path, headers: Object.fromEntries(lowered(headers)) };
    const content = body.length === 0 ? {} : { body };
    const response = await own.request({ ...request, ...content }, gone.signal);
    answer({ status: response.status, headers: Object.entries(response.headers) });
    await pipeline(Readable.from(response.body, { objectMode: false }), stream);
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** All of a request's body; undefined if it is too large. */
async function collect(stream: LinkStream): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    size += (chunk as Uint8Array).length;
    if (size > MAX_OWN_BODY) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function lowered(headers: ShimRequest["headers"]): [string, string][] {
  return passedOn(headers, false).map(([name, value]) => [name.toLowerCase(), value]);
}
