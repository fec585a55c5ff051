import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import {
  type ApiRequest,
  type ApiResponse,
  type ApiTransport,
  ApiUnreachableError,
} from "../apis/api-transport.ts";
import type { EntryAddress } from "../apis/entry.ts";
import { toHeader } from "../base/header-text.ts";
import { type Access, KubeconfigFile } from "./kubeconfig.ts";
import { isStaleRead } from "./stale-connection.ts";

/** A peer that vanished without a word is noticed this long after its last packet, plus ten probes of a second. */
const KEEPALIVE_AFTER_MS = 15_000;
/** Shorter than the idle limit of API servers and load balancers, so that we are the ones who hang up. */
const IDLE_LIMIT_MS = 30_000;
const AGENT = { keepAlive: true, timeout: IDLE_LIMIT_MS, maxFreeSockets: 8 };

/** What may be different for a transport. */
export interface TransportOptions {
  /** How long a connection may take until it can carry a request. */
  readonly connectMs?: number;
  /** Another server for the same user, with its own authority. */
  readonly entry?: EntryAddress | undefined;
  /** As whom all requests are made, if not as the user of the kubeconfig. */
  readonly actAs?: ActAs | undefined;
}

/** Somebody as whom one may act, as `kubectl --as` says it. */
export interface ActAs {
  readonly name: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
}

/** The API of a kubeconfig's current context, over HTTP/1.1 with connections kept open. */
export class KubeconfigTransport implements ApiTransport {
  readonly #file: KubeconfigFile;
  readonly #https = new https.Agent(AGENT);
  readonly #http = new http.Agent(AGENT);

  readonly #connectMs: number;
  readonly #entry: EntryAddress | undefined;
  readonly #actAs: ActAs | undefined;

  private constructor(
    file: KubeconfigFile,
    { connectMs = 10_000, entry, actAs }: TransportOptions,
  ) {
    this.#file = file;
    this.#connectMs = connectMs;
    this.#entry = entry;
    this.#actAs = actAs;
  }

  /** Reads the file; rejects with `KUBECONFIG_INVALID`. Does not connect yet. */
  static async open(
    kubeconfig: string,
    options: TransportOptions = {},
  ): Promise<KubeconfigTransport> {
    const file = new KubeconfigFile(kubeconfig);
    await file.access();
    return new KubeconfigTransport(file, options);
  }

  async request(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    const access = await orAborted(this.#file.access(), signal);
    const response = await this.#ask(request, access, signal);
    if (response.status !== 401) return response;
    const changed = await orAborted(this.#file.changedAccess(access), signal);
    if (changed === undefined) return response;
    await response.body[Symbol.asyncIterator]().return?.();
    return this.#ask(request, changed, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#https.destroy();
    this.#http.destroy();
  }

  async #ask(request: ApiRequest, access: Access, signal: AbortSignal): Promise<ApiResponse> {
    try {
      return await this.#send(request, access, "kept", signal);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      return await this.#send(request, access, "new", signal);
    }
  }

  #send(
    request: ApiRequest,
    access: Access,
    connection: "kept" | "new",
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    const { server, options } = this.#entry === undefined ? access : at(this.#entry, access);
    const secure = server.protocol === "https:";
    const agent = secure ? this.#https : this.#http;
    const client = (secure ? https : http).request({
      agent: connection === "kept" && agent,
      ...options,
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port,
      method: request.method,
      path: server.pathname.replace(/\/$/, "") + request.path,
      headers: {
        "user-agent": "ote-stack",
        ...request.headers,
        ...lengthOf(request),
        ...headersOf(options, this.#actAs),
      },
    });
    client.on("socket", (socket) => guard(client, socket, secure, this.#connectMs));
    return new Promise((resolve, reject) => {
      const abort = () => client.destroy();
      const fail = (error: Error) => {
        signal.removeEventListener("abort", abort);
        if (signal.aborted) reject(signal.reason);
        else if (isStaleRead(client, request.method, error)) reject(new StaleConnectionError());
        else reject(new ApiUnreachableError(server.origin, error));
      };
      client.on("error", fail);
      client.on("response", (message) => {
        message.once("close", () => signal.removeEventListener("abort", abort));
        resolve({
          status: message.statusCode ?? 0,
          headers: plainHeaders(message),
          body: bodyOf(message, server, signal),
        });
      });
      signal.addEventListener("abort", abort);
      // With a text Node sends the headers as UTF-8, too, and what is UTF-8 there already twice so.
      client.end(typeof request.body === "string" ? Buffer.from(request.body) : request.body);
    });
  }
}

/** The same user elsewhere: what is trusted there has nothing to do with what is trusted here. */
function at({ url, ca }: EntryAddress, { options }: Access): Access {
  const { servername: _, rejectUnauthorized: __, checkServerIdentity: ___, ...user } = options;
  return { server: new URL(url), options: { ...user, ca } };
}

/** A credential plugin may take as long as it likes; whoever waits for it need not. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Nothing of the request was answered, and it may be made once more. */
class StaleConnectionError extends Error {}

function guard(client: ClientRequest, socket: Socket, secure: boolean, limitMs: number): void {
  socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
  if (client.reusedSocket) return;
  const timer = setTimeout(() => {
    client.destroy(new Error(`no connection within ${limitMs} ms`));
  }, limitMs);
  const stop = () => clearTimeout(timer);
  socket.once(secure ? "secureConnect" : "connect", stop).once("close", stop);
}

function lengthOf({ body }: ApiRequest): Record<string, string> {
  return body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
}

function headersOf(
  { headers = {} }: https.RequestOptions,
  actAs: ActAs | undefined,
): http.OutgoingHttpHeaders {
  if (actAs === undefined) return headers as http.OutgoingHttpHeaders;
  // Who is named here is meant, whomever the kubeconfig names.
  const others = Object.entries(headers).filter(
    ([name]) => !name.toLowerCase().startsWith("impersonate-"),
  );
  const { name, uid, groups } = actAs;
  return {
    ...Object.fromEntries(others),
    "impersonate-user": toHeader(name),
    ...(uid === undefined ? {} : { "impersonate-uid": toHeader(uid) }),
    ...(groups.length === 0 ? {} : { "impersonate-group": groups.map(toHeader) }),
  };
}

function plainHeaders(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
}

/** Not a generator: returning one that was never started would not free the connection. */
function bodyOf(
  message: IncomingMessage,
  server: URL,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  // An error before anybody reads must not end the program; reading meets it again.
  message.on("error", () => {});
  const chunks: AsyncIterator<Uint8Array> = message[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          return await chunks.next();
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          throw new ApiUnreachableError(server.origin, error);
        }
      },
      async return() {
        message.destroy();
        return { done: true, value: undefined };
      },
    }),
  };
}
