import type { QueryEvent, QueryFailure, QuerySummary } from "../../apis/cluster-query.ts";
import { errorText } from "../../base/errors.ts";
import { failureLines } from "./failure-text.ts";
import type { GetOptions } from "./get-options.ts";
import { type Printer, printerFor } from "./printers.ts";

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

/** Prints what a query tells, as it comes. Resolves with the exit code: 0 if every cluster has answered. */
export async function printAnswer(
  events: AsyncIterable<QueryEvent>,
  options: GetOptions,
  io: GetIo,
): Promise<number> {
  const answer = new Answer(printerFor(options), options, io);
  try {
    for await (const event of inTime(events, () => answer.flush())) answer.take(event);
  } catch (error) {
    // What has come is worth showing all the same.
    return answer.end(errorText(error));
  }
  return answer.end();
}

class Answer {
  readonly #printer: Printer;
  readonly #options: GetOptions;
  readonly #io: GetIo;
  readonly #failures: QueryFailure[] = [];
  #selected = 0;
  #heard = 0;
  #summary: QuerySummary | undefined;

  constructor(printer: Printer, options: GetOptions, io: GetIo) {
    this.#printer = printer;
    this.#options = options;
    this.#io = io;
  }

  take(event: QueryEvent): void {
    switch (event.type) {
      case "SELECTED":
        this.#selected = event.clusters;
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
        this.#failures.push(event);
        break;
      case "END":
        this.#summary = event;
        break;
    }
  }

  async flush(): Promise<void> {
    const { progress, write } = this.#io;
    const text = this.#printer.text();
    if (text !== "") {
      progress?.("");
      await write(text);
    }
    progress?.(`${this.#heard} of ${this.#selected} clusters`);
  }

  /** `why` the answer was cut off, if it is known. */
  async end(why = "the connection ended"): Promise<number> {
    const { progress, write, tell } = this.#io;
    progress?.("");
    await write(this.#printer.text() + this.#printer.end());
    for (const line of failureLines(this.#failures, progress !== undefined)) tell(line);
    if (this.#summary === undefined) {
      tell(`the answer was cut off, there may be more: ${why}`);
      return 1;
    }
    return this.#conclude(this.#summary);
  }

  #conclude({ asked, failed, rows, continue: next }: QuerySummary): number {
    const { tell } = this.#io;
    if (this.#selected === 0) {
      tell(
        `no cluster is selected by ${JSON.stringify(this.#options.clusters ?? this.#options.clusterSelector)}`,
      );
      return 1;
    }
    if (failed > 0) tell(`${failed} of ${asked} clusters did not answer`);
    else if (rows === 0) tell("No resources found");
    if (next !== undefined) tell(`there is more: --continue ${next}`);
    // Clusters that are only a way to others have nothing to say, however often they are asked.
    return this.#failures.every(({ reason }) => reason === "NoApi") ? 0 : 1;
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
