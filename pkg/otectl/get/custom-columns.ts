import type { QueryColumn } from "../../apis/cluster-query.ts";
import { findValues } from "./find-values.ts";
import { goText } from "./go-text.ts";
import { type Part, parsePath } from "./json-path.ts";
import { objectOf } from "./object-text.ts";
import type { Printer, Rows } from "./printer.ts";
import type { TablePrinter } from "./table-printer.ts";
import { GetUsageError } from "./targets.ts";

/** A column that the caller has made up. */
export interface CustomColumn {
  readonly header: string;
  readonly path: readonly Part[];
}

const NOTHING = "<none>";
const CLUSTER = "CLUSTER";

/** Reads "NAME:.metadata.name,IMAGE:.spec.containers[*].image". Throws a GetUsageError, or what the path is wrong with. */
export function parseColumns(spec: string): CustomColumn[] {
  return spec.split(",").map((column) => {
    const at = column.indexOf(":");
    if (at < 0)
      throw new GetUsageError(
        `unexpected custom-columns spec ${JSON.stringify(column)}: it must be <header>:<json-path>`,
      );
    return { header: column.slice(0, at), path: parsePath(column.slice(at + 1)) };
  });
}

/** Reads the same as two lines, with the headers and with the paths. Throws likewise. */
export function parseColumnLines(text: string): CustomColumn[] {
  const [headers = [], paths = []] = text
    .split("\n")
    .map((line) => line.split(/\s+/).filter(Boolean))
    .filter((words) => words.length > 0);
  if (headers.length === 0 || headers.length !== paths.length)
    throw new GetUsageError(
      "the file of custom-columns-file must have a line of headers, and a path for each",
    );
  return headers.map((header, index) => ({ header, path: parsePath(paths[index] ?? "") }));
}

/** Prints a table with the cluster and what paths find in each object. */
export class CustomColumnsPrinter implements Printer {
  readonly #table: TablePrinter;
  readonly #columns: readonly CustomColumn[];

  constructor(table: TablePrinter, columns: readonly CustomColumn[]) {
    this.#table = table;
    this.#columns = columns;
    table.columns([CLUSTER, ...columns.map(({ header }) => header)].map(columnOf));
  }

  /** Those of the clusters are of no interest. */
  columns(): void {}

  rows(event: Rows): void {
    const rows = event.rows.map((row) => {
      const object = objectOf(event.cluster, row);
      return { cells: [event.cluster, ...this.#columns.map(({ path }) => cellOf(path, object))] };
    });
    this.#table.rows({ ...event, rows });
  }

  /** All kinds have the same columns. */
  next(): void {}

  text(): string {
    return this.#table.text();
  }

  end(): string {
    return this.#table.end();
  }
}

function cellOf(path: readonly Part[], object: unknown): string {
  const values = findValues(path, object).flat();
  return values.length === 0 ? NOTHING : values.map(goText).join(",");
}

function columnOf(name: string): QueryColumn {
  return { name, type: "string", format: "", description: "", priority: 0 };
}
