import type { QueryColumn, QueryEvent, QueryRow } from "../../apis/cluster-query.ts";
import type { GetOptions } from "./get-options.ts";
import { JSON_LIST, type ListText, nameOf, objectOf, YAML_LIST } from "./object-text.ts";
import { sortRows } from "./sort-rows.ts";
import { printable, TableText } from "./table-text.ts";

type Rows = QueryEvent & { readonly type: "ROWS" };

/** Turns rows into text, as they come. */
export interface Printer {
  columns(columns: readonly QueryColumn[]): void;
  rows(event: Rows): void;
  /** What can be printed now. */
  text(): string;
  /** What comes after everything. */
  end(): string;
}

/** The printer that the options ask for. */
export function printerFor(options: GetOptions): Printer {
  const { output, sortBy } = options;
  const plain =
    output === "json" || output === "yaml"
      ? new ListPrinter(output === "json" ? JSON_LIST : YAML_LIST)
      : output === "name"
        ? new NamePrinter()
        : new TablePrinter(options);
  return sortBy === undefined ? plain : new SortingPrinter(plain, sortBy);
}

class TablePrinter implements Printer {
  readonly #table: TableText;
  #rows: QueryRow[] = [];
  #text = "";

  constructor({ output, headers, allNamespaces = false }: GetOptions) {
    this.#table = new TableText({ wide: output === "wide", headers, namespaces: allNamespaces });
  }

  columns(columns: readonly QueryColumn[]): void {
    // Rows that came before belong under the former head.
    this.#text = this.text();
    this.#table.columns = columns;
  }

  rows({ rows }: Rows): void {
    this.#rows.push(...rows);
  }

  text(): string {
    const before = this.#text;
    this.#text = "";
    if (this.#rows.length === 0) return before;
    const lines = this.#table.lines(this.#rows);
    this.#rows = [];
    return before + lines.map((line) => `${line}\n`).join("");
  }

  end(): string {
    return "";
  }
}

class NamePrinter implements Printer {
  #text = "";

  columns(): void {}

  rows({ cluster, resource, rows }: Rows): void {
    for (const row of rows) this.#text += `${printable(nameOf(cluster, resource, row))}\n`;
  }

  text(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  end(): string {
    return "";
  }
}

class ListPrinter implements Printer {
  readonly #list: ListText;
  #text: string;
  #isEmpty = true;

  constructor(list: ListText) {
    this.#list = list;
    this.#text = list.head;
  }

  columns(): void {}

  rows({ cluster, rows }: Rows): void {
    for (const row of rows) {
      this.#text += this.#list.item(objectOf(cluster, row), this.#isEmpty);
      this.#isEmpty = false;
    }
  }

  text(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  end(): string {
    return this.#list.tail(this.#isEmpty);
  }
}

/** Waits for all rows, so it holds them all. */
class SortingPrinter implements Printer {
  readonly #printer: Printer;
  readonly #by: string;
  readonly #events = new Map<QueryRow, Rows>();
  #columns: readonly QueryColumn[] = [];

  constructor(printer: Printer, by: string) {
    this.#printer = printer;
    this.#by = by;
  }

  columns(columns: readonly QueryColumn[]): void {
    this.#columns = columns;
  }

  rows(event: Rows): void {
    for (const row of event.rows) this.#events.set(row, event);
  }

  text(): string {
    return "";
  }

  end(): string {
    this.#printer.columns(this.#columns);
    for (const row of sortRows([...this.#events.keys()], this.#columns, this.#by))
      this.#printer.rows({ ...(this.#events.get(row) as Rows), rows: [row] });
    return this.#printer.text() + this.#printer.end();
  }
}
