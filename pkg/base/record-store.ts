import { OteError } from "./errors.ts";

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
  /** The record, or undefined. Sees every write that has resolved. Throws `STORE_DAMAGED` if it is not what was written. */
  get(table: string, key: string): string | undefined;

  /** All records of a table in key order, as they are when the iteration starts. Throws `STORE_DAMAGED`. */
  entries(table: string): Iterable<readonly [key: string, value: string]>;

  /**
   * Makes all `changes` or none, in order. Resolves when they would survive kill -9 and a power cut;
   * writes that wait together share one flush. Rejects with `STORE_FULL` or `STORE_FAILED`, and then
   * none of them is visible; the store stays readable, and a later write is tried afresh.
   */
  write(changes: readonly RecordChange[]): Promise<void>;

  /** Copies the whole store, as of one moment, into a new file at `path` while it stays in use. */
  backup(path: string): Promise<void>;
}

/** There is no room left on the disk or in the store. Nothing of the write was kept. */
export class StoreFullError extends OteError {
  readonly code = "STORE_FULL";
  constructor(path: string, cause?: unknown) {
    super(`Cannot write to store "${path}": there is no space left`, { cause });
  }
}

/** The disk or the file refuses. Nothing of the write was kept. */
export class StoreFailedError extends OteError {
  readonly code = "STORE_FAILED";
  constructor(path: string, why: string, cause?: unknown) {
    super(`Cannot use store "${path}": ${why}`, { cause });
  }
}

/** What is on the disk is not what was written. It is left as it is. */
export class StoreDamagedError extends OteError {
  readonly code = "STORE_DAMAGED";
  constructor(path: string, why: string, cause?: unknown) {
    super(
      `Cannot use store "${path}": it is damaged (${why}); restore a backup, or move the file away to begin without its content`,
      { cause },
    );
  }
}

/** Somebody else has the store open. */
export class StoreLockedError extends OteError {
  readonly code = "STORE_LOCKED";
  constructor(path: string) {
    super(`Cannot open store "${path}": another process is using it`);
  }
}
