import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { LmdbRecordStore } from "./lmdb-record-store.ts";
import { describeRecordStore } from "./record-store.contract.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const openIn = (directory: string) => LmdbRecordStore.open(join(directory, "data", "store.mdb"));

describeRecordStore("lmdb", openIn);

const WRITE_FOREVER = `
  const { LmdbRecordStore } = await import(process.argv[2]);
  const store = await LmdbRecordStore.open(process.argv[3]);
  for (let n = 0; ; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, i) =>
      store.write([{ table: "t", key: String(n + i), value: "x".repeat(500) + (n + i) }])
        .then(() => process.stdout.write((n + i) + "\\n"))));
  }`;

async function spawnWriter(directory: string) {
  const script = join(directory, "writer.mjs");
  await writeFile(script, WRITE_FOREVER);
  const source = new URL("./lmdb-record-store.ts", import.meta.url).href;
  return spawn(process.execPath, [script, source, join(directory, "data", "store.mdb")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("LmdbRecordStore", () => {
  it("finds its records again when opened again", async () => {
    await using directory = await temporaryDirectory();
    for (const round of ["1", "2", "3"]) {
      await using store = await openIn(directory.path);
      expect([...store.entries("t")].length).toBe(Number(round) - 1);
      await store.write([{ table: "t", key: round, value: round }]);
    }
  });

  it("opens a backup as a store of its own", async () => {
    await using directory = await temporaryDirectory();
    await using store = await openIn(directory.path);
    await store.write([{ table: "t", key: "k", value: "v" }]);
    await store.backup(join(directory.path, "copy.mdb"));
    await store.write([{ table: "t", key: "later", value: "v" }]);
    await using copy = await LmdbRecordStore.open(join(directory.path, "copy.mdb"));
    expect([...copy.entries("t")]).toEqual([["k", "v"]]);
  });

  it("keeps its files for their owner", async () => {
    await using directory = await temporaryDirectory();
    await using store = await openIn(directory.path);
    await store.write([{ table: "t", key: "k", value: "v" }]);
    const data = join(directory.path, "data");
    const modes = await Promise.all(
      (await readdir(data)).filter((n) => n.includes("mdb")).map((n) => stat(join(data, n))),
    );
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it("refuses to open a store that is open", async () => {
    await using directory = await temporaryDirectory();
    await using store = await openIn(directory.path);
    await expect(openIn(directory.path)).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await store.write([{ table: "t", key: "k", value: "v" }]);
  });

  it("says so when it cannot be opened", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "data"), "a file where a directory must be");
    await expect(openIn(directory.path)).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("has lost nothing it acknowledged after kill -9, and can be opened at once", async () => {
    await using directory = await temporaryDirectory();
    const child = await spawnWriter(directory.path);
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === 5)
        await expect(openIn(directory.path)).rejects.toMatchObject({ code: "STORE_LOCKED" });
      if (acknowledged.length === 500) child.kill("SIGKILL");
    }
    if (child.signalCode === null) await once(child, "exit");
    await using store = await openIn(directory.path);
    const kept = new Map(store.entries("t"));
    expect(acknowledged.filter((n) => kept.get(n) !== `${"x".repeat(500)}${n}`)).toEqual([]);
  });
});
