import type { QueryColumn, QueryRow } from "../../apis/cluster-query.ts";
import { MAX_COLUMNS, type RowBatch } from "./answer-rows.ts";
import { invalid } from "./json-members.ts";

/** Most columns of all clusters together. */
const MAX_MERGED = 2 * MAX_COLUMNS;

const CLUSTER_COLUMN: QueryColumn = {
  name: "Cluster",
  type: "string",
  format: "",
  description: "The cluster that the row is from",
  priority: 0,
};

/**
 * One table out of those of many clusters: columns of the same name are one, and what only some clusters have
 * is added at the end. Columns only ever come to the end, so a row stays right once it was told.
 */
export class MergedColumns {
  readonly #columns: QueryColumn[] = [CLUSTER_COLUMN];
  readonly #places = new Map<string, number>();
  /** Clusters of one version send the same columns again and again. */
  #latest:
    | { readonly columns: readonly QueryColumn[]; readonly places: readonly number[] }
    | undefined;

  /** All columns up to now. */
  get columns(): readonly QueryColumn[] {
    return [...this.#columns];
  }

  get size(): number {
    return this.#columns.length;
  }

  /** The rows of a cluster under the merged columns. Throws a ClusterFailedError when those become too many. */
  rows(cluster: string, { columns, rows }: RowBatch): QueryRow[] {
    const places = this.#placesOf(columns);
    return rows.map(({ cells, object }) => {
      const merged: unknown[] = new Array(this.#columns.length).fill(null);
      merged[0] = cluster;
      for (const [index, cell] of cells.entries()) merged[places[index] ?? 0] = cell ?? null;
      return object === undefined ? { cells: merged } : { cells: merged, object };
    });
  }

  #placesOf(columns: readonly QueryColumn[]): readonly number[] {
    if (this.#latest?.columns === columns) return this.#latest.places;
    const seen = new Map<string, number>();
    const places = columns.map((column) => {
      // A table may have two columns of one name: the second stays the second.
      const count = (seen.get(column.name) ?? 0) + 1;
      seen.set(column.name, count);
      return this.#place(column, count === 1 ? column.name : `${column.name}\n${count}`);
    });
    this.#latest = { columns, places };
    return places;
  }

  #place(column: QueryColumn, key: string): number {
    const present = this.#places.get(key);
    if (present !== undefined) return present;
    if (this.#columns.length >= MAX_MERGED)
      throw invalid(`the clusters have more than ${MAX_MERGED} different columns`);
    this.#places.set(key, this.#columns.push(column) - 1);
    return this.#columns.length - 1;
  }
}
