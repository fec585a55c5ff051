import type { QueryColumn, QueryEvent, QueryRow } from "../../apis/cluster-query.ts";

/** Rows of one cluster. */
export type Rows = QueryEvent & { readonly type: "ROWS" };

/** Turns rows into text, as they come. */
export interface Printer {
  columns(columns: readonly QueryColumn[]): void;
  rows(event: Rows): void;
  /** Rows of another resource come from now on. */
  next(): void;
  /** What can be printed now. */
  text(): string;
  /** What comes after everything. */
  end(): string;
}

/** What is held until it can be printed is too much. */
export class TooMuchToHoldError extends TypeError {}

/** Characters of JSON that may be held. */
const MAX_HELD = 128 * 1024 * 1024;

/** A row that waits, and where it is from. */
export interface HeldRow {
  readonly cluster: string;
  readonly resource: string | undefined;
  readonly row: QueryRow;
}

/** Rows that wait for all others, up to a limit. */
export class HeldRows {
  readonly #why: string;
  readonly #max: number;
  readonly #rows: HeldRow[] = [];
  #size = 0;

  /** `why` begins the error: "Cannot sort by name". */
  constructor(why: string, max = MAX_HELD) {
    this.#why = why;
    this.#max = max;
  }

  get all(): readonly HeldRow[] {
    return this.#rows;
  }

  /** Throws a TooMuchToHoldError. */
  add(held: HeldRow): void {
    this.#size += JSON.stringify(held.row).length;
    if (this.#size > this.#max)
      throw new TooMuchToHoldError(
        `${this.#why}: all rows must be there before the first can be printed, and they are over ${this.#max} bytes; select less (--clusters, -l), or do without`,
      );
    this.#rows.push(held);
  }

  clear(): void {
    this.#rows.length = 0;
    this.#size = 0;
  }
}

/** Prints when all rows are there. */
export abstract class HoldingPrinter implements Printer {
  protected readonly held: HeldRows;

  /** `why` begins the error when there are too many: "Cannot sort by name". */
  constructor(why: string) {
    this.held = new HeldRows(why);
  }

  columns(): void {}

  next(): void {}

  rows({ cluster, resource, rows }: Rows): void {
    for (const row of rows) this.held.add({ cluster, resource, row });
  }

  text(): string {
    return "";
  }

  abstract end(): string;
}
