import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../apis/object.ts";
import { LmdbRecordStore } from "../../base/lmdb-record-store.ts";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import { type RecordChange, StoreFullError } from "../../base/record-store.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { RecordVersionedStore } from "./record-versioned-store.ts";
import type { StoreEvent, StoreKey, VersionedStore } from "./store.ts";

const key = (name: string, namespace = "ns"): StoreKey => ({ resource: "things", namespace, name });
const thing = (name: string, value: unknown): KubeObject =>
  ({ apiVersion: "v1", kind: "Thing", metadata: { name }, value }) as KubeObject;
const put = (store: VersionedStore, name: string, value: unknown = 0) =>
  store.change(key(name), () => ({ kind: "put", object: thing(name, value) }));
const remove = (store: VersionedStore, name: string) =>
  store.change(key(name), (current) => ({ kind: "remove", object: current?.object as KubeObject }));
const valueIn = (stored: { readonly object: KubeObject } | undefined) =>
  (stored?.object as unknown as { value: unknown } | undefined)?.value;

function record(store: VersionedStore, after: number) {
  const seen: string[] = [];
  const note = ({ type, stored }: StoreEvent) =>
    seen.push(`${type} ${stored.key.name} ${stored.revision}`);
  const subscription = store.watch("things", after, { event: note, end: () => seen.push("end") });
  for (const event of subscription.past) note(event);
  return { seen, subscription };
}

/** A disk that is full while `isFull`. */
class FullDisk extends MemoryRecordStore {
  isFull = false;
  override async write(changes: readonly RecordChange[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isFull) throw new StoreFullError("test");
    await super.write(changes);
  }
}

describe("RecordVersionedStore", () => {
  it("gives each change a greater revision and writes it into the object", async () => {
    await using store = new RecordVersionedStore(new MemoryRecordStore());
    const first = await put(store, "a");
    const second = await put(store, "a", 1);
    expect([first.revision, second.revision, store.revision]).toEqual([1, 2, 2]);
    expect(second.object.metadata.resourceVersion).toBe("2");
    expect(JSON.parse(second.text)).toEqual(second.object);
  });

  it("lets a hundred changes of one object at the same time each count once", async () => {
    await using directory = await temporaryDirectory();
    await using records = await LmdbRecordStore.open(join(directory.path, "store.mdb"));
    await using store = new RecordVersionedStore(records);
    await put(store, "counter", 0);
    await Promise.all(
      Array.from({ length: 100 }, () =>
        store.change(key("counter"), (current) => ({
          kind: "put",
          object: thing("counter", Number(valueIn(current)) + 1),
        })),
      ),
    );
    expect(valueIn(store.get(key("counter")))).toBe(100);
  });

  it("shows a change to nobody before it is durable, and never if it is not", async () => {
    const disk = new FullDisk();
    await using store = new RecordVersionedStore(disk);
    await put(store, "kept", 1);
    const { seen } = record(store, 1);
    disk.isFull = true;
    const failing = put(store, "kept", 2);
    const other = put(store, "other", 2);
    expect(valueIn(store.get(key("kept")))).toBe(1);
    await expect(failing).rejects.toMatchObject({ code: "STORE_FULL" });
    await expect(other).rejects.toMatchObject({ code: "STORE_FULL" });
    expect([valueIn(store.get(key("kept"))), seen]).toEqual([1, []]);
    disk.isFull = false;
    const next = await put(store, "kept", 3);
    expect(next.revision).toBeGreaterThan(3);
    expect(seen).toEqual([`MODIFIED kept ${next.revision}`]);
  });

  it("goes on from its revision after it was opened again, even if the last change was a removal", async () => {
    const records = new MemoryRecordStore();
    {
      await using store = new RecordVersionedStore(records);
      await put(store, "a");
      await put(store, "b");
      await remove(store, "b");
    }
    await using store = new RecordVersionedStore(records);
    expect(store.revision).toBe(3);
    expect(store.list("things").map(({ key }) => key.name)).toEqual(["a"]);
    expect((await put(store, "c")).revision).toBe(4);
  });

  it("goes on with a watch from before it was opened again, and misses and repeats nothing", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.mdb");
    {
      await using records = await LmdbRecordStore.open(path);
      await using store = new RecordVersionedStore(records);
      await put(store, "a", 1);
      await put(store, "b", 1);
      await put(store, "a", 2);
      await remove(store, "b");
    }
    await using records = await LmdbRecordStore.open(path);
    await using store = new RecordVersionedStore(records);
    const { seen } = record(store, 1);
    await put(store, "c");
    expect(seen).toEqual(["ADDED b 2", "MODIFIED a 3", "DELETED b 4", "ADDED c 5"]);
    const [, changed, removed] = [...store.watch("things", 1, { event() {}, end() {} }).past];
    expect([valueIn(changed?.previous), valueIn(changed?.stored)]).toEqual([1, 2]);
    expect(removed?.stored.object.metadata.resourceVersion).toBe("4");
    expect(store.listAt("things", "ns", 2).map((s) => s.object.metadata.name)).toEqual(["a", "b"]);
  });

  it("keeps as much of the past on disk as it tells of, over restarts too", async () => {
    const records = new MemoryRecordStore();
    const limits = { events: 20, bytes: 1 << 20 };
    for (let run = 0; run < 3; run++) {
      await using store = new RecordVersionedStore(records, limits);
      for (let i = 0; i < 50; i++) await put(store, `o${i % 2}`, i);
      await put(store, "gone");
      await remove(store, "gone");
      const kept = [...records.entries("revisions")].length;
      expect(kept).toBeGreaterThan(20);
      expect(kept).toBeLessThan(30);
    }
    await using store = new RecordVersionedStore(records, limits);
    expect(store.list("things").map(valueIn)).toEqual([48, 49]);
    expect(record(store, store.revision - 20).seen.length).toBe(20);
    expect(() => record(store, store.revision - 21)).toThrow("too old");
  });

  it("tells a reader of the past that it is gone rather than leave something out", async () => {
    const limits = { events: 600, bytes: 1 << 20 };
    await using store = new RecordVersionedStore(new MemoryRecordStore(), limits);
    for (let i = 1; i <= 600; i++) await put(store, "a", i);
    const past = store.watch("things", 0, { event() {}, end() {} }).past[Symbol.iterator]();
    expect(past.next().value?.stored.revision).toBe(1);
    for (let i = 1; i <= 600; i++) await put(store, "a", i);
    expect(() => {
      for (let i = 0; i < 600; i++) expect(past.next().value?.stored.revision).toBe(i + 2);
    }).toThrow("too old");
  });

  it("watches from a revision: first the past, then what happens", async () => {
    await using store = new RecordVersionedStore(new MemoryRecordStore());
    await put(store, "a");
    await put(store, "a", 1);
    const { seen, subscription } = record(store, 1);
    expect(seen).toEqual(["MODIFIED a 2"]);
    await put(store, "b");
    await remove(store, "a");
    subscription[Symbol.dispose]();
    await put(store, "c");
    expect(seen).toEqual(["MODIFIED a 2", "ADDED b 3", "DELETED a 4"]);
  });

  it("says that a revision is gone when history does not reach it", async () => {
    const limits = { events: 3, bytes: 1 << 20 };
    await using store = new RecordVersionedStore(new MemoryRecordStore(), limits);
    for (let i = 1; i <= 10; i++) await put(store, "a", i);
    expect(record(store, 7).seen.length).toBe(3);
    expect(() => record(store, 6)).toThrow("too old resource version: 6 (7)");
    expect(() => record(store, 11)).toThrow("too old resource version");
  });

  it("forgets old history by its size, too", async () => {
    const limits = { events: 1000, bytes: 5_000 };
    await using store = new RecordVersionedStore(new MemoryRecordStore(), limits);
    for (let i = 1; i <= 10; i++) await put(store, "a", "x".repeat(1500));
    expect(record(store, 7).seen.length).toBe(3);
    expect(() => record(store, 6)).toThrow("too old");
  });

  it("lists things as they were at a revision", async () => {
    await using store = new RecordVersionedStore(new MemoryRecordStore());
    await put(store, "b");
    await put(store, "c");
    await remove(store, "b");
    await put(store, "a");
    await put(store, "c", 1);
    const namesAt = (revision: number) =>
      store.listAt("things", "ns", revision).map((s) => `${s.key.name}${s.revision}`);
    expect([1, 2, 3, 4, 5].map(namesAt)).toEqual([
      ["b1"],
      ["b1", "c2"],
      ["c2"],
      ["a4", "c2"],
      ["a4", "c5"],
    ]);
    expect(store.listAt("things", "other", 5)).toEqual([]);
  });

  it("renders an event once for all who want the same", async () => {
    await using store = new RecordVersionedStore(new MemoryRecordStore());
    let made = 0;
    const got: Uint8Array[] = [];
    for (let i = 0; i < 10; i++)
      store.watch("things", 0, {
        event: (event) =>
          got.push(
            event.render("json", () => {
              made++;
              return event.stored.text;
            }),
          ),
        end() {},
      });
    await put(store, "a");
    expect([made, new Set(got).size, got.length]).toEqual([1, 1, 10]);
  });

  it("tells its watchers that it closes", async () => {
    const store = new RecordVersionedStore(new MemoryRecordStore());
    const { seen } = record(store, 0);
    const last = put(store, "a");
    await store[Symbol.asyncDispose]();
    await last;
    expect(seen).toEqual(["ADDED a 1", "end"]);
  });
});
