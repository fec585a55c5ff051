/** One change of one record; a change without `value` removes the record. */
export interface RecordChange {
  readonly table: string;
  readonly key: string;
  readonly value?: string | undefined;
}

/**
 * Small texts kept by table and key: the one place where any program of ours keeps state on disk
 * (objects of the embedded API, outboxes, ledgers). Tables come into being when first written.
 */
export interface RecordStore extends AsyncDisposable {
  /** The record, or undefined. Sees every write that has resolved. */
  get(table: string, key: string): string | undefined;

  /** All records of a table in key order, as they are when the iteration starts. */
  entries(table: string): Iterable<readonly [key: string, value: string]>;

  /**
   * Makes all `changes` or none, in order. Resolves when they would survive kill -9 and a power cut;
   * writes that wait together share one flush. Rejects with `STORE_FULL` or `STORE_FAILED`, and then
   * none of them is visible; the store stays readable.
   */
  write(changes: readonly RecordChange[]): Promise<void>;

  /** Copies the whole store, as of one moment, into a new file at `path` while it stays in use. */
  backup(path: string): Promise<void>;
}
