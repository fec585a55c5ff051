import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { finished } from "node:stream";
import {
  type ClusterProxy,
  type HeaderList,
  type ProxyExchange,
  passedOn,
} from "../../apis/cluster-proxy.ts";
import { StatusError } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import { AUTHENTICATED } from "../access/users.ts";
import { badRequest } from "../request/refusals.ts";
import { isClusterPath, parseClusterPath, relocated } from "./cluster-path.ts";
import type { Door } from "./door.ts";
import { cut, grouped, headText, isGone, saySocketStatus, sendStatus } from "./door-answers.ts";
import { Visit, type VisitParts } from "./visit.ts";

/** What a door to the clusters works with. */
export interface ClusterDoorParts extends VisitParts {
  readonly clusters: ClusterProxy;
}

/** Identities that a proxy in front of an API claims; here nobody may. */
const CLAIMED = /^x-remote-(user|uid|group|extra-.*)$/i;
/** What the audit says of who left before there was an answer. */
const CLIENT_GONE = 499;

/** A request under way to a cluster. */
interface Passing {
  readonly cluster: string;
  readonly exchange: ProxyExchange;
}

/** Lets those in who may: requests under /clusters/NAME/ go through the tree to the API of that cluster. */
export class ClusterDoor implements Door {
  readonly #parts: ClusterDoorParts;

  constructor(parts: ClusterDoorParts) {
    this.#parts = parts;
  }

  serves(url: string): boolean {
    return isClusterPath(url);
  }

  /** Resolves when the request is on its way: watches may stay open, and the listener does not wait for them. */
  async serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    request.on("error", () => {});
    response.on("error", () => {});
    const visit = new Visit(request, this.#parts);
    const refuse = (error: unknown): void => {
      const status = visit.refusal(error);
      visit.ended(status.code);
      sendStatus(response, status, visit.auditId);
    };
    try {
      const passing = await this.#enter(request, visit, () => isGone(response));
      if (passing !== undefined) pass(request, response, passing, visit, refuse);
    } catch (error) {
      refuse(error);
    }
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on("error", () => {});
    const asked = request as unknown as Http2ServerRequest;
    const visit = new Visit(asked, this.#parts);
    const refuse = (error: unknown): void => {
      const status = visit.refusal(error);
      visit.ended(status.code);
      saySocketStatus(socket, status, visit.auditId);
    };
    this.#enter(asked, visit, () => socket.destroyed, true)
      .then((passing) => {
        if (passing !== undefined) become(socket, head, passing, visit, refuse);
      })
      .catch(refuse);
  }

  /** Undefined if the caller has gone meanwhile. */
  async #enter(
    request: Http2ServerRequest,
    visit: Visit,
    gone: () => boolean,
    isUpgrade = false,
  ): Promise<Passing | undefined> {
    await visit.identify();
    const { cluster, path } = parseClusterPath(request.url);
    if (isUpgrade && hasBody(request))
      throw badRequest("a request for another protocol must not have a body");
    const { name, groups } = await visit.require(cluster);
    if (gone()) {
      visit.ended(CLIENT_GONE);
      return undefined;
    }
    const exchange = this.#parts.clusters.exchange(cluster, {
      method: request.method,
      path,
      headers: headersOf(request.rawHeaders, isUpgrade),
      // Every API adds it by itself to those it knows.
      user: { name, groups: groups.filter((group) => group !== AUTHENTICATED) },
    });
    return { cluster, exchange };
  }
}

function pass(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  { cluster, exchange: { body, answer } }: Passing,
  visit: Visit,
  refuse: (error: unknown) => void,
): void {
  response.once("close", () => {
    body.destroy();
    visit.ended(CLIENT_GONE);
  });
  request.pipe(body);
  answer
    .then(
      ({ status, headers }) => {
        visit.ended(status);
        if (isGone(response)) return;
        response.writeHead(status, grouped(relocated(passedOn(headers, false), cluster)));
        if ("flushHeaders" in response) (response as { flushHeaders(): void }).flushHeaders();
        finished(body, { writable: false }, (error) => {
          if (error) cut(response);
        });
        body.pipe(response);
      },
      (error: unknown) => refuse(unreachable(error)),
    )
    // An answer with headers that nobody may send.
    .catch(() => cut(response));
}

function become(
  socket: Socket,
  head: Buffer,
  { cluster, exchange: { body, answer } }: Passing,
  visit: Visit,
  refuse: (error: unknown) => void,
): void {
  socket.once("close", () => {
    body.destroy();
    visit.ended(CLIENT_GONE);
  });
  body.once("close", () => socket.destroySoon());
  if (head.length > 0) socket.unshift(head);
  answer
    .then(
      ({ status, headers }) => {
        visit.ended(status);
        const isUpgrade = status === 101;
        socket.write(headText({ status, headers: relocated(headers, cluster) }, isUpgrade));
        if (isUpgrade) socket.pipe(body);
        else body.end();
        body.pipe(socket);
      },
      (error: unknown) => refuse(unreachable(error)),
    )
    .catch(() => socket.destroy());
}

/** The cluster cannot be reached: said as Kubernetes says it. */
function unreachable(error: unknown): StatusError {
  const text = `Cannot reach the cluster (${errorCode(error)}): ${errorText(error)}`;
  return StatusError.of("ServiceUnavailable", text);
}

/** Bytes that are announced but not sent would be missing in what comes next on the connection to the API. */
function hasBody({ headers }: Http2ServerRequest): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/** Nobody on the way, nor the cluster itself, learns with what the caller has shown who they are. */
function headersOf(raw: readonly string[], isUpgrade: boolean): HeaderList {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return passedOn(found, isUpgrade).filter(([name]) => !CLAIMED.test(name));
}
