import { access } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RecordStore } from "./record-store.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** What every record store promises. */
export function describeRecordStore(
  kind: string,
  open: (directory: string) => Promise<RecordStore>,
): void {
  describe(`${kind} record store`, () => {
    it("returns what was written, and undefined for what was not or no more", async () => {
      await using directory = await temporaryDirectory();
      await using store = await open(directory.path);
      await store.write([
        { table: "a", key: "x", value: "1" },
        { table: "b", key: "x", value: "2" },
      ]);
      await store.write([{ table: "a", key: "x" }]);
      expect([store.get("a", "x"), store.get("b", "x"), store.get("c", "x")]).toEqual([
        undefined,
        "2",
        undefined,
      ]);
    });

    it("makes the changes of a write in order", async () => {
      await using directory = await temporaryDirectory();
      await using store = await open(directory.path);
      await store.write([
        { table: "a", key: "x", value: "1" },
        { table: "a", key: "x" },
        { table: "a", key: "x", value: "3" },
      ]);
      expect(store.get("a", "x")).toBe("3");
    });

    it("lists one table in key order", async () => {
      await using directory = await temporaryDirectory();
      await using store = await open(directory.path);
      const keys = ["b", "a/z", "", "a", "é", "a0"];
      await store.write(keys.map((key) => ({ table: "t", key, value: `v${key}` })));
      await store.write([{ table: "ta", key: "other", value: "" }]);
      expect([...store.entries("t")].map(([key]) => key)).toEqual([...keys].sort());
    });

    it("keeps long keys and long values", async () => {
      await using directory = await temporaryDirectory();
      await using store = await open(directory.path);
      const key = "k".repeat(1000);
      const value = "é".repeat(1 << 20);
      await store.write([{ table: "t", key, value }]);
      expect(store.get("t", key)).toBe(value);
    });

    it("lets many writers write at the same time", async () => {
      await using directory = await temporaryDirectory();
      await using store = await open(directory.path);
      const numbers = Array.from({ length: 200 }, (_, i) => String(i));
      await Promise.all(numbers.map((n) => store.write([{ table: "t", key: n, value: n }])));
      expect([...store.entries("t")].map(([, value]) => value).sort()).toEqual(numbers.sort());
    });

    it("copies itself into a new file, and not over an old one", async () => {
      await using directory = await temporaryDirectory();
      await using store = await open(directory.path);
      await store.write([{ table: "t", key: "k", value: "v" }]);
      const path = join(directory.path, "copy");
      await store.backup(path);
      await access(path);
      await expect(store.backup(path)).rejects.toMatchObject({ code: "STORE_FAILED" });
    });

    it("refuses to write once it is closed", async () => {
      await using directory = await temporaryDirectory();
      const store = await open(directory.path);
      await store[Symbol.asyncDispose]();
      await expect(store.write([{ table: "t", key: "k", value: "v" }])).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
    });
  });
}
