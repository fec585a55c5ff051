import type { QueryEvent, QueryFailure, QuerySummary } from "../../apis/cluster-query.ts";
import { errorText } from "../../base/errors.ts";
import { failureLines } from "./failure-text.ts";
import type { GetOptions } from "./get-options.ts";
import type { Printer } from "./printer.ts";

/** Where results go. */
export interface GetIo {
  /** Resolves when more may be written. */
  readonly write: (text: string) => Promise<void>;
  /** A line for the person who looks on. */
  readonly tell: (line: string) => void;
  /** A text that stands at the end of the terminal until the next one; "" for none. Absent without a terminal. */
  readonly progress?: ((text: string) => void) | undefined;
}

/** Rows wait so long for others that are aligned with them. */
const GATHER_MS = 200;

/** An answer, and what was asked for: those of the same resource are one table. */
export interface GetAnswer {
  readonly resource: string;
  /** It is well if a cluster does not have such objects, or not that one. */
  readonly mayBeMissing: boolean;
  readonly events: AsyncIterable<QueryEvent>;
}

/**
 * Prints what queries tell, one after another, as it comes. Resolves with the exit code: 0 if every cluster has answered.
 * Rejects when the first of `answers` does, and when what comes cannot be printed as it was asked for.
 */
export async function printAnswers(
  answers: AsyncIterable<GetAnswer>,
  printer: Printer,
  options: GetOptions,
  io: GetIo,
): Promise<number> {
  const answer = new Answer(printer, options, io);
  const source = answers[Symbol.asyncIterator]();
  let isBegun = false;
  for (;;) {
    const next = await source.next().catch((error: unknown) => new FailedAnswer(error));
    if (next instanceof FailedAnswer) {
      if (!isBegun) throw next.error;
      return answer.end(errorText(next.error));
    }
    if (next.done === true) return answer.end();
    answer.begin(next.value);
    isBegun = true;
    const why = await answer.tell(next.value.events);
    if (why !== undefined) return answer.end(why);
  }
}

class FailedAnswer {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

class Answer {
  readonly #printer: Printer;
  readonly #options: GetOptions;
  readonly #io: GetIo;
  readonly #failures = new Map<string, QueryFailure>();
  #resource: string | undefined;
  #mayBeMissing = false;
  #selected = 0;
  #asked = 0;
  #heard = 0;
  #rows = 0;
  #next: string | undefined;

  constructor(printer: Printer, options: GetOptions, io: GetIo) {
    this.#printer = printer;
    this.#options = options;
    this.#io = io;
  }

  /** Rows of this resource come from now on. */
  begin({ resource, mayBeMissing }: GetAnswer): void {
    this.#mayBeMissing = mayBeMissing;
    if (this.#resource !== undefined && this.#resource !== resource) this.#printer.next();
    this.#resource = resource;
  }

  /** Takes all that comes; resolves with why there may be more, if it was cut off. */
  async tell(events: AsyncIterable<QueryEvent>): Promise<string | undefined> {
    let summary: QuerySummary | undefined;
    this.#heard = 0;
    const source = inTime(events, () => this.#flush())[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await source.next().catch((error: unknown) => errorText(error));
        // What has come is worth showing all the same.
        if (typeof next === "string") return next;
        if (next.done === true) break;
        if (next.value.type === "END") summary = next.value;
        this.#take(next.value);
      }
    } finally {
      await source.return?.(undefined);
    }
    if (summary === undefined) return "the connection ended";
    this.#asked = Math.max(this.#asked, summary.asked);
    this.#rows += summary.rows;
    this.#next = summary.continue;
    return undefined;
  }

  /** `cut` says why there may be more. */
  async end(cut?: string): Promise<number> {
    const { progress, write, tell } = this.#io;
    progress?.("");
    await write(this.#printer.text() + this.#printer.end());
    const failures = [...this.#failures.values()];
    for (const line of failureLines(failures, progress !== undefined)) tell(line);
    if (cut !== undefined) {
      tell(`the answer was cut off, there may be more: ${cut}`);
      return 1;
    }
    if (this.#selected === 0) {
      const { clusters, clusterSelector } = this.#options;
      tell(`no cluster is selected by ${JSON.stringify(clusters ?? clusterSelector)}`);
      return 1;
    }
    const failed = new Set(failures.map(({ cluster }) => cluster)).size;
    if (failed > 0) tell(`${failed} of ${this.#asked} clusters did not answer`);
    else if (this.#rows === 0) tell("No resources found");
    if (this.#next !== undefined) tell(`there is more: --continue ${this.#next}`);
    // Clusters that are only a way to others have nothing to say, however often they are asked.
    return failures.every(({ reason }) => reason === "NoApi") ? 0 : 1;
  }

  #take(event: QueryEvent): void {
    switch (event.type) {
      case "SELECTED":
        this.#selected = Math.max(this.#selected, event.clusters);
        break;
      case "COLUMNS":
        this.#printer.columns(event.columns);
        break;
      case "ROWS":
        this.#printer.rows(event);
        break;
      case "ANSWERED":
        this.#heard++;
        break;
      case "FAILED":
        this.#heard++;
        this.#failed(event);
        break;
      case "END":
        break;
    }
  }

  /** A cluster that is away is away for every question. */
  #failed({ cluster, reason, message, rows }: QueryFailure): void {
    if (reason === "NotFound" && this.#mayBeMissing) return;
    const key = JSON.stringify([cluster, reason, message]);
    const before = this.#failures.get(key)?.rows ?? 0;
    this.#failures.set(key, { cluster, reason, message, rows: before + rows });
  }

  async #flush(): Promise<void> {
    const { progress, write } = this.#io;
    const text = this.#printer.text();
    if (text !== "") {
      progress?.("");
      await write(text);
    }
    progress?.(`${this.#heard} of ${this.#selected} clusters`);
  }
}

/** The same events; `now` is called again and again, and not while it works. */
async function* inTime(
  events: AsyncIterable<QueryEvent>,
  now: () => Promise<void>,
): AsyncGenerator<QueryEvent> {
  const source = events[Symbol.asyncIterator]();
  let last = performance.now();
  try {
    let pending = source.next();
    for (;;) {
      const left = last + GATHER_MS - performance.now();
      const result = left > 0 ? await orLater(pending, left) : undefined;
      if (result === undefined) {
        await now();
        last = performance.now();
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      pending = source.next();
    }
  } finally {
    await source.return?.();
  }
}

/** What `pending` resolves to; undefined if that takes longer than `ms`. */
function orLater<T>(pending: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    pending.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
