import type { Duplex } from "node:stream";
import { finished } from "node:stream";
import {
  type ApiRequest,
  type ApiResponse,
  type ApiTransport,
  ApiUnreachableError,
} from "../../apis/api-transport.ts";
import {
  type ApiProxy,
  type ProxyAnswer,
  type ProxyRequest,
  passedOn,
  wantsUpgrade,
} from "../../apis/cluster-proxy.ts";
import type { Link } from "../../tunnel/link.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import type { StreamMessage } from "../../tunnel/streams/stream-words.ts";
import type { Open } from "../../wire/message.ts";
import { PROXY, REPORTS } from "../capabilities.ts";
import { decodeAnswer, encodeRequest, isUser, type ShimRequest } from "./heads.ts";
import { type LinkStream, noAnswer } from "./link-stream.ts";
import { LinkStreams } from "./link-streams.ts";

/** What a shim lets us do while it is connected. */
interface Connection {
  readonly streams: LinkStreams;
  readonly capabilities: readonly string[];
}

/**
 * The API behind a remote shim: requests of users through `serve`, which always carry a user, and our own
 * through `request`, which never do. While the shim is away both are refused, and what was under way
 * when it went has ended with an error.
 */
export class RemoteApi implements ApiProxy, ApiTransport {
  readonly #endpoint: string;
  #connection: Connection | undefined;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** The shim is there, and has these powers. */
  connected(link: Link, capabilities: readonly string[]): void {
    this.#connection = { streams: new LinkStreams(link), capabilities };
  }

  /** The shim has gone; `text` says how. */
  lost(text: string): void {
    const streams = this.#connection?.streams;
    this.#connection = undefined;
    const why = `The shim at "${this.#endpoint}" has gone: ${text}`;
    streams?.lost(new StreamEndedError("LINK_LOST", why));
  }

  /** The shim has said something about streams. */
  hear(message: Open | StreamMessage): void {
    this.#connection?.streams.hear(message);
  }

  serve(request: ProxyRequest, body: Duplex, answer: (head: ProxyAnswer) => void): void {
    const { method, path, headers, user } = request;
    let stream: LinkStream;
    try {
      // Without a user the shim would take it for our own.
      if (!isUser(user)) throw new StreamEndedError("PROTOCOL_ERROR", "A request without a user");
      const passed = passedOn(headers, wantsUpgrade(headers));
      stream = this.#open(PROXY, { method, path, headers: passed, user });
    } catch (error) {
      body.destroy(error as Error);
      return;
    }
    let isAnswered = false;
    stream.once("opened", (head: Uint8Array) => {
      try {
        answer(decodeAnswer(head));
        isAnswered = true;
        stream.pipe(body);
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
    finished(body, (error) => {
      if (error) stream.destroy();
    });
    stream.once("close", () => {
      if (stream.errored !== null || !isAnswered) body.destroy(endOf(stream));
    });
    body.pipe(stream);
  }

  request(
    { method, path, headers = {}, body }: ApiRequest,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stream = this.#openOwn({ method, path, headers: Object.entries(headers) });
      const abort = (): void => void stream.destroy();
      signal.addEventListener("abort", abort, { once: true });
      const why = (): unknown =>
        signal.aborted ? signal.reason : new ApiUnreachableError(this.#endpoint, endOf(stream));
      stream.once("close", () => {
        signal.removeEventListener("abort", abort);
        reject(why());
      });
      stream.once("opened", (head: Uint8Array) => {
        try {
          const { status, headers } = decodeAnswer(head);
          resolve({ status, headers: plain(headers), body: bodyOf(stream, why) });
        } catch (error) {
          stream.destroy(error as Error);
        }
      });
      stream.end(body);
    });
  }

  /** What is under way ends with the link. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #openOwn(request: ShimRequest): LinkStream {
    try {
      return this.#open(REPORTS, request);
    } catch (error) {
      throw new ApiUnreachableError(this.#endpoint, error);
    }
  }

  #open(capability: string, request: ShimRequest): LinkStream {
    if (this.#connection === undefined) {
      const text = `The shim at "${this.#endpoint}" is away`;
      throw new StreamEndedError("SHIM_UNREACHABLE", text);
    }
    const { streams, capabilities } = this.#connection;
    if (!capabilities.includes(capability)) {
      const text = `The shim at "${this.#endpoint}" has no capability "${capability}"`;
      throw new StreamEndedError("NO_API", text);
    }
    return streams.open(encodeRequest(request));
  }
}

function endOf(stream: LinkStream): Error {
  return stream.errored ?? noAnswer();
}

function plain(headers: ProxyAnswer["headers"]): Record<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = found.get(key);
    found.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(found);
}

/** Not a generator: returning one that was never started would not end the stream. */
function bodyOf(stream: LinkStream, why: () => unknown): AsyncIterable<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          return await chunks.next();
        } catch {
          throw why();
        }
      },
      async return() {
        stream.destroy();
        return { done: true, value: undefined };
      },
    }),
  };
}
