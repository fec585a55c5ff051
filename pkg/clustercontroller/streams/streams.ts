import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type {
  ApiProxy,
  ClusterProxy,
  ProxyAnswer,
  ProxyExchange,
  ProxyRequest,
} from "../../apis/cluster-proxy.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import { type Metrics, noMetrics } from "../../base/metrics.ts";
import { SEAL_OVERHEAD } from "../../trust/stream-seal.ts";
import { TrustError } from "../../trust/trust-error.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import type { StreamMessage } from "../../tunnel/streams/stream-words.ts";
import type { Message, Open } from "../../wire/message.ts";
import { type ClusterName, isClusterName } from "../../wire/names.ts";
import { MAX_STREAM_HEAD } from "../../wire/parse-message.ts";
import type { Guard } from "../membership/guard.ts";
import { failed, type LinkName, type Opening, StreamSwitch } from "./stream-switch.ts";
import type { TreeStream } from "./tree-stream.ts";

/** What streams need of the node they belong to. */
export interface StreamsParts {
  readonly self: ClusterName;
  readonly log: Logger;
  readonly metrics?: Metrics | undefined;
  /** Proves our requests and checks those of others; undefined in a tree without identities. */
  readonly guard: Guard | undefined;
  /** The Kubernetes API of this cluster, if it has one. */
  readonly api: ApiProxy | undefined;
  /** What this cluster has to offer to the entries above it besides its API, by name. */
  readonly services?: Readonly<Record<string, StreamService>> | undefined;
  readonly nextHop: (target: ClusterName) => ClusterName | undefined;
  /** The number of a cluster's present link to its parent, as the cluster has told it. */
  readonly session?: (target: ClusterName) => number | undefined;
  /** The first number of that kind that this process has had; undefined if it has had none. */
  readonly firstSession?: () => number | undefined;
  readonly send: (to: LinkName, message: Message) => void;
  /** Resolves when a link can take more; undefined if it can now. */
  readonly room: (to: LinkName) => Promise<void> | undefined;
}

/** Takes over a stream that an entry has opened to talk to this cluster's controller itself. */
export type StreamService = (stream: Duplex, entry: ClusterName) => void;

/** What keeps the opening of a stream from being used twice. */
interface Once {
  readonly id: string;
  /** Milliseconds since 1970 on the entry's clock. */
  readonly at: number;
  /** The number of the target's link to its parent when it was made. */
  readonly session?: number | undefined;
}

/** What a stream begins with: a request to the cluster's API, or the name of a service of its controller. */
type Head = Once & (ProxyRequest | { readonly service: string });

/** How far the clocks of an entry and a cluster may be apart; so long a request is remembered. */
const TOLERANCE_MS = 10 * 60_000;
/** Most requests that are remembered. */
const MAX_REMEMBERED = 100_000;

/** The tree as a way in: requests to the Kubernetes APIs of clusters, as streams over the links. */
export class Streams implements ClusterProxy {
  readonly #parts: StreamsParts;
  /** For refusals; what is done for somebody is always said. */
  readonly #refusals: LogLimit;
  readonly #switch: StreamSwitch;
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Set<LinkName>();

  constructor(parts: StreamsParts) {
    const { self, log, metrics = noMetrics, nextHop, send } = parts;
    this.#parts = parts;
    this.#refusals = new LogLimit(log, metrics);
    this.#switch = new StreamSwitch({
      self,
      nextHop,
      send,
      writable: (to) => this.#writable(to),
      accept: (opening, stream, from) => this.#accept(opening, stream, from),
    });
  }

  /** How many streams pass here. */
  get size(): number {
    return this.#switch.size;
  }

  hear(from: LinkName, message: Open | StreamMessage): void {
    this.#switch.hear(from, message);
  }

  lost(link: LinkName): void {
    this.#switch.lost(link);
  }

  exchange(cluster: string, request: ProxyRequest): ProxyExchange {
    const body = this.#open(cluster, request);
    const answer = new Promise<ProxyAnswer>((resolve, reject) => {
      body.once("opened", (bytes: Uint8Array) => resolve(decodeAnswer(bytes)));
      body.once("close", () =>
        reject(body.errored ?? new StreamEndedError("STREAM_ENDED", "There was no answer")),
      );
    });
    // Whoever does not wait for it must not end the program.
    answer.catch(() => {});
    return { body, answer };
  }

  /** A stream to a service of a cluster's controller; it ends with an error when there is no way, or no service. */
  converse(cluster: string, service: string): Duplex {
    return this.#open(cluster, { service });
  }

  #open(cluster: string, words: ProxyRequest | { readonly service: string }): TreeStream {
    const { self, guard } = this.#parts;
    if (!isClusterName(cluster)) return failed("CLUSTER_UNREACHABLE", `There is no "${cluster}"`);
    const id = randomBytes(16).toString("hex");
    const at = Math.floor(guard?.now() ?? Date.now());
    const session = this.#parts.session?.(cluster);
    const head = new TextEncoder().encode(JSON.stringify({ ...words, id, at, session }));
    if (head.length + SEAL_OVERHEAD > MAX_STREAM_HEAD)
      return failed("HEAD_TOO_LARGE", "The headers are too long");
    const opening = { target: cluster, entry: self, head };
    const isFar = cluster !== self && this.#parts.nextHop(cluster) !== undefined;
    if (guard === undefined || !isFar) return this.#switch.open(opening);
    try {
      const sealed = guard.sealOpening(opening);
      const stream = this.#switch.open(sealed.opening);
      stream.sealWith(sealed.seal);
      return stream;
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      return failed(error.code, error.message);
    }
  }

  #writable(to: LinkName): boolean {
    const room = this.#parts.room(to);
    if (room === undefined) return true;
    if (this.#waiting.has(to)) return false;
    this.#waiting.add(to);
    void room.then(() => {
      this.#waiting.delete(to);
      this.#switch.drained(to);
    });
    return false;
  }

  #accept(opening: Opening, stream: TreeStream, from: "here" | "parent"): void {
    const { api, guard, log } = this.#parts;
    try {
      const sealed = from === "parent" ? guard?.unsealOpening(opening) : undefined;
      if (sealed !== undefined) stream.sealWith(sealed.seal);
      const head = this.#read(opening.entry, sealed?.head ?? opening.head);
      if (sealed !== undefined) this.#checkSession(head);
      if ("service" in head) {
        this.#serve(head.service, stream, opening.entry);
        return;
      }
      if (api === undefined) {
        throw new StreamEndedError("NO_API", "This cluster has no Kubernetes API to talk to");
      }
      const { method, path, user } = head;
      log.info({ entry: opening.entry, method, path: pathOnly(path), user: user.name }, "request");
      api.serve(head, stream, (answer) => stream.answer(encodeAnswer(answer)));
    } catch (error) {
      const [code, text] = [errorCode(error), errorText(error)];
      const refused = this.#refusals.of(opening.entry);
      refused.warn({ entry: opening.entry, code, text }, "request refused");
      stream.destroy(error instanceof Error ? error : new Error(text));
    }
  }

  /** What was opened to an earlier process of ours it may have done already; only that one knew. */
  #checkSession({ session = 0 }: Once): void {
    if (session >= (this.#parts.firstSession?.() ?? Number.POSITIVE_INFINITY)) return;
    throw new StreamEndedError("REQUEST_TOO_OLD", "The request is for the time before our restart");
  }

  #serve(name: string, stream: TreeStream, entry: ClusterName): void {
    const { services = {} } = this.#parts;
    const service = Object.hasOwn(services, name) ? services[name] : undefined;
    if (service === undefined)
      throw new StreamEndedError("NO_SERVICE", `This cluster does not offer "${name}"`);
    stream.answer(new Uint8Array());
    service(stream, entry);
  }

  /** The request, if it is new and of now. */
  #read(entry: ClusterName, bytes: Uint8Array): Head {
    const read = decodeHead(bytes);
    const now = this.#parts.guard?.now() ?? Date.now();
    for (const [id, until] of this.#seen) {
      if (until > now && this.#seen.size < MAX_REMEMBERED) break;
      this.#seen.delete(id);
    }
    const key = `${entry}/${read.id}`;
    if (Math.abs(now - read.at) > TOLERANCE_MS || this.#seen.has(key)) {
      const text =
        "The request is of another time: it was made long ago or made before, or clocks differ";
      throw new StreamEndedError("REQUEST_TOO_OLD", text);
    }
    this.#seen.set(key, now + 2 * TOLERANCE_MS);
    return read;
  }
}

function decodeHead(bytes: Uint8Array): Head {
  try {
    const raw = JSON.parse(new TextDecoder().decode(bytes)) as Once &
      ProxyRequest & { readonly service?: unknown };
    const { id, at, session, service, method, path, headers, user } = raw;
    const isSession = session === undefined || Number.isFinite(session);
    if (typeof service === "string" && typeof id === "string" && Number.isFinite(at) && isSession)
      return { id, at, session, service };
    const isText = [id, method, path, user.name, ...user.groups, ...headers.flat()].every(
      (word) => typeof word === "string" && !/[\r\n\0]/.test(word),
    );
    const isRequest = /^[A-Z]{3,10}$/.test(method) && path.startsWith("/") && Number.isFinite(at);
    if (isText && isRequest && isSession && user.name !== "")
      return { id, at, session, method, path, headers, user };
  } catch {
    // Said below.
  }
  throw new StreamEndedError("PROTOCOL_ERROR", "The head of a stream is no request");
}

function encodeAnswer(answer: ProxyAnswer): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(answer));
}

function decodeAnswer(bytes: Uint8Array): ProxyAnswer {
  try {
    const { status, headers } = JSON.parse(new TextDecoder().decode(bytes)) as ProxyAnswer;
    const isGood =
      Number.isInteger(status) &&
      status >= 100 &&
      status <= 599 &&
      headers.flat().every((word) => typeof word === "string" && !/[\r\n\0]/.test(word));
    if (isGood) return { status, headers };
  } catch {
    // Said below.
  }
  return { status: 502, headers: [] };
}

/** Queries may hold what somebody typed into a shell. */
function pathOnly(path: string): string {
  return path.split("?")[0] ?? "";
}
