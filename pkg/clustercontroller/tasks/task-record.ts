import {
  CLUSTER_CONTROLLER,
  type ClusterVerdict,
  type TaskSummary,
} from "../../apis/cluster-controller.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isUnacceptable } from "../../apis/status.ts";
import { fitVerdict, type Page, ResultPages, VERDICT_BYTES } from "./result-pages.ts";
import type { ResultStore, TaskKey } from "./result-store.ts";
import { statusOf, TaskTally } from "./task-status.ts";

/**
 * What has come of one task, on its way to the API. Verdicts are collected while a write is under way
 * and go out together with the next one: a thousand answers cost a handful of writes.
 */
export class TaskRecord {
  readonly key: TaskKey;
  readonly #client: ResourceClient;
  readonly #results: ResultStore;
  readonly #accepted: string;
  readonly #pages: ResultPages;
  readonly #tally: TaskTally;
  /** Verdicts that are in no page object yet, by page. */
  #unpaged = new Map<number, Record<string, ClusterVerdict>>();
  /** Verdicts that are in a page, but not in the status yet. */
  #inline: Record<string, ClusterVerdict> = {};
  #stale = true;

  constructor(
    key: TaskKey,
    pages: readonly Page[],
    client: ResourceClient,
    results: ResultStore,
    accepted: string,
  ) {
    this.key = key;
    this.#client = client;
    this.#results = results;
    this.#accepted = accepted;
    this.#pages = new ResultPages(pages);
    this.#tally = new TaskTally(pages.reduce((sum, { selected }) => sum + selected.length, 0));
    for (const page of pages) {
      for (const [cluster, verdict] of Object.entries(page.results)) this.#count(cluster, verdict);
    }
  }

  /** "namespace/name" of the task's object. */
  get objectKey(): string {
    return `${this.key.namespace}/${this.key.name}`;
  }

  get selected(): number {
    return this.#tally.selected;
  }

  get summary(): TaskSummary {
    return this.#tally.summary;
  }

  /** Whether every verdict is in the API. */
  get completed(): boolean {
    return this.#tally.pending === 0 && !this.#stale && this.#unpaged.size === 0;
  }

  /** The selected clusters that have no verdict on these pages. */
  waiting(pages: readonly Page[]): string[] {
    const answered = new Set(pages.flatMap(({ results }) => Object.keys(results)));
    return pages.flatMap(({ selected }) => selected).filter((cluster) => !answered.has(cluster));
  }

  /** Takes a verdict; a second one of the same cluster is left out. */
  add(cluster: string, verdict: ClusterVerdict): void {
    const fitted = fitVerdict(verdict, VERDICT_BYTES);
    const page = this.#pages.place(cluster, fitted);
    if (page === undefined) return;
    const results = this.#unpaged.get(page) ?? {};
    results[cluster] = fitted;
    this.#unpaged.set(page, results);
  }

  /** Writes what has been collected: first the pages, then the status, which never says more than they do. */
  async flush(signal: AbortSignal): Promise<void> {
    for (const [page, results] of this.#unpaged) {
      this.#unpaged.delete(page);
      try {
        await this.#add(page, results, signal);
      } catch (error) {
        this.#unpaged.set(page, { ...results, ...this.#unpaged.get(page) });
        throw error;
      }
      for (const [cluster, verdict] of Object.entries(results)) this.#count(cluster, verdict);
    }
    if (this.#stale) await this.#writeStatus(signal);
  }

  /** What an API refuses to keep must not hold back the verdict: it is written without its body. */
  async #add(
    page: number,
    results: Readonly<Record<string, ClusterVerdict>>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#results.add(this.key, page, results, this.selected, signal);
    } catch (error) {
      if (!isUnacceptable(error)) throw error;
      const bare = Object.entries(results).map(([cluster, { body: _, ...verdict }]) => [
        cluster,
        { ...verdict, truncated: true },
      ]);
      await this.#results.add(this.key, page, Object.fromEntries(bare), this.selected, signal);
    }
  }

  #count(cluster: string, verdict: ClusterVerdict): void {
    const inline = this.#tally.add(verdict);
    if (inline !== undefined) this.#inline[cluster] = inline;
    this.#stale = true;
  }

  async #writeStatus(signal: AbortSignal): Promise<void> {
    const clusters = this.#inline;
    this.#inline = {};
    this.#stale = false;
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const status = { ...statusOf(this.#tally, { accepted: this.#accepted, now }), clusters };
    try {
      await this.#client.patch(
        CLUSTER_CONTROLLER,
        this.key,
        "merge",
        { status },
        { subresource: "status" },
        signal,
      );
    } catch (error) {
      this.#inline = { ...clusters, ...this.#inline };
      this.#stale = true;
      throw error;
    }
  }
}
