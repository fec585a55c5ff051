import type { QueryColumn, QueryRow } from "../../apis/cluster-query.ts";
import type { Printer, Rows } from "./printer.ts";
import { type TableStyle, TableText } from "./table-text.ts";

/** Prints tables, one for each resource. */
export class TablePrinter implements Printer {
  readonly #style: TableStyle;
  readonly #kinds: boolean;
  #table: TableText;
  #columns: readonly QueryColumn[] = [];
  #rows: QueryRow[] = [];
  #text = "";
  /** Whether there is a table above. */
  #isLater = false;

  /** `kinds`: names come with their kinds. */
  constructor(style: TableStyle, kinds: boolean) {
    this.#style = style;
    this.#kinds = kinds;
    this.#table = new TableText(style);
  }

  columns(columns: readonly QueryColumn[]): void {
    // Rows that came before belong under the former head.
    this.#text = this.text();
    this.#columns = columns;
    this.#table.columns = columns;
  }

  rows({ resource, rows }: Rows): void {
    for (const row of rows) this.#rows.push(this.#kinds ? this.#withKind(row, resource) : row);
  }

  next(): void {
    this.#text = this.text();
    this.#isLater ||= this.#table.isBegun;
    this.#table = new TableText(this.#style);
  }

  text(): string {
    const before = this.#text;
    this.#text = "";
    if (this.#rows.length === 0) return before;
    const gap = this.#isLater && this.#style.headers && !this.#table.isBegun ? "\n" : "";
    const lines = this.#table.lines(this.#rows);
    this.#rows = [];
    return before + gap + lines.map((line) => `${line}\n`).join("");
  }

  end(): string {
    return "";
  }

  #withKind(row: QueryRow, resource: string | undefined): QueryRow {
    const at = this.#columns.findIndex(({ name, format }) => format === "name" || name === "Name");
    if (resource === undefined || at < 0) return row;
    const cells = row.cells.map((cell, index) => (index === at ? `${resource}/${cell}` : cell));
    return { ...row, cells };
  }
}
