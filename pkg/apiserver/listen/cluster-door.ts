import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { finished } from "node:stream";
import {
  type ClusterProxy,
  type HeaderList,
  type ProxyAnswer,
  type ProxyExchange,
  passedOn,
} from "../../apis/cluster-proxy.ts";
import { StatusError } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Authenticator } from "../access/authenticator.ts";
import type { ApiServer } from "../api-server.ts";
import { impersonationOf, userOf } from "./caller.ts";

/** What a door works with. */
export interface ClusterDoorParts {
  readonly api: ApiServer;
  readonly authenticator: Authenticator;
  readonly clusters: ClusterProxy;
  readonly log: Logger;
}

/** Under which path the API of a cluster is found, and what is left for that API. */
const CLUSTER_PATH = /^\/clusters\/([^/?]+)(\/.*|\?.*)?$/s;
/** What every API adds by itself to those it knows. */
const IMPLIED_GROUP = "system:authenticated";

/** Lets those in who may: requests under /clusters/NAME/ go through the tree to the API of that cluster. */
export class ClusterDoor {
  readonly #parts: ClusterDoorParts;

  constructor(parts: ClusterDoorParts) {
    this.#parts = parts;
  }

  /** Whether a request is for the API of a cluster. */
  serves(url: string): boolean {
    return CLUSTER_PATH.test(url);
  }

  /** Answers a request of HTTP/1.1 or 2. */
  serve(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const entered = this.#enter(request);
    request.on("error", () => {});
    response.on("error", () => {});
    if ("refusal" in entered) {
      reply(response, entered.refusal).catch(() => cut(response));
      return;
    }
    const { body, answer } = entered.exchange;
    response.once("close", () => body.destroy());
    request.pipe(body);
    answer
      .then(
        ({ status, headers }) => {
          entered.ended(status);
          if (response.destroyed) return;
          response.writeHead(status, grouped(passedOn(headers, false)));
          if ("flushHeaders" in response) (response as { flushHeaders(): void }).flushHeaders();
          finished(body, { writable: false }, (error) => {
            if (error) cut(response);
          });
          body.pipe(response);
        },
        (error: unknown) => {
          entered.ended(503);
          return reply(response, unreachable(error));
        },
      )
      // An answer with headers that nobody may send.
      .catch(() => cut(response));
  }

  /** Answers a request for another protocol: exec, attach, port-forward. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on("error", () => {});
    const entered = this.#enter(request as unknown as Http2ServerRequest);
    if ("refusal" in entered) {
      sayPlainly(socket, entered.refusal).catch(() => socket.destroy());
      return;
    }
    const { body, answer } = entered.exchange;
    socket.once("close", () => body.destroy());
    body.once("close", () => socket.destroySoon());
    if (head.length > 0) socket.unshift(head);
    answer
      .then(
        (told) => {
          entered.ended(told.status);
          const isUpgrade = told.status === 101;
          socket.write(headText(told, isUpgrade));
          if (isUpgrade) socket.pipe(body);
          else body.end();
          body.pipe(socket);
        },
        (error: unknown) => {
          entered.ended(503);
          return sayPlainly(socket, unreachable(error));
        },
      )
      .catch(() => socket.destroy());
  }

  #enter(request: Http2ServerRequest): Entered {
    const { api, authenticator, clusters } = this.#parts;
    const [, name = "", rest = "/"] = CLUSTER_PATH.exec(request.url) ?? [];
    const { authorization } = request.headers;
    const user = authenticator.userOf({ certificate: userOf(request), authorization });
    const asked = {
      method: request.method,
      path: request.url,
      headers: request.headers as Readonly<Record<string, string | undefined>>,
      body: new Uint8Array(),
      user,
      impersonation: impersonationOf(request),
      address: request.socket.remoteAddress,
      signal: new AbortController().signal,
    };
    const admitted = api.admitToCluster(asked, decode(name));
    if ("refusal" in admitted) return admitted;
    const groups = admitted.user.groups.filter((group) => group !== IMPLIED_GROUP);
    const exchange = clusters.exchange(decode(name), {
      method: request.method,
      path: rest.startsWith("?") ? `/${rest}` : rest,
      headers: pairs(request.rawHeaders),
      user: { name: admitted.user.name, groups },
    });
    return { exchange, ended: admitted.ended };
  }
}

type Refusal = { readonly refusal: Answer };
type Entered =
  | Refusal
  | { readonly exchange: ProxyExchange; readonly ended: (status: number) => void };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The cluster cannot be reached: said as Kubernetes says it. */
function unreachable(error: unknown): Answer {
  const { status } = StatusError.of(
    "ServiceUnavailable",
    `Cannot reach the cluster (${errorCode(error)}): ${errorText(error)}`,
  );
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(JSON.stringify(status));
  };
  return { status: status.code, headers: { "content-type": "application/json" }, body: body() };
}

async function reply(response: Http2ServerResponse, answer: Answer): Promise<void> {
  if (response.headersSent || response.destroyed) {
    cut(response);
    return;
  }
  response.writeHead(answer.status, { ...answer.headers });
  for await (const piece of answer.body) response.write(piece);
  response.end();
}

async function sayPlainly(socket: Socket, answer: Answer): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.body) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const length = ["content-length", String(body.length)] as const;
  const headers = [...Object.entries(answer.headers), length];
  socket.end(Buffer.concat([Buffer.from(headText({ ...answer, headers }, false)), body]));
}

/** An answer that broke off must not look complete. */
function cut(response: Http2ServerResponse): void {
  if (response.stream === undefined) response.socket?.destroy();
  else response.stream.destroy();
}

function headText({ status, headers }: ProxyAnswer, isUpgrade: boolean): string {
  const passed = passedOn(headers, isUpgrade).filter(
    ([name]) => isUpgrade || name.toLowerCase() !== "connection",
  );
  const all = isUpgrade ? passed : [...passed, ["Connection", "close"] as const];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const text = isUpgrade ? "Switching Protocols" : "Answer";
  return `HTTP/1.1 ${status} ${text}\r\n${lines}\r\n`;
}

/** HTTP/2 takes a list only for headers that may come several times. */
function grouped(headers: HeaderList): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const present = found[lower];
    found[lower] = present === undefined ? value : [present, value].flat();
  }
  return found;
}

function pairs(raw: readonly string[]): HeaderList {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return found;
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
