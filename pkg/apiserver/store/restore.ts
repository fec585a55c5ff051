import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorText, OteError } from "../../base/errors.ts";
import { LmdbRecordStore } from "../../base/lmdb-record-store.ts";
import { type RecordChange, StoreFailedError } from "../../base/record-store.ts";
import { isObject, type JsonObject } from "../request/json.ts";
import { BACKUP_FORMAT, BACKUP_VERSION } from "./backup.ts";
import { COMPACTED, META } from "./record-versioned-store.ts";
import { REVISIONS, revisionKey, toRecord } from "./revision-record.ts";

/** The store's file in the data directory of an embedded API. */
export const STORE_FILE = "store.mdb";

/** What may be in the directory already: it is not in a backup and has to be put there by hand. */
const KEYS_DIRECTORY = "pki";

/**
 * What was written after the backup is lost, but clients have seen its revisions. Those must never be
 * given again for something else, so numbers go on far beyond them.
 */
const REVISION_LEAP = 1_000_000_000;
const RECORDS_PER_WRITE = 1000;
/** More than any object that could be written. */
const MAX_LINE_BYTES = 16 << 20;

/** What a restored store begins with. */
export interface Restored {
  readonly objects: number;
  /** The revision at which it goes on. */
  readonly revision: number;
}

/** The file is not a whole backup; nothing was restored. */
export class BackupDamagedError extends OteError {
  readonly code = "BACKUP_DAMAGED";
  constructor(path: string, why: string) {
    super(`Cannot restore "${path}": ${why}`);
  }
}

/** There is something in the directory that a restored store would replace. */
export class DataDirNotEmptyError extends OteError {
  readonly code = "DATA_DIR_NOT_EMPTY";
  constructor(directory: string, found: string) {
    super(`Cannot restore into "${directory}" as it must be empty: it has "${found}"`);
  }
}

/**
 * Makes the store of an embedded API in `dataDir` from a backup: all of it, or nothing. Watches from before
 * the backup get 410 there. Rejects with `DATA_DIR_NOT_EMPTY`, `BACKUP_DAMAGED`, `STORE_FULL` or
 * `STORE_FAILED`.
 */
export async function restoreBackup(file: string, dataDir: string): Promise<Restored> {
  await checkEmpty(dataDir);
  const { objects, revision } = await checkBackup(file);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(dataDir, "restore-"));
  try {
    const goesOn = revision + REVISION_LEAP;
    await fill(join(draft, STORE_FILE), file, goesOn);
    await rename(join(draft, STORE_FILE), join(dataDir, STORE_FILE));
    return { objects, revision: goesOn };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function checkEmpty(directory: string): Promise<void> {
  const names = await readdir(directory).catch((cause: unknown) => {
    if (errorCode(cause) === "ENOENT") return [];
    throw new StoreFailedError(directory, errorText(cause), cause);
  });
  const found = names.find((name) => name !== KEYS_DIRECTORY);
  if (found !== undefined) throw new DataDirNotEmptyError(directory, found);
}

/** Reads all of it before anything is written. */
async function checkBackup(file: string): Promise<{ objects: number; revision: number }> {
  const hash = createHash("sha256");
  let head: JsonObject | undefined;
  let last: Buffer | undefined;
  let lines = 0;
  for await (const line of linesOf(file)) {
    if (last !== undefined) hash.update(last).update("\n");
    head ??= headOf(file, line);
    last = line;
    lines++;
  }
  if (head === undefined || last === undefined) throw new BackupDamagedError(file, "it is empty");
  const end = lines > 1 ? parsed(file, last) : {};
  const objects = lines - 2;
  if (typeof end.sha256 !== "string" || objects !== head.objects)
    throw new BackupDamagedError(file, "it is cut off");
  if (end.sha256 !== hash.digest("hex"))
    throw new BackupDamagedError(file, "it does not match its checksum");
  return { objects, revision: Number(head.revision) };
}

function headOf(file: string, line: Buffer): JsonObject {
  const head = parsed(file, line);
  if (head.format !== BACKUP_FORMAT)
    throw new BackupDamagedError(file, "it is not a backup of an embedded API");
  if (head.version !== BACKUP_VERSION)
    throw new BackupDamagedError(
      file,
      `it is of version ${head.version}, and ${BACKUP_VERSION} is known`,
    );
  return head;
}

async function fill(path: string, file: string, revision: number): Promise<void> {
  await using records = await LmdbRecordStore.open(path);
  let changes: RecordChange[] = [];
  for await (const line of linesOf(file)) {
    const { id, revision, object } = parsed(file, line);
    if (typeof id !== "string" || typeof revision !== "number") continue;
    const value = toRecord({ type: "ADDED", id, previous: 0 }, JSON.stringify(object));
    changes.push({ table: REVISIONS, key: revisionKey(revision), value });
    if (changes.length < RECORDS_PER_WRITE) continue;
    await records.write(changes);
    changes = [];
  }
  await records.write([...changes, { table: META, key: COMPACTED, value: String(revision) }]);
}

function parsed(file: string, line: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(line.toString());
    if (isObject(value)) return value;
  } catch {
    // Falls through: it is the same whether it is not JSON or not an object.
  }
  throw new BackupDamagedError(file, "it has a line that cannot be read");
}

/** The lines without their ends; what follows the last end is a line, too. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let bytes = 0;
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, end)]);
        [rest, bytes, from] = [[], 0, end + 1];
      }
      rest.push(chunk.subarray(from));
      bytes += chunk.length - from;
      if (bytes > MAX_LINE_BYTES)
        throw new BackupDamagedError(file, `it has a line of more than ${MAX_LINE_BYTES} bytes`);
    }
  } catch (cause) {
    if (cause instanceof OteError) throw cause;
    throw new BackupDamagedError(file, errorText(cause));
  }
  if (bytes > 0) yield Buffer.concat(rest);
}
