import type { Duplex } from "node:stream";

/** Names and values of HTTP headers, in order; a name may come several times. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A request to the Kubernetes API of some cluster, without its body. */
export interface ProxyRequest {
  /** Upper case. */
  readonly method: string;
  /** Absolute path with its query, as that API should see it. */
  readonly path: string;
  readonly headers: HeaderList;
  /** As whom: the API is asked to take it as a request of this user (impersonation). */
  readonly user: { readonly name: string; readonly groups: readonly string[] };
}

/** An answer, without its body; status 101 means that bytes of another protocol follow in both directions. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: HeaderList;
}

/** A conversation with an API: what is written to `body` is the request's body, what is read the answer's. */
export interface ProxyExchange {
  /** Destroying it ends the request wherever it is. */
  readonly body: Duplex;
  /** Rejects with an error with a code when there is no answer. */
  readonly answer: Promise<ProxyAnswer>;
}

/** The way to the Kubernetes API of every cluster below this one. */
export interface ClusterProxy {
  exchange(cluster: string, request: ProxyRequest): ProxyExchange;
}

/** The way to one Kubernetes API. */
export interface ApiProxy {
  /** Sends `request` with the body that `body` reads, and writes the answer's there; `answer` is called once. */
  serve(request: ProxyRequest, body: Duplex, answer: (head: ProxyAnswer) => void): void;
}

/** Headers that mean something only between two neighbours (RFC 9110, 7.6.1), and those that say who somebody is. */
const NOT_PASSED_ON = new Set([
  "authorization",
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The headers that go on to the next server; with `isUpgrade` those that ask for another protocol, too. */
export function passedOn(headers: HeaderList, isUpgrade: boolean): [string, string][] {
  const passed = headers.flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    if (isUpgrade && lower === "upgrade") return [[name, value]];
    const isOurs =
      NOT_PASSED_ON.has(lower) || lower.startsWith("impersonate-") || lower.startsWith(":");
    return isOurs ? [] : [[name, value]];
  });
  // What else Connection names, a proxy before the API would leave out: also headers of ours, which say as whom.
  return isUpgrade && wantsUpgrade(headers) ? [["Connection", "Upgrade"], ...passed] : passed;
}

/** Whether a request asks for another protocol on its connection. */
export function wantsUpgrade(headers: HeaderList): boolean {
  const values = (wanted: string) =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  return values("upgrade").length > 0 && values("connection").some((v) => /\bupgrade\b/i.test(v));
}
