import { parentPort, workerData } from "node:worker_threads";
import { openDatabase, type RecordDatabase, sealed } from "./lmdb-file.ts";
import type { RecordChange } from "./record-store.ts";

/** What the writing thread answers to one batch of changes. */
export type WriterReply = { readonly error?: { readonly message: string; readonly code: number } };

/**
 * The thread that writes: one transaction for each batch it is sent, flushed before it answers. It is a
 * thread because a flush takes milliseconds, and synchronous because only there lmdb reports a full disk
 * as one error and stays usable afterwards.
 */
function serve(port: NonNullable<typeof parentPort>, path: string): void {
  const db = openDatabase(path);
  port.on("message", (changes: readonly RecordChange[] | "close") => {
    if (changes === "close") {
      void db.close().then(() => port.close());
      return;
    }
    port.postMessage(commit(db, changes));
  });
}

function commit(db: RecordDatabase, changes: readonly RecordChange[]): WriterReply {
  try {
    db.transactionSync(() => {
      for (const change of changes) {
        const { table, key, value } = change;
        if (value === undefined) db.removeSync([table, key]);
        else db.putSync([table, key], sealed(change, value));
      }
    });
    return {};
  } catch (error) {
    const code = error instanceof Error && "code" in error ? Number(error.code) : 0;
    return { error: { message: error instanceof Error ? error.message : String(error), code } };
  }
}

if (parentPort !== null) serve(parentPort, String(workerData));
