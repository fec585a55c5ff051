import type { RecordStore } from "../../base/record-store.ts";
import type { Result, Task } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import { fromDisk, type LedgerEntry } from "./task-ledger.ts";

/** The table of what this cluster executes itself. */
const OWN_TABLE = "ledger";

/** A task that was started and has no result: the process died in between. */
export interface Interrupted {
  readonly task: Task;
  readonly startedAt: Date;
}

/** A ledger entry on disk; times are wall clock, because the other clock begins anew with each process. */
interface LedgerRecord {
  readonly id: string;
  readonly origin: string;
  readonly body: string;
  readonly startedAt: number;
  readonly expiresAt: number;
  /** Deadline on the origin's clock, if it was signed. */
  readonly notAfter?: number | undefined;
  readonly result?: Omit<Result, "kind" | "body" | "id" | "origin"> & { readonly body: string };
}

/** The tasks that this cluster has taken on, on disk. */
export class LedgerStore {
  readonly #store: RecordStore;
  readonly #table: string;

  constructor(store: RecordStore, table: string = OWN_TABLE) {
    this.#store = store;
    this.#table = table;
  }

  /** What is known from before, with times on the clock that shows `now`; damaged records are an error. */
  load(now: number): { readonly entries: LedgerEntry[]; readonly interrupted: Interrupted[] } {
    const entries: LedgerEntry[] = [];
    const interrupted: Interrupted[] = [];
    for (const [, text] of this.#store.entries(this.#table)) {
      const record = JSON.parse(text) as LedgerRecord;
      const { startedAt, result } = record;
      if (result === undefined)
        interrupted.push({ task: taskOf(record), startedAt: new Date(startedAt) });
      const kept = { ...record, result: result && resultOf(record, result) };
      entries.push(fromDisk(kept, now, Date.now()));
    }
    return { entries, interrupted };
  }

  /** Notes that the task is about to be executed; resolves when that would survive a crash. */
  async started(task: Task, expiresAt: number): Promise<void> {
    const record: LedgerRecord = {
      id: task.id,
      origin: task.origin,
      body: Buffer.from(task.body).toString("base64"),
      startedAt: Date.now(),
      expiresAt,
      notAfter: task.notAfter,
    };
    await this.#store.write([{ table: this.#table, key: task.id, value: JSON.stringify(record) }]);
  }

  /** Notes how the task ended. */
  async finished({ kind: _, id, origin, body, ...result }: Result): Promise<void> {
    const text = this.#store.get(this.#table, id);
    if (text === undefined) return;
    const record: LedgerRecord = {
      ...(JSON.parse(text) as LedgerRecord),
      id,
      origin,
      // The task is not needed any more, only its outcome.
      body: "",
      result: { ...result, body: Buffer.from(body).toString("base64") },
    };
    await this.#store.write([{ table: this.#table, key: id, value: JSON.stringify(record) }]);
  }

  /** A task was not started after all, and may come again. */
  async withdraw(id: string): Promise<void> {
    await this.#store.write([{ table: this.#table, key: id }]);
  }

  /** Forgets these tasks, and remembers of each origin until when it has been forgotten. */
  async forget(ids: readonly string[]): Promise<void> {
    const marks = new Map<string, number>();
    for (const id of ids) {
      const text = this.#store.get(this.#table, id);
      if (text === undefined) continue;
      const { origin, notAfter = 0 } = JSON.parse(text) as LedgerRecord;
      marks.set(origin, Math.max(marks.get(origin) ?? this.#mark(origin), notAfter));
    }
    const kept = [...marks].map(([key, value]) => ({
      table: this.#marks,
      key,
      value: String(value),
    }));
    await this.#store.write([...ids.map((key) => ({ table: this.#table, key })), ...kept]);
  }

  /**
   * Whether a signed task may have been executed and forgotten since: what somebody has recorded and says
   * again long after. No clock is in it: an origin's later tasks end later than those that are forgotten.
   */
  isForgotten({ id, origin, notAfter = 0 }: Task): boolean {
    return notAfter <= this.#mark(origin) && this.#store.get(this.#table, id) === undefined;
  }

  get #marks(): string {
    return `${this.#table}-forgotten`;
  }

  #mark(origin: string): number {
    return Number(this.#store.get(this.#marks, origin) ?? 0);
  }
}

function taskOf({ id, origin, body, expiresAt }: LedgerRecord): Task {
  return {
    kind: "task",
    id,
    origin: clusterName(origin),
    targets: [],
    ttlMs: Math.max(0, expiresAt - Date.now()),
    body: Buffer.from(body, "base64"),
    hops: 0,
    startedAt: 0,
  };
}

function resultOf(
  { id, origin }: LedgerRecord,
  result: NonNullable<LedgerRecord["result"]>,
): Result {
  return {
    kind: "result",
    id,
    origin: clusterName(origin),
    ...result,
    body: Buffer.from(result.body, "base64"),
  };
}
