import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../base/temporary-directory.ts";

const CHANGES = 300;
const MOST_HEAP_BYTES = 60 << 20;

/** Changes five objects of half a megabyte again and again, reads each, and then tells how much memory is in use. */
const BURST = `
  const [base, apiserver, path] = process.argv.slice(2);
  const { LmdbRecordStore } = await import(base);
  const { RecordVersionedStore } = await import(apiserver);
  const records = await LmdbRecordStore.open(path);
  const store = new RecordVersionedStore(records);
  for (let n = 0; n < ${CHANGES}; n++) {
    const metadata = { name: "o" + (n % 5) };
    const list = Array.from({ length: 10_000 }, (_, k) => ({ k, text: "some text " + n }));
    const object = { apiVersion: "v1", kind: "Thing", metadata, list };
    const key = { resource: "things", namespace: "ns", name: metadata.name };
    const stored = await store.change(key, () => ({ kind: "put", object }));
    if (stored.object.list.length !== list.length) throw new Error("it is not what was written");
  }
  const { past } = store.watch("things", store.revision - 100, { event() {}, end() {} });
  const seen = [...past].length;
  // What is only held weakly is let go once the present turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  gc();
  console.log(JSON.stringify({ seen, heap: process.memoryUsage().heapUsed }));
  process.exit(0);`;

it("holds neither the past nor what was parsed in memory", async () => {
  await using directory = await temporaryDirectory();
  const source = (path: string) => new URL(path, import.meta.url).href;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    "--input-type=module",
    "--eval",
    BURST,
    "burst",
    source("../../base/lmdb-record-store.ts"),
    source("record-versioned-store.ts"),
    join(directory.path, "store.mdb"),
  ]);
  const { seen, heap } = JSON.parse(stdout);
  expect(seen).toBe(100);
  expect(heap).toBeLessThan(MOST_HEAP_BYTES);
});
