import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { type Duplex, finished } from "node:stream";
import {
  type ApiProxy,
  type HeaderList,
  type ProxyAnswer,
  type ProxyRequest,
  passedOn,
  wantsUpgrade,
} from "../apis/cluster-proxy.ts";
import { errorText } from "../base/errors.ts";
import { toHeader } from "../base/header-text.ts";
import { type Access, KubeconfigFile } from "./kubeconfig.ts";
import { isStaleRead } from "./stale-connection.ts";

/** How long an API may take until a connection to it can carry a request. */
const CONNECT_LIMIT_MS = 10_000;
/** What whoever asked is told without an answer of the API. */
const UNREACHABLE = {
  ...{ code: 503, reason: "ServiceUnavailable" },
  what: "Cannot reach the Kubernetes API of the cluster",
};
const UNSAYABLE = {
  ...{ code: 400, reason: "BadRequest" },
  what: "Cannot pass the request on to the Kubernetes API of the cluster",
};
/** Connections that nobody uses are kept for this long. */
const IDLE_MS = 30_000;

/**
 * Passes requests of others on to the API of a kubeconfig, as those others: with our own credentials and
 * the headers with which Kubernetes lets one user act as another. Streams, watches and protocols after an
 * upgrade (exec, attach, port-forward) go through as they are.
 */
export class KubeconfigProxy implements ApiProxy, AsyncDisposable {
  readonly #file: KubeconfigFile;
  readonly #https = new https.Agent({ keepAlive: true, timeout: IDLE_MS });
  readonly #http = new http.Agent({ keepAlive: true, timeout: IDLE_MS });

  readonly #connectMs: number;

  constructor(kubeconfig: string, { connectMs = CONNECT_LIMIT_MS } = {}) {
    this.#file = new KubeconfigFile(kubeconfig);
    this.#connectMs = connectMs;
  }

  serve(request: ProxyRequest, body: Duplex, answer: (head: ProxyAnswer) => void): void {
    this.#file.access().then(
      (access) => {
        if (body.destroyed) return;
        try {
          this.#send(request, access, "kept", body, answer);
        } catch (error) {
          // Others than HTTP/1.1 let words through that it cannot say.
          refuse(body, answer, errorText(error), UNSAYABLE);
        }
      },
      (error: unknown) => refuse(body, answer, errorText(error)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#https.destroy();
    this.#http.destroy();
  }

  #send(
    request: ProxyRequest,
    access: Access,
    connection: "kept" | "new",
    body: Duplex,
    answer: (head: ProxyAnswer) => void,
  ): void {
    const { server, options } = access;
    const isSecure = server.protocol === "https:";
    const agent = isSecure ? this.#https : this.#http;
    const isUpgrade = wantsUpgrade(request.headers);
    const client = (isSecure ? https : http).request({
      ...options,
      agent: connection === "kept" && !isUpgrade && agent,
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port,
      method: request.method,
      path: server.pathname.replace(/\/$/, "") + request.path,
      headers: headersFor(request, isUpgrade, server, options.headers),
    });
    limitConnecting(client, isSecure ? "secureConnect" : "connect", this.#connectMs);
    let answered = false;
    const tell = (message: IncomingMessage): void => {
      answered = true;
      answer({ status: message.statusCode ?? 502, headers: pairs(message.rawHeaders) });
    };
    client.on("response", (message) => {
      tell(message);
      message.on("error", (error) => body.destroy(error));
      message.pipe(body);
      // Nobody reads what was said for another protocol, and unread it would keep the stream for ever.
      if (isUpgrade) body.resume();
    });
    client.on("upgrade", (message, socket, head) => {
      tell(message);
      if (head.length > 0) socket.unshift(head);
      body.unpipe(client);
      join(body, socket);
    });
    client.on("error", (error) => {
      if (answered) body.destroy(error);
      else if (isStaleRead(client, request.method, error) && isUntouched(body)) {
        body.unpipe(client);
        this.#send(request, access, "new", body, answer);
      } else refuse(body, answer, error.message);
    });
    // Whoever asked has gone: the API must not go on for nobody.
    finished(body, (error) => {
      if (error) client.destroy();
    });
    if (isUpgrade || body.readableEnded) client.end();
    else body.pipe(client);
  }
}

/** Whether nobody has gone, and nothing was said that would have to be said again. */
function isUntouched(body: Duplex): boolean {
  return !body.destroyed && !body.readableDidRead;
}

/** Lets both talk to each other, until both have said everything or one is cut off. */
function join(body: Duplex, socket: Duplex): void {
  let cut: Error | undefined;
  socket.on("error", (error) => {
    cut = error;
  });
  socket.once("close", () => {
    // What still comes for an API that has said everything is for nobody, and must not wait for ever.
    if (socket.readableEnded) body.unpipe(socket).resume();
    else body.destroy(cut ?? new Error("The API has cut the connection"));
  });
  finished(body, () => socket.destroy());
  body.pipe(socket).pipe(body);
}

function headersFor(
  { headers, user }: ProxyRequest,
  isUpgrade: boolean,
  server: URL,
  own: unknown,
): string[] {
  const groups = user.groups.map((group): [string, string] => [
    "Impersonate-Group",
    toHeader(group),
  ]);
  const all: [string, string][] = [
    ["Host", server.host],
    ...passedOn(headers, isUpgrade),
    ...Object.entries((own ?? {}) as Record<string, string>),
    ["Impersonate-User", toHeader(user.name)],
    ...groups,
  ];
  return all.flat();
}

function limitConnecting(
  client: ClientRequest,
  connected: "connect" | "secureConnect",
  limitMs: number,
): void {
  const late = setTimeout(
    () => client.destroy(new Error(`no connection within ${limitMs} ms`)),
    limitMs,
  );
  const stop = (): void => clearTimeout(late);
  client.once("close", stop);
  client.on("socket", (socket) => {
    if (client.reusedSocket) stop();
    else socket.once(connected, stop);
  });
}

/** The cluster's API cannot be reached: said as Kubernetes says it. */
function refuse(
  body: Duplex,
  answer: (head: ProxyAnswer) => void,
  why: string,
  { code, reason, what } = UNREACHABLE,
): void {
  if (body.destroyed) return;
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${what}: ${why}`,
    reason,
    code,
  };
  answer({ status: code, headers: [["content-type", "application/json"]] });
  body.end(JSON.stringify(status));
  body.resume();
}

function pairs(raw: readonly string[]): HeaderList {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return found;
}
