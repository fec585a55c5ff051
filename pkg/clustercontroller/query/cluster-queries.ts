import type { ClusterProxy } from "../../apis/cluster-proxy.ts";
import type { QueryEvent } from "../../apis/cluster-query.ts";
import { isStatus, StatusError } from "../../apis/status.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { Question, ResourceMemory } from "./ask-cluster.ts";
import {
  type ChosenCluster,
  type ClusterChoice,
  type ClusterDirectory,
  chooseClusters,
  type QueryCaller,
} from "./choose-clusters.ts";
import { digestOf, parsePlace, placeText } from "./continue-token.ts";
import { GATE_LIMITS, Gate, type GateLimits } from "./gate.ts";
import { asTheyAnswer, inOrder, type QueryScope } from "./orders.ts";
import { Permits } from "./permits.ts";
import { gone, late, QueryRun } from "./query-run.ts";
import { QueryStory } from "./query-story.ts";
import { QueryTurns, type TurnLimits } from "./query-turns.ts";
import type { ResourceName, ServedResource } from "./resource-name.ts";
import { usualResource } from "./resource-name.ts";

/** A question to many clusters. */
export interface ClusterQuery {
  readonly question: Question;
  readonly choice: ClusterChoice;
  /** `choice` as it was written, for the log and to know the question again. */
  readonly choiceText: string;
  readonly deadlineMs: number;
  /** Rows on a page; undefined for everything, in the order in which clusters answer. */
  readonly limit: number | undefined;
  /** What the page before said; "" for the first. */
  readonly continue: string;
}

/** What a tier asks its clusters with. */
export interface ClusterQueriesParts {
  readonly clusters: ClusterProxy;
  readonly directory: ClusterDirectory;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Absent: the usual ones. */
  readonly limits?: GateLimits | undefined;
  readonly turnLimits?: TurnLimits | undefined;
}

/** Those who may hold a large object of an answer at a time: all, and of one user. */
const LARGE = { all: 8, each: 4 };
/** Names of resources whose meaning is remembered. */
const MAX_RESOURCES = 1000;

/** Asks the APIs of many clusters the same, and tells the answers as one. */
export class ClusterQueries {
  readonly #parts: ClusterQueriesParts;
  readonly #gate: Gate;
  readonly #turns: QueryTurns;
  readonly #permits = new Permits(LARGE);
  readonly #memory = new LearntResources();

  constructor(parts: ClusterQueriesParts) {
    this.#parts = parts;
    this.#gate = new Gate(parts.limits ?? GATE_LIMITS);
    this.#turns = new QueryTurns(parts.turnLimits);
  }

  /** Clusters that are asked at this moment. */
  get asked(): number {
    return this.#gate.size;
  }

  /**
   * The answer, event by event; who reads slowly slows the clusters down, and everything ends with the iteration or with
   * `signal`. Throws a StatusError or a SelectorError before the first event when nobody can be asked.
   */
  async *ask(
    query: ClusterQuery,
    caller: QueryCaller,
    signal: AbortSignal,
  ): AsyncGenerator<QueryEvent, void> {
    const turn = await this.#turn(caller, signal);
    try {
      this.#gauge();
      const chosen = await chooseClusters(query.choice, this.#parts.directory, caller, signal);
      yield* this.#tell(query, caller, chosen, signal);
    } finally {
      turn[Symbol.dispose]();
      this.#gauge();
    }
  }

  async #turn({ user }: QueryCaller, signal: AbortSignal): Promise<Disposable> {
    try {
      return await this.#turns.take(user.name, signal);
    } catch (error) {
      if (isStatus(error, "TooManyRequests"))
        this.#parts.metrics.count("ote_queries_refused_total");
      throw error;
    }
  }

  async *#tell(
    query: ClusterQuery,
    caller: QueryCaller,
    all: readonly ChosenCluster[],
    signal: AbortSignal,
  ): AsyncGenerator<QueryEvent, void> {
    const { deadlineMs, limit: maxRows, question, choiceText } = query;
    const digest = digestOf([question, choiceText]);
    const from = query.continue === "" ? undefined : parsePlace(query.continue, digest);
    if (query.continue !== "" && from === undefined)
      throw StatusError.of("BadRequest", "the continue token does not belong to this query");
    const chosen = from === undefined ? all : all.filter(({ name }) => name >= from.at);
    const story = new QueryStory(chosen.length);
    const run = new QueryRun(this.#shared, question, caller.user);
    const timer = setTimeout(() => run.end(late(deadlineMs)), deadlineMs);
    const stop = () => run.end(gone());
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const scope: QueryScope = { deadlineMs, maxRows, from };
    const began = performance.now();
    try {
      yield { type: "SELECTED", clusters: chosen.length };
      const happenings =
        maxRows === undefined
          ? asTheyAnswer(run, chosen, scope)
          : inOrder(run, chosen, { ...scope, maxRows });
      const place = yield* story.tell(happenings, (cluster, reason) => run.drop(cluster, reason));
      yield story.end(place && placeText(place, digest));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      this.#note(story, query, caller, performance.now() - began);
    }
  }

  get #shared() {
    const { clusters } = this.#parts;
    return { clusters, gate: this.#gate, permits: this.#permits, memory: this.#memory };
  }

  #gauge(): void {
    this.#parts.metrics.gauge("ote_queries", this.#turns.size);
  }

  #note(story: QueryStory, query: ClusterQuery, { user }: QueryCaller, ms: number): void {
    const { log, metrics } = this.#parts;
    for (const [outcome, count] of story.outcomes)
      metrics.count("ote_query_clusters_total", { outcome }, count);
    const { answered, failed, rows } = story.counts;
    const clusters = query.choiceText.slice(0, 200);
    const fields = { user: user.name, clusters, answered, failed, rows, ms: Math.round(ms) };
    log.info(fields, "query");
  }
}

/** What resources were found to be, the latest ones. */
class LearntResources implements ResourceMemory {
  readonly #learnt = new Map<string, ServedResource>();

  known(name: ResourceName): ServedResource | undefined {
    return usualResource(name) ?? this.#learnt.get(JSON.stringify(name));
  }

  learn(name: ResourceName, resource: ServedResource): void {
    const key = JSON.stringify(name);
    this.#learnt.delete(key);
    this.#learnt.set(key, resource);
    const [oldest] = this.#learnt.keys();
    if (this.#learnt.size > MAX_RESOURCES && oldest !== undefined) this.#learnt.delete(oldest);
  }
}
