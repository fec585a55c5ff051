import { access, chmod, open as openFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { open, type RootDatabase } from "lmdb";
import { errorText } from "./errors.ts";
import { checkLmdbFile } from "./lmdb-file-check.ts";
import { DamagedPageError } from "./lmdb-page.ts";
import { type RecordChange, StoreDamagedError, StoreFailedError } from "./record-store.ts";

/** Texts by table and key, each behind its checksum. */
export type RecordDatabase = RootDatabase<string, string[]>;

const FORMAT_KEY = ["format", ""];
/** Files without it were written by a version that kept no checksums. */
const FORMAT = "1";
const CHECKSUM_DIGITS = 8;

/** Opens the file at `path`, which must be there and whole. */
export function openDatabase(path: string): RecordDatabase {
  return open<string, string[]>({ path, encoding: "string", overlappingSync: false });
}

/** Makes the file at `path` unless it is there, all at once; else looks whether it is whole. Rejects with `STORE_DAMAGED` or `STORE_FAILED`. */
export async function prepareFile(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) await createFile(path);
  try {
    checkLmdbFile(path);
  } catch (cause) {
    if (cause instanceof DamagedPageError)
      throw new StoreDamagedError(path, errorText(cause), cause);
    throw new StoreFailedError(path, errorText(cause), cause);
  }
}

/** Throws `STORE_FAILED` unless records in `db` are written as here. */
export function checkFormat(db: RecordDatabase, path: string): void {
  const [checksum, format] = [db.get(FORMAT_KEY), FORMAT];
  if (checksum === undefined)
    throw new StoreFailedError(path, "it was written by another version of this program");
  if (unsealed("format", "", checksum) !== format)
    throw new StoreDamagedError(path, "its format is not readable");
}

/** The text as it is kept. */
export function sealed({ table, key }: RecordChange, value: string): string {
  return checksumOf(table, key, value) + value;
}

/** The text that was kept; undefined if it is another one now. */
export function unsealed(table: string, key: string, kept: string): string | undefined {
  const value = kept.slice(CHECKSUM_DIGITS);
  return kept.startsWith(checksumOf(table, key, value)) ? value : undefined;
}

/** The names are part of it, so that no record can stand in for another one. */
function checksumOf(table: string, key: string, value: string): string {
  const sum = crc32(value, crc32(`${table}\n${key}\n`));
  return sum.toString(16).padStart(CHECKSUM_DIGITS, "0");
}

/** A crash must not leave a file behind that is there and empty: that is what a file cut off looks like. */
async function createFile(path: string): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const db = openDatabase(draft);
  try {
    const [table = "", key = ""] = FORMAT_KEY;
    await db.put(FORMAT_KEY, sealed({ table, key }, FORMAT));
    await db.flushed;
  } finally {
    await db.close();
  }
  await chmod(draft, 0o600);
  await rename(draft, path);
  await syncDirectory(dirname(path));
  await rm(`${draft}-lock`, { force: true });
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await openFile(path, "r");
  await directory.sync().finally(() => directory.close());
}
