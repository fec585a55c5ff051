import type { ClusterVerdict, FrozenOrder } from "../../apis/cluster-controller.ts";

/** Largest page in bytes of JSON; below the 512 KiB that one result object may have, with room for its frame. */
export const PAGE_BYTES = 400 * 1024;
/** Most JSON bytes of one verdict; a longer body is cut. */
export const VERDICT_BYTES = 300 * 1024;
/** Most names selected on one page. */
export const NAMES_PER_PAGE = 2000;

/** Most characters of the encoded task on one page. */
export const ORDER_PER_PAGE = 200 * 1024;

/** A task as pages keep it. */
export interface TaskOrderText {
  /** The encoded TaskBody, base64. */
  readonly body: string;
  readonly deadlineSeconds: number;
  readonly parallelism?: number | undefined;
}

/** What one page of a task's outcome holds. */
export interface Page {
  readonly order?: FrozenOrder | undefined;
  readonly selected: readonly string[];
  readonly results: Readonly<Record<string, ClusterVerdict>>;
}

/**
 * Spreads the outcome of one task over pages of bounded size. Pages are only ever added to: a cluster's
 * verdict, once placed, stays where it is.
 */
export class ResultPages {
  readonly #sizes: number[];
  readonly #placed: Set<string>;

  /** Continues with the pages that exist already. */
  constructor(pages: readonly Page[]) {
    this.#sizes = pages.map((page) => Buffer.byteLength(JSON.stringify(page)));
    this.#placed = new Set(pages.flatMap((page) => Object.keys(page.results)));
  }

  /** How many pages there are. */
  get count(): number {
    return this.#sizes.length;
  }

  /** Places one verdict; returns its page (from 0), or undefined if the cluster has one already. */
  place(cluster: string, verdict: ClusterVerdict): number | undefined {
    if (this.#placed.has(cluster)) return undefined;
    this.#placed.add(cluster);
    const size = Buffer.byteLength(JSON.stringify(verdict)) + cluster.length + 8;
    let page = this.#sizes.findIndex((used) => used + size <= PAGE_BYTES);
    if (page < 0) page = this.#sizes.push(0) - 1;
    this.#sizes[page] = (this.#sizes[page] ?? 0) + size;
    return page;
  }
}

/** The first pages of a new task: its order, and the selected names; there is always one. */
export function firstPages(selected: readonly string[], order: TaskOrderText): Page[] {
  const { body, deadlineSeconds, parallelism } = order;
  const count = Math.max(
    1,
    Math.ceil(selected.length / NAMES_PER_PAGE),
    Math.ceil(body.length / ORDER_PER_PAGE),
  );
  return Array.from({ length: count }, (_, page) => {
    const part = body.slice(page * ORDER_PER_PAGE, (page + 1) * ORDER_PER_PAGE);
    const durations = page === 0 ? { deadlineSeconds, parallelism } : {};
    return {
      ...(part === "" && page > 0
        ? {}
        : { order: { ...(part === "" ? {} : { body: part }), ...durations } }),
      selected: selected.slice(page * NAMES_PER_PAGE, (page + 1) * NAMES_PER_PAGE),
      results: {},
    };
  });
}

/** The order that stands on the pages of a task. */
export function orderOf(pages: readonly Page[]): TaskOrderText {
  const body = pages.map(({ order }) => order?.body ?? "").join("");
  return {
    body,
    deadlineSeconds: pages[0]?.order?.deadlineSeconds ?? 0,
    parallelism: pages[0]?.order?.parallelism,
  };
}

/** The verdict with its body cut so that it takes at most `limit` bytes of JSON. */
export function fitVerdict(verdict: ClusterVerdict, limit: number): ClusterVerdict {
  let { body = "" } = verdict;
  let cut = verdict;
  for (let size = jsonBytes(cut); size > limit && body !== ""; size = jsonBytes(cut)) {
    body = body.slice(0, Math.floor(body.length * Math.min(0.9, limit / size)));
    cut = { ...verdict, body, truncated: true };
  }
  return cut;
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
