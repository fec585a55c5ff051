import { createHash } from "node:crypto";
import type { ApiResponse } from "../../apis/api-transport.ts";
import { methodNotAllowed } from "../request/refusals.ts";
import { type StoredObject, storeId, type VersionedStore } from "./store.ts";

/** The first line of a backup. */
export interface BackupHead {
  readonly format: typeof BACKUP_FORMAT;
  readonly version: typeof BACKUP_VERSION;
  /** All objects are as they were at this revision. */
  readonly revision: number;
  readonly objects: number;
}

/** One object in a backup. */
export interface BackupLine {
  readonly id: string;
  readonly revision: number;
  readonly object: object;
}

/** The last line: the checksum of all bytes before it. */
export interface BackupEnd {
  readonly sha256: string;
}

export const BACKUP_FORMAT = "ote-api-backup";
export const BACKUP_VERSION = 1;

const BACKUP_PATH = "ote/v1/backup";
const CHUNK_BYTES = 64 << 10;

/**
 * All present objects of one moment, the moment of the call, as lines of JSON: a head, the objects, and
 * a checksum. It can be read at leisure while writes go on; the past is not in it.
 */
export function backupOf(store: VersionedStore): AsyncIterable<Uint8Array> {
  return lines(store.revision, store.all());
}

/** The answer at the path of backups; undefined at others. Who may have it is decided before. */
export function backupAnswer(
  method: string,
  path: readonly string[],
  store: VersionedStore,
): ApiResponse | undefined {
  if (path.join("/") !== BACKUP_PATH) return undefined;
  if (method !== "GET") throw methodNotAllowed();
  const headers = { "content-type": "application/x-ndjson" };
  return { status: 200, headers, body: backupOf(store) };
}

async function* lines(
  revision: number,
  objects: readonly StoredObject[],
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  const head: BackupHead = {
    format: BACKUP_FORMAT,
    version: BACKUP_VERSION,
    revision,
    objects: objects.length,
  };
  let part = `${JSON.stringify(head)}\n`;
  for (const { key, revision, text } of objects) {
    part += `{"id":${JSON.stringify(storeId(key))},"revision":${revision},"object":${text}}\n`;
    if (part.length < CHUNK_BYTES) continue;
    const bytes = Buffer.from(part);
    hash.update(bytes);
    yield bytes;
    part = "";
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rest = Buffer.from(part);
  const end: BackupEnd = { sha256: hash.update(rest).digest("hex") };
  yield Buffer.concat([rest, Buffer.from(`${JSON.stringify(end)}\n`)]);
}
