import type { ChosenCluster } from "./choose-clusters.ts";
import type { QueryPlace } from "./continue-token.ts";
import { ClusterFailedError } from "./failure.ts";
import { Handover } from "./handover.ts";
import { gone, type Happening, type QueryRun } from "./query-run.ts";

/** How much a query may tell, and for how long. */
export interface QueryScope {
  readonly deadlineMs: number;
  /** Rows on a page; undefined for everything as it comes. */
  readonly maxRows: number | undefined;
  readonly from: QueryPlace | undefined;
}

/** Bytes of rows on one page. */
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** Clusters that are asked ahead of the one whose turn it is: at first, and at most. */
const FIRST_AHEAD = 8;
const MOST_AHEAD = 64;

/** Everything from every cluster, whoever answers first; the work ends with the iteration. */
export async function* asTheyAnswer(
  run: QueryRun,
  chosen: readonly ChosenCluster[],
  { deadlineMs }: QueryScope,
): AsyncGenerator<Happening, undefined> {
  const told = new Handover<Happening>();
  const tell = (happening: Happening) => told.give(happening);
  const errand = { from: "", maxRows: Number.POSITIVE_INFINITY, limitMs: deadlineMs, tell };
  const work = async (): Promise<void> => {
    const all: Promise<void>[] = [];
    for (const cluster of chosen) {
      const { done } = await run.start(cluster, errand);
      // Those that are not asked need no place, so only the reader can set their pace.
      if (cluster.failure !== undefined || run.isOver) await done;
      else all.push(done);
    }
    await Promise.all(all);
    told.close();
  };
  const working = work();
  try {
    for (;;) {
      const happening = await told.take();
      if (happening === undefined) return undefined;
      yield happening;
    }
  } finally {
    told.cancel();
    run.end(gone());
    await working;
  }
}

/** A cluster that is asked before its turn; it waits with its first rows. */
interface Ahead {
  readonly told: Handover<Happening>;
  readonly done: Promise<void>;
}

/**
 * One page: the clusters by name, until it is full. Returns where the next page begins; undefined after the last
 * one. The work ends with the iteration.
 */
export async function* inOrder(
  run: QueryRun,
  chosen: readonly ChosenCluster[],
  scope: QueryScope & { readonly maxRows: number },
): AsyncGenerator<Happening, QueryPlace | undefined> {
  const page = new Page(run, chosen, scope);
  try {
    return yield* page.happenings();
  } finally {
    await page.end();
  }
}

class Page {
  readonly #run: QueryRun;
  readonly #chosen: readonly ChosenCluster[];
  readonly #scope: QueryScope & { readonly maxRows: number };
  readonly #ahead = new Map<number, Promise<Ahead>>();
  #window = FIRST_AHEAD;
  #rows = 0;
  #bytes = 0;

  constructor(
    run: QueryRun,
    chosen: readonly ChosenCluster[],
    scope: QueryScope & { readonly maxRows: number },
  ) {
    this.#run = run;
    this.#chosen = chosen;
    this.#scope = scope;
  }

  async *happenings(): AsyncGenerator<Happening, QueryPlace | undefined> {
    for (let at = 0; at < this.#chosen.length; at++) {
      const heard = await this.#fitting(at);
      if (heard === undefined) return this.#place(at, this.#from(at));
      yield* this.#told(heard);
      const last = heard.at(-1);
      if (last?.kind === "answered" && last.next !== "") return this.#place(at, last.next);
      if (this.#room <= 0 || this.#run.isOver) return this.#place(at + 1, "");
      this.#window = Math.min(2 * this.#window, MOST_AHEAD);
    }
    return undefined;
  }

  /** What there is room for of the cluster whose turn it is; undefined if its turn is on the next page. */
  async #fitting(at: number): Promise<Happening[] | undefined> {
    const heard = await this.#turn(at);
    // Not told in time: its turn comes again, as long as there is something to tell now.
    if (this.#run.isOver && heard.at(-1)?.kind === "failed" && at > 0) return undefined;
    if (this.#fits(heard)) return heard;
    const less = await this.#inRoom(at);
    return this.#fits(less) || at === 0 ? less : undefined;
  }

  /** Rows for which there is room on the page. */
  get #room(): number {
    return this.#scope.maxRows - this.#rows;
  }

  #fits(heard: readonly Happening[]): boolean {
    const rows = heard.reduce((sum, one) => sum + rowsOf(one), 0);
    const bytes = heard.reduce((sum, one) => sum + bytesOf(one), 0);
    return rows <= this.#room && this.#bytes + bytes <= MAX_PAGE_BYTES;
  }

  *#told(heard: readonly Happening[]): Generator<Happening> {
    for (const happening of heard) {
      this.#rows += rowsOf(happening);
      this.#bytes += bytesOf(happening);
      yield happening;
    }
  }

  /** Asks once more for just so much as the page has room for: only the API itself can say how it goes on from there. */
  async #inRoom(at: number): Promise<Happening[]> {
    const { told, done } = await this.#start(at, this.#room);
    const heard = await this.#whole(told);
    await done;
    return heard;
  }

  /** Lets those go that were asked ahead. */
  async end(): Promise<void> {
    this.#run.end(gone());
    const all = await Promise.all(this.#ahead.values());
    for (const { told } of all) told.cancel();
    await Promise.all(all.map(({ done }) => done));
  }

  /** Everything of the cluster whose turn it is. */
  async #turn(at: number): Promise<Happening[]> {
    const last = Math.min(at + this.#window, this.#chosen.length);
    for (let next = at; next < last; next++)
      if (!this.#ahead.has(next)) this.#ahead.set(next, this.#start(next));
    const { told } = await (this.#ahead.get(at) as Promise<Ahead>);
    try {
      return await this.#whole(told);
    } finally {
      this.#ahead.delete(at);
    }
  }

  async #whole(told: Handover<Happening>): Promise<Happening[]> {
    const heard: Happening[] = [];
    let bytes = 0;
    for (;;) {
      const happening = await told.take();
      if (happening === undefined) return heard;
      bytes += bytesOf(happening);
      const isTooMuch = bytes > MAX_PAGE_BYTES;
      if (happening.kind !== "rows")
        return isTooMuch ? [nothingOf(happening)] : [...heard, happening];
      if (isTooMuch) {
        heard.length = 0;
        this.#run.drop(happening.cluster, tooLarge());
      } else heard.push(happening);
    }
  }

  async #start(at: number, maxRows = this.#scope.maxRows): Promise<Ahead> {
    const { deadlineMs } = this.#scope;
    const told = new Handover<Happening>();
    const chosen = this.#chosen[at] as ChosenCluster;
    const { done } = await this.#run.start(chosen, {
      from: this.#from(at),
      maxRows,
      // One that never answers must not be all that a page tells of.
      limitMs: deadlineMs / 2,
      tell: (happening) => told.give(happening),
    });
    return { told, done };
  }

  /** Only the first cluster of a page can have been told of in part. */
  #from(at: number): string {
    const { from } = this.#scope;
    return at === 0 && from?.at === this.#chosen[0]?.name ? (from?.next ?? "") : "";
  }

  #place(at: number, next: string): QueryPlace | undefined {
    const name = this.#chosen[at]?.name;
    return name === undefined ? undefined : { at: name, next };
  }
}

function rowsOf(happening: Happening): number {
  return happening.kind === "rows" ? happening.rows.rows.length : 0;
}

function bytesOf(happening: Happening): number {
  return happening.kind === "rows" ? happening.rows.bytes : 0;
}

/** The end of a cluster whose rows are too many to be told. */
function nothingOf({ cluster }: Happening): Happening {
  const { reason, message } = tooLarge();
  return { kind: "failed", cluster, failure: { cluster, reason, message, rows: 0 } };
}

function tooLarge(): ClusterFailedError {
  const text = `its rows are over ${MAX_PAGE_BYTES} bytes, more than one page; ask for fewer, or without a limit as a stream`;
  return new ClusterFailedError("TooLarge", text);
}
