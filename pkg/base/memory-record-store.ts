import { writeFile } from "node:fs/promises";
import { errorText } from "./errors.ts";
import { type RecordChange, type RecordStore, StoreFailedError } from "./record-store.ts";

/** Records that end with the process: for tests, and for programs that are told to keep nothing. */
export class MemoryRecordStore implements RecordStore {
  readonly #tables = new Map<string, Map<string, string>>();
  #closed = false;

  get(table: string, key: string): string | undefined {
    return this.#tables.get(table)?.get(key);
  }

  entries(table: string): Iterable<readonly [key: string, value: string]> {
    return [...(this.#tables.get(table) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async write(changes: readonly RecordChange[]): Promise<void> {
    if (this.#closed) throw new StoreFailedError("memory", "it is closed");
    for (const { table, key, value } of changes) {
      const records = this.#tables.get(table) ?? new Map<string, string>();
      this.#tables.set(table, records);
      if (value === undefined) records.delete(key);
      else records.set(key, value);
    }
  }

  /** Writes the records as JSON lines, there being no file to copy. */
  async backup(path: string): Promise<void> {
    const lines = [...this.#tables].flatMap(([table, records]) =>
      [...records].map(([key, value]) => `${JSON.stringify({ table, key, value })}\n`),
    );
    await writeFile(path, lines.join(""), { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
      throw new StoreFailedError(path, errorText(cause), cause);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }
}
