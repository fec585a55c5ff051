import { chmod, link, mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { errorText, OteError } from "./errors.ts";
import {
  checkFormat,
  openDatabase,
  prepareFile,
  type RecordDatabase,
  unsealed,
} from "./lmdb-file.ts";
import type { WriterReply } from "./lmdb-writer.ts";
import { ProcessLock } from "./process-lock.ts";
import {
  type RecordChange,
  type RecordStore,
  StoreDamagedError,
  StoreFailedError,
  StoreFullError,
  StoreLockedError,
} from "./record-store.ts";

interface WaitingWrite {
  readonly changes: readonly RecordChange[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** ENOSPC, EDQUOT, EFBIG, and lmdb's own MDB_MAP_FULL. */
const FULL_CODES = new Set([28, 122, 27, -30792]);
/** With less than this free on the disk, an I/O error of lmdb means that it is full. */
const FULL_BELOW_BYTES = 1 << 20;

/** Records in one lmdb file. Its directory is only for its owner, and only one process has it open. */
export class LmdbRecordStore implements RecordStore {
  readonly #path: string;
  readonly #lock: ProcessLock;
  readonly #db: RecordDatabase;
  readonly #writer: Worker;
  #waiting: WaitingWrite[] = [];
  #inFlight: WaitingWrite[] = [];
  #broken: string | undefined;

  private constructor(path: string, lock: ProcessLock, db: RecordDatabase, writer: Worker) {
    this.#path = path;
    this.#lock = lock;
    this.#db = db;
    this.#writer = writer;
    writer.on("message", (reply: WriterReply) => void this.#settle(reply));
    writer.on("error", (error) => this.#break(errorText(error)));
    writer.on("exit", () => this.#break("its writing thread has ended"));
  }

  /**
   * Opens the store at `path`, creating it and its directory. Rejects with `STORE_LOCKED`, `STORE_DAMAGED`
   * or `STORE_FAILED`.
   */
  static async open(path: string): Promise<LmdbRecordStore> {
    const lock = await lockFor(path);
    try {
      await prepareFile(path);
      const db = openDatabase(path);
      checkFormat(db, path);
      await Promise.all([chmod(path, 0o600), chmod(`${path}-lock`, 0o600)]);
      return new LmdbRecordStore(path, lock, db, await startWriter(path));
    } catch (cause) {
      await lock[Symbol.asyncDispose]();
      if (cause instanceof OteError) throw cause;
      throw new StoreFailedError(path, errorText(cause), cause);
    }
  }

  get(table: string, key: string): string | undefined {
    const kept = this.#db.get([table, key]);
    return kept === undefined ? undefined : this.#unsealed(table, key, kept);
  }

  *entries(table: string): Iterable<readonly [key: string, value: string]> {
    const range = { start: [table], end: [table, AFTER_ALL] };
    for (const { key, value } of this.#db.getRange(range)) {
      const [, name = ""] = key;
      yield [name, this.#unsealed(table, name, value)];
    }
  }

  write(changes: readonly RecordChange[]): Promise<void> {
    if (this.#broken !== undefined)
      return Promise.reject(new StoreFailedError(this.#path, this.#broken));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      if (this.#inFlight.length === 0) this.#flush();
    });
  }

  async backup(path: string): Promise<void> {
    // Made in a directory of its own, the copy is never readable by others, and never half there.
    const directory = await mkdtemp(`${path}.`);
    try {
      const copy = join(directory, "copy");
      await this.#db.backup(copy, false);
      await chmod(copy, 0o600);
      await link(copy, path);
    } catch (cause) {
      throw new StoreFailedError(path, errorText(cause), cause);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#inFlight.length > 0 && this.#broken === undefined)
      await new Promise((resolve) => setImmediate(resolve));
    const ended = new Promise((resolve) => this.#writer.once("exit", resolve));
    if (this.#broken === undefined) {
      this.#broken = "it is closed";
      this.#writer.postMessage("close");
      await ended;
    }
    await this.#db.close();
    await this.#lock[Symbol.asyncDispose]();
  }

  #unsealed(table: string, key: string, kept: string): string {
    const value = unsealed(table, key, kept);
    if (value !== undefined) return value;
    throw new StoreDamagedError(this.#path, `record "${key}" of table "${table}" is changed`);
  }

  #flush(): void {
    this.#inFlight = this.#waiting;
    this.#waiting = [];
    this.#writer.postMessage(this.#inFlight.flatMap(({ changes }) => changes));
  }

  async #settle(reply: WriterReply): Promise<void> {
    const failure = reply.error && (await this.#failure(reply.error));
    if (failure === undefined) this.#db.resetReadTxn();
    for (const write of this.#inFlight) {
      if (failure === undefined) write.resolve();
      else write.reject(failure);
    }
    this.#inFlight = [];
    if (this.#waiting.length > 0) this.#flush();
  }

  async #failure(error: NonNullable<WriterReply["error"]>): Promise<Error> {
    const disk = await statfs(dirname(this.#path)).catch(() => undefined);
    const noRoom = disk !== undefined && disk.bavail * disk.bsize < FULL_BELOW_BYTES;
    if (FULL_CODES.has(error.code) || noRoom) return new StoreFullError(this.#path, error);
    return new StoreFailedError(this.#path, error.message, error);
  }

  #break(why: string): void {
    this.#broken ??= why;
    for (const write of [...this.#inFlight, ...this.#waiting])
      write.reject(new StoreFailedError(this.#path, why));
    this.#inFlight = [];
    this.#waiting = [];
  }
}

/** Sorts behind every key: no text contains this code point at its start. */
const AFTER_ALL = "\u{10ffff}";

async function lockFor(path: string): Promise<ProcessLock> {
  const directory = dirname(path);
  let lock: ProcessLock | undefined;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    lock = await ProcessLock.acquire(directory, "store.lock");
  } catch (cause) {
    throw new StoreFailedError(path, errorText(cause), cause);
  }
  if (lock === undefined) throw new StoreLockedError(path);
  return lock;
}

async function startWriter(path: string): Promise<Worker> {
  const source = import.meta.url.endsWith(".ts") ? "./lmdb-writer.ts" : "./lmdb-writer.js";
  // Flags of the process are about the process: with --eval, say, no thread could be started from a file.
  const writer = new Worker(new URL(source, import.meta.url), { workerData: path, execArgv: [] });
  await new Promise((resolve, reject) => {
    writer.once("online", resolve);
    writer.once("error", reject);
  });
  writer.removeAllListeners();
  return writer;
}
