import type { Result, Task } from "../../wire/message.ts";

/** One task this cluster has taken on; without `result` it is still running. */
export interface LedgerEntry {
  readonly id: string;
  /** Until then the origin may send the task again, on the clock of the events. */
  readonly expires: number;
  /** The same as the wall clock has it, which may have jumped: believed only when there is no room. */
  readonly doubtful?: number;
  readonly result?: Result | undefined;
}

/** A ledger entry on disk; times are wall clock, because the other clock begins anew with each process. */
export interface KeptEntry {
  readonly id: string;
  readonly startedAt: number;
  readonly expiresAt: number;
  readonly result?: Result | undefined;
}

/**
 * An entry from before a restart. How long the process was away nobody knows for sure, as the wall clock
 * may have been wrong then or be wrong now; so its whole life begins again. Forgotten too early it could
 * be executed twice.
 */
export function fromDisk(kept: KeptEntry, now: number, wall: number): LedgerEntry {
  const { id, startedAt, expiresAt, result } = kept;
  const expires = now + expiresAt - startedAt;
  const doubtful = Math.min(expires, now + expiresAt - wall);
  return { id, expires, doubtful, ...(result === undefined ? {} : { result }) };
}

/** What to do with a task that arrived. */
export type LedgerDecision =
  | { readonly do: "run" }
  | { readonly do: "nothing" }
  | { readonly do: "answer"; readonly result: Result }
  | { readonly do: "refuse"; readonly verdict: "expired" | "refused"; readonly reason: string };

/** Most tasks remembered; while all of them may still be repeated, new ones are refused. */
export const LEDGER_LIMIT = 20_000;
/** Total size of remembered result bodies in bytes; beyond it the oldest bodies are given up first. */
export const LEDGER_BODY_LIMIT = 64 * 1024 * 1024;
/** Milliseconds an entry is kept after its task's deadline, for repetitions that are still on their way. */
export const LEDGER_MARGIN_MS = 10 * 60_000;

/**
 * The tasks this cluster has taken on. A task is executed at most once although it may be delivered
 * many times: a known one is answered from here.
 */
export class TaskLedger {
  readonly #entries = new Map<string, LedgerEntry>();
  /** Dropped, but not yet told. */
  readonly #gone: string[] = [];
  readonly #limit: number;
  #bodyBytes = 0;

  constructor(entries: Iterable<LedgerEntry> = [], limit: number = LEDGER_LIMIT) {
    this.#limit = limit;
    for (const entry of entries) this.#put(entry);
  }

  /** How many tasks are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** Decides on a task; after "run" the task counts as running. */
  receive(task: Task, now: number): LedgerDecision {
    const known = this.#entries.get(task.id);
    if (known?.result !== undefined) return { do: "answer", result: known.result };
    if (known !== undefined) return { do: "nothing" };
    if (task.ttlMs === 0) return { do: "refuse", verdict: "expired", reason: "DeadlineExceeded" };
    if (this.#entries.size >= this.#limit) this.#makeRoom(now);
    if (this.#entries.size >= this.#limit)
      return { do: "refuse", verdict: "refused", reason: "LedgerFull" };
    this.#put({ id: task.id, expires: now + task.ttlMs + LEDGER_MARGIN_MS });
    return { do: "run" };
  }

  /** A running task has its result. */
  finished(result: Result): void {
    const entry = this.#entries.get(result.id);
    if (entry === undefined || entry.result !== undefined) return;
    this.#put({ ...entry, result });
    this.#shed();
  }

  /** A running task was not begun after all: it may come again. */
  withdraw(id: string): void {
    if (this.#entries.get(id)?.result === undefined) this.#entries.delete(id);
  }

  /** Forgets finished tasks that can no longer be repeated, and returns their ids. */
  prune(now: number): string[] {
    for (const entry of this.#entries.values()) if (entry.expires <= now) this.#drop(entry);
    return this.#gone.splice(0);
  }

  #makeRoom(now: number): void {
    for (const entry of this.#entries.values())
      if ((entry.doubtful ?? entry.expires) <= now) this.#drop(entry);
  }

  #drop({ id, result }: LedgerEntry): void {
    if (result === undefined) return;
    this.#bodyBytes -= result.body.length;
    this.#entries.delete(id);
    this.#gone.push(id);
  }

  #put(entry: LedgerEntry): void {
    this.#entries.set(entry.id, entry);
    this.#bodyBytes += entry.result?.body.length ?? 0;
  }

  /** The verdict of an old task matters more than its body. */
  #shed(): void {
    if (this.#bodyBytes <= LEDGER_BODY_LIMIT) return;
    for (const [id, entry] of this.#entries) {
      const { result } = entry;
      if (result === undefined || result.body.length === 0) continue;
      this.#bodyBytes -= result.body.length;
      this.#entries.set(id, {
        ...entry,
        result: { ...result, body: new Uint8Array(), truncated: true },
      });
      if (this.#bodyBytes <= LEDGER_BODY_LIMIT / 2) return;
    }
  }
}
