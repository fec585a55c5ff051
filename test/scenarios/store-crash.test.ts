import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { RecordVersionedStore } from "../../pkg/apiserver/store/record-versioned-store.ts";
import type { StoreKey } from "../../pkg/apiserver/store/store.ts";
import { LmdbRecordStore } from "../../pkg/base/lmdb-record-store.ts";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";

const CRASHES = 50;
const WRITERS = 32;
const HISTORY = { events: 3000, bytes: 64 << 20 };

/** Each writer changes its own object again and again, and now and then removes it; it tells what was acknowledged. */
const WRITE_FOREVER = `
  const [base, apiserver, path, history, run] = process.argv.slice(2);
  const { LmdbRecordStore } = await import(base);
  const { RecordVersionedStore } = await import(apiserver);
  const store = new RecordVersionedStore(await LmdbRecordStore.open(path), JSON.parse(history));
  const write = async (name) => {
    const key = { resource: "things", namespace: "ns", name };
    for (let n = 1; ; n++) {
      const value = run + "-" + n;
      const metadata = { name };
      const object = { apiVersion: "v1", kind: "Thing", metadata, value, text: "x".repeat(n % 300) };
      const kind = n % 50 === 0 ? "remove" : "put";
      const { revision } = await store.change(key, () => ({ kind, object }));
      process.stdout.write([name, revision, kind === "put" ? value : ""].join(" ") + "\\n");
    }
  };
  await Promise.all(Array.from({ length: ${WRITERS} }, (_, n) => write("w" + n)));`;

const source = (path: string) => new URL(`../../pkg/${path}`, import.meta.url).href;

/** What was acknowledged last for one object. */
interface Acknowledged {
  readonly revision: number;
  /** "" when it was removed. */
  readonly value: string;
}

class CrashingStore {
  readonly #script: string;
  readonly #path: string;
  readonly #acknowledged = new Map<string, Acknowledged>();
  /** What a client that watches has been told: each object's latest value, and the revision. */
  #watched = new Map<string, string>();
  #revision = 0;
  writes = 0;
  resumed = 0;

  constructor(directory: string) {
    this.#script = join(directory, "writer.mjs");
    this.#path = join(directory, "data", "store.mdb");
  }

  async crash(run: number): Promise<void> {
    await writeFile(this.#script, WRITE_FOREVER);
    const child = spawn(
      process.execPath,
      [
        this.#script,
        source("base/lmdb-record-store.ts"),
        source("apiserver/store/record-versioned-store.ts"),
        ...[this.#path, JSON.stringify(HISTORY), String(run)],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await this.#listen(child, run);
    await this.#check();
  }

  async #listen(child: ChildProcess, run: number): Promise<void> {
    if (child.stdout === null) return;
    const exited = once(child, "exit");
    let written = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const [name = "", revision, value = ""] = line.split(" ");
      this.#acknowledged.set(name, { revision: Number(revision), value });
      this.writes++;
      written++;
      // In the middle of the writes that follow.
      if (written === 1 + ((run * 37) % 80)) child.kill("SIGKILL");
    }
    await exited;
  }

  async #check(): Promise<void> {
    await using records = await LmdbRecordStore.open(this.#path);
    await using store = new RecordVersionedStore(records, HISTORY);
    const latest = Math.max(...[...this.#acknowledged.values()].map(({ revision }) => revision));
    expect(store.revision).toBeGreaterThanOrEqual(latest);
    for (const [name, { revision, value }] of this.#acknowledged) {
      const stored = store.get(keyOf(name));
      // A later change may have been kept without anybody having heard of it.
      if (stored?.revision === revision || (stored === undefined && value === ""))
        expect([name, valueIn(stored?.object)]).toEqual([name, value || undefined]);
      else if (stored !== undefined) expect(stored.revision).toBeGreaterThan(revision);
      else expect(this.#endOf(store, name)).toBeGreaterThan(revision);
    }
    this.#resume(store);
  }

  /** The revision at which an object ended. */
  #endOf(store: RecordVersionedStore, name: string): number | undefined {
    const { past } = store.watch("things", this.#revision, { event() {}, end() {} });
    const ends = [...past].filter(
      ({ type, stored }) => type === "DELETED" && stored.key.name === name,
    );
    return ends.at(-1)?.stored.revision;
  }

  /** Goes on with a watch from where it was; what it has been told by then is what there is. */
  #resume(store: RecordVersionedStore): void {
    const listed = () =>
      new Map(store.list("things").map(({ key, object }) => [key.name, valueIn(object)]));
    try {
      const { past } = store.watch("things", this.#revision, { event() {}, end() {} });
      for (const { type, stored } of past) {
        expect(stored.revision).toBeGreaterThan(this.#revision);
        this.#revision = stored.revision;
        const isThere = this.#watched.has(stored.key.name);
        expect(type).toBe(isThere ? (type === "DELETED" ? "DELETED" : "MODIFIED") : "ADDED");
        if (type === "DELETED") this.#watched.delete(stored.key.name);
        else this.#watched.set(stored.key.name, valueIn(stored.object));
      }
      this.resumed++;
    } catch (error) {
      if ((error as { code?: string }).code !== "REVISION_GONE") throw error;
      this.#watched = listed();
    }
    expect(new Map([...this.#watched].sort())).toEqual(new Map([...listed()].sort()));
    this.#revision = store.revision;
  }
}

function keyOf(name: string): StoreKey {
  return { resource: "things", namespace: "ns", name };
}

function valueIn(object: object | undefined): string {
  return (object as { value: string } | undefined)?.value as string;
}

it(`loses nothing it acknowledged over ${CRASHES} crashes, and goes on with its watches`, async () => {
  await using directory = await temporaryDirectory();
  const store = new CrashingStore(directory.path);
  for (let run = 0; run < CRASHES; run++) await store.crash(run);
  expect(store.writes).toBeGreaterThan(CRASHES * WRITERS);
  expect(store.resumed).toBeGreaterThan(CRASHES / 2);
}, 180_000);
