import type { ClusterProxy } from "../../apis/cluster-proxy.ts";
import type { QueryFailure } from "../../apis/cluster-query.ts";
import { askCluster, type Question, type ResourceMemory, type ToldRows } from "./ask-cluster.ts";
import type { ChosenCluster } from "./choose-clusters.ts";
import { ClusterApi, type QueryUser } from "./cluster-api.ts";
import { ClusterFailedError, failureOf } from "./failure.ts";
import type { Gate, Place } from "./gate.ts";
import type { Permits } from "./permits.ts";
import { TimeLimit } from "./time-limit.ts";

/** What all queries of a tier share. */
export interface SharedParts {
  readonly clusters: ClusterProxy;
  readonly gate: Gate;
  readonly permits: Permits;
  readonly memory: ResourceMemory;
}

/** Something that happened to a cluster: rows, or its end. */
export type Happening =
  | { readonly kind: "rows"; readonly cluster: string; readonly rows: ToldRows }
  /** `next` is what its API continues with; "" if it has told everything. */
  | { readonly kind: "answered"; readonly cluster: string; readonly next: string }
  | { readonly kind: "failed"; readonly cluster: string; readonly failure: QueryFailure };

/** From where and how much one cluster is to tell, and to whom. */
export interface Errand {
  readonly from: string;
  readonly maxRows: number;
  /** After so many milliseconds it is given up; waiting until it may tell does not count. */
  readonly limitMs: number;
  readonly tell: (happening: Happening) => Promise<void>;
}

/** Bytes that one query reads of all clusters together. */
const MAX_QUERY_BYTES = 1024 * 1024 * 1024;

/** One query under way: who is asked at the moment, and how all of that ends. */
export class QueryRun {
  readonly #shared: SharedParts;
  readonly #question: Question;
  readonly #user: QueryUser;
  readonly #asked = new Map<string, AbortController>();
  #bytes = 0;
  #end: ClusterFailedError | undefined;

  constructor(shared: SharedParts, question: Question, user: QueryUser) {
    this.#shared = shared;
    this.#question = question;
    this.#user = user;
  }

  /** Whose query it is. */
  get user(): string {
    return this.#user.name;
  }

  /** Whether nobody is asked any more. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Waits for a place for one more cluster, then asks it; resolves to the work under way. */
  async start(chosen: ChosenCluster, errand: Errand): Promise<{ readonly done: Promise<void> }> {
    const { name, failure } = chosen;
    if (failure !== undefined) return { done: this.#fail(name, failure, 0, errand) };
    const ending = new AbortController();
    const tooSlow = () => ending.abort(outwaited());
    const place =
      this.#end === undefined ? await this.#shared.gate.enter(this, tooSlow) : undefined;
    if (place === undefined || this.#end !== undefined) {
      place?.leave();
      return { done: this.#fail(name, this.#notAsked(), 0, errand) };
    }
    return { done: this.#ask(name, place, ending, errand) };
  }

  /** Ends one cluster. */
  drop(cluster: string, reason: ClusterFailedError): void {
    this.#asked.get(cluster)?.abort(reason);
  }

  /** Ends everything; clusters that have not answered fail with `reason`. */
  end(reason: ClusterFailedError): void {
    this.#end ??= reason;
    for (const ending of this.#asked.values()) ending.abort(this.#end);
    this.#shared.gate.dismiss(this);
  }

  async #ask(
    cluster: string,
    place: Place,
    ending: AbortController,
    { from, maxRows, limitMs, tell }: Errand,
  ): Promise<void> {
    const { clusters, permits, memory } = this.#shared;
    const { signal } = ending;
    this.#asked.set(cluster, ending);
    const limit = new TimeLimit(limitMs, () => ending.abort(late(limitMs)));
    let told = 0;
    const heard = () => place.heard();
    const user = this.#user;
    const api = new ClusterApi({ cluster, clusters, user, permits, heard, signal });
    try {
      const next = await askCluster(api, this.#question, {
        ...{ from, maxRows, memory },
        tell: async (rows) => {
          this.#count(rows.bytes);
          // Whose turn comes later, or whose reader is slow, has answered all the same.
          await limit.pause(tell({ kind: "rows", cluster, rows }));
          told += rows.rows.length;
          signal.throwIfAborted();
        },
      });
      this.#leave(cluster, place, limit);
      await tell({ kind: "answered", cluster, next });
    } catch (error) {
      this.#leave(cluster, place, limit);
      await this.#fail(cluster, error, told, { tell });
    }
  }

  #notAsked(): ClusterFailedError {
    return new ClusterFailedError(this.#end?.reason ?? "Deadline", "it was not asked in time");
  }

  #leave(cluster: string, place: Place, limit: TimeLimit): void {
    limit[Symbol.dispose]();
    this.#asked.delete(cluster);
    place.leave();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_QUERY_BYTES)
      throw new ClusterFailedError(
        "TooLarge",
        `all answers together are over ${MAX_QUERY_BYTES} bytes`,
      );
  }

  #fail(
    cluster: string,
    error: unknown,
    rows: number,
    { tell }: Pick<Errand, "tell">,
  ): Promise<void> {
    return tell({ kind: "failed", cluster, failure: failureOf(cluster, error, rows) });
  }
}

/** The cluster had its time. */
export function late(limitMs: number): ClusterFailedError {
  return new ClusterFailedError("Deadline", `no complete answer within ${limitMs / 1000} s`);
}

/** The query is over for another reason than its time. */
export function gone(): ClusterFailedError {
  return new ClusterFailedError("Deadline", "nobody waits for the answer any more");
}

function outwaited(): ClusterFailedError {
  return new ClusterFailedError("Deadline", "no answer while other clusters waited for their turn");
}
