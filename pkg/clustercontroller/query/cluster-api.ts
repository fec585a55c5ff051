import { type Duplex, pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ClusterProxy, HeaderList } from "../../apis/cluster-proxy.ts";
import { ClusterFailedError } from "./failure.ts";
import { invalid } from "./json-members.ts";
import type { Permits } from "./permits.ts";

/** Bytes that may be held of one cluster without a permit. */
const SMALL_BYTES = 256 * 1024;
/** Bytes that one query may read of one cluster, unpacked. */
export const MAX_CLUSTER_BYTES = 64 * 1024 * 1024;

/** As whom clusters are asked. */
export interface QueryUser {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What is needed to ask one cluster. */
export interface ClusterApiParts {
  readonly cluster: string;
  readonly clusters: ClusterProxy;
  readonly user: QueryUser;
  /** Those who hold much at a time. */
  readonly permits: Permits;
  /** Called when the cluster has begun to answer. */
  readonly heard: () => void;
  /** Ends all requests; its reason is what they reject with. */
  readonly signal: AbortSignal;
}

/** An answer whose body comes as it is read, and no faster. */
export interface ClusterAnswer {
  readonly status: number;
  readonly contentType: string;
  /** `held` says how many of the bytes given out so far are still kept. */
  pieces(held: () => number): AsyncGenerator<Uint8Array>;
}

/** The API of one cluster, for reading as one user. */
export class ClusterApi {
  readonly cluster: string;
  readonly #parts: ClusterApiParts;
  #bytes = 0;

  constructor(parts: ClusterApiParts) {
    this.cluster = parts.cluster;
    this.#parts = parts;
  }

  /** Asks, and calls `read` with the answer; nothing of it is left open afterwards. */
  async get<T>(
    path: string,
    accept: string,
    read: (answer: ClusterAnswer) => Promise<T>,
  ): Promise<T> {
    const { clusters, cluster, user, signal, heard } = this.#parts;
    signal.throwIfAborted();
    const headers: HeaderList = [
      ["Accept", accept],
      ["Accept-Encoding", "gzip"],
      ["User-Agent", "ote-query"],
    ];
    const { body, answer } = clusters.exchange(cluster, { method: "GET", path, headers, user });
    const end = () => body.destroy();
    signal.addEventListener("abort", end, { once: true });
    try {
      body.end();
      const { status, headers: told } = await answer;
      heard();
      const bytes = unpacked(body, headerOf(told, "content-encoding"));
      return await read({
        status,
        contentType: headerOf(told, "content-type"),
        pieces: (held) => this.#pieces(bytes, held),
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", end);
      body.destroy();
    }
  }

  /** The whole body as text. Rejects with a ClusterFailedError if it is longer than `limit` bytes. */
  async text(answer: ClusterAnswer, limit: number): Promise<string> {
    const parts: Uint8Array[] = [];
    let held = 0;
    for await (const piece of answer.pieces(() => held)) {
      held += piece.length;
      if (held > limit)
        throw new ClusterFailedError("TooLarge", `an answer is longer than ${limit} bytes`);
      parts.push(piece);
    }
    return Buffer.concat(parts).toString();
  }

  async *#pieces(bytes: Readable, held: () => number): AsyncGenerator<Uint8Array> {
    const { permits, user, signal } = this.#parts;
    let permit: Disposable | undefined;
    try {
      for await (const piece of bytes as AsyncIterable<Uint8Array>) {
        this.#bytes += piece.length;
        if (this.#bytes > MAX_CLUSTER_BYTES)
          throw new ClusterFailedError(
            "TooLarge",
            `it answers with over ${MAX_CLUSTER_BYTES} bytes`,
          );
        yield piece;
        if (held() > SMALL_BYTES) permit ??= await permits.acquire(user.name, signal);
        else {
          permit?.[Symbol.dispose]();
          permit = undefined;
        }
      }
    } finally {
      permit?.[Symbol.dispose]();
    }
  }
}

function unpacked(body: Duplex, encoding: string): Readable {
  if (encoding === "" || encoding === "identity") return body;
  if (encoding !== "gzip")
    throw invalid(`its encoding is ${JSON.stringify(encoding.slice(0, 40))}`);
  // What goes wrong is met by whoever reads.
  return pipeline(body, createGunzip(), () => {});
}

function headerOf(headers: HeaderList, wanted: string): string {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase() ?? "";
}
