import type { QueryColumn, QueryRow } from "../../apis/cluster-query.ts";
import { findValues } from "./find-values.ts";
import { isFieldPath } from "./get-options.ts";
import { parsePath } from "./json-path.ts";
import { HeldRows, type Printer, type Rows } from "./printer.ts";
import { compareKeys, type SortKey } from "./sort-key.ts";

/** Waits for all rows, and hands them on sorted; so it holds them, up to a limit. */
export class SortingPrinter implements Printer {
  readonly #printer: Printer;
  readonly #by: string;
  readonly #needsObjects: boolean;
  readonly #keyOf: ((row: QueryRow) => SortKey) | undefined;
  readonly #held: HeldRows;
  /** Found when a row comes: what it was found in is not held. */
  readonly #keys = new Map<QueryRow, SortKey>();
  #columns: readonly QueryColumn[] = [];

  /**
   * `by` is a column, or a path into objects. Throws a JsonPathError. `needsObjects`: they are printed; else only what tables
   * show of them is held.
   */
  constructor(printer: Printer, by: string, needsObjects: boolean) {
    this.#printer = printer;
    this.#by = by;
    this.#needsObjects = needsObjects;
    this.#keyOf = isFieldPath(by) ? keyAt(by) : undefined;
    this.#held = new HeldRows(`Cannot sort by ${JSON.stringify(by)}`);
  }

  columns(columns: readonly QueryColumn[]): void {
    this.#columns = columns;
  }

  rows({ cluster, resource, rows }: Rows): void {
    for (const given of rows) {
      const row = this.#needsObjects ? given : slim(given);
      if (this.#keyOf !== undefined) this.#keys.set(row, this.#keyOf(given));
      this.#held.add({ cluster, resource, row });
    }
  }

  next(): void {
    this.#handOn();
    this.#printer.next();
  }

  text(): string {
    return this.#printer.text();
  }

  end(): string {
    this.#handOn();
    return this.#printer.text() + this.#printer.end();
  }

  #handOn(): void {
    const keyOf = this.#keyOf === undefined ? this.#cell() : this.#key();
    const sorted = this.#held.all
      .map((held) => ({ held, key: keyOf(held.row) }))
      .sort((a, b) => compareKeys(a.key, b.key));
    this.#printer.columns(this.#columns);
    for (const { held } of sorted) {
      const { row, ...from } = held;
      this.#printer.rows({ type: "ROWS", ...from, rows: [row] });
    }
    this.#held.clear();
    this.#keys.clear();
  }

  #key(): (row: QueryRow) => SortKey {
    const isEmpty = [...this.#keys.values()].every((key) => key === undefined);
    if (isEmpty && this.#keys.size > 0)
      throw new TypeError(`Cannot sort by ${JSON.stringify(this.#by)}: no object has such a field`);
    return (row) => this.#keys.get(row);
  }

  #cell(): (row: QueryRow) => SortKey {
    const by = this.#by.toLowerCase();
    const at = this.#columns.findIndex(({ name }) => name.toLowerCase() === by);
    if (at < 0 && this.#columns.length > 0) {
      const names = this.#columns.map(({ name }) => name).join(", ");
      throw new TypeError(`there is no column "${this.#by}" to sort by: there are ${names}`);
    }
    return ({ cells }) => cells[at];
  }
}

function keyAt(by: string): (row: QueryRow) => SortKey {
  const path = parsePath(by);
  return ({ object }) => findValues(path, object).flat()[0];
}

function slim({ cells, object }: QueryRow): QueryRow {
  const { kind, metadata } = (object ?? {}) as {
    kind?: unknown;
    metadata?: { name?: unknown; namespace?: unknown; labels?: unknown };
  };
  const { name, namespace, labels } = metadata ?? {};
  return { cells, object: { kind, metadata: { name, namespace, labels } } };
}
