import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
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

/** Ways in which a disk may change a file; `at` is a number below 1. */
const DAMAGES: Readonly<Record<string, (file: Buffer, at: number) => Buffer>> = {
  "one bit": (file, at) => changed(file, Math.floor(at * file.length), (byte) => byte ^ 4),
  "one bit of a head": (file, at) =>
    changed(file, (at > 0.5 ? 4096 : 0) + Math.floor(at * 150), (byte) => byte ^ 1),
  "one bit of a page's head": (file, at) =>
    changed(
      file,
      4096 * Math.floor((at * file.length) / 4096) + (Math.floor(at * 997) % 64),
      (byte) => byte ^ 1,
    ),
  "a page of zeros": (file, at) => {
    const copy = Buffer.from(file);
    const from = 4096 * Math.floor((at * file.length) / 4096);
    return copy.fill(0, from, from + 4096);
  },
  "an end too early": (file, at) => file.subarray(0, Math.floor(at * file.length)),
};

function changed(file: Buffer, at: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(file);
  copy[at] = change(copy[at] ?? 0);
  return copy;
}

/** A file with short and long values, of which some were replaced and removed. */
async function usedFile(directory: string): Promise<Buffer> {
  await using store = await openIn(directory);
  for (let n = 0; n < 60; n++)
    await store.write([
      { table: "t", key: `k${n}`, value: `${n}`.repeat((n * 97) % 5000) },
      { table: "t", key: `k${n >> 1}`, value: n % 3 === 0 ? undefined : "short" },
    ]);
  return readFile(join(directory, "data", "store.mdb"));
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

  it.each(Object.keys(DAMAGES))("never serves a file with %s as if it were whole", async (kind) => {
    await using directory = await temporaryDirectory();
    const file = await usedFile(directory.path);
    const path = join(directory.path, "data", "store.mdb");
    const content = async () => {
      await using store = await openIn(directory.path);
      return JSON.stringify([...store.entries("t")]);
    };
    const whole = await content();
    let refused = 0;
    for (let n = 1; n <= 12; n++) {
      const at = (n * 0.618_034) % 1;
      await writeFile(path, DAMAGES[kind]?.(file, at) ?? "");
      const found = await content().catch((error: unknown) => error);
      if (typeof found === "string")
        expect({ at, isWhole: found === whole }).toEqual({ at, isWhole: true });
      else expect(found).toMatchObject({ code: "STORE_DAMAGED" });
      if (typeof found !== "string") refused++;
    }
    expect(refused).toBeGreaterThan(2);
  });

  it("does not take the state before the last one for the last one", async () => {
    await using directory = await temporaryDirectory();
    const file = await usedFile(directory.path);
    const numbers = [152, 4096 + 152];
    const [a = 0, b = 0] = numbers.map((at) => file.readUInt32LE(at));
    file.writeUInt32LE(Math.max(a, b) - 2, numbers[a > b ? 0 : 1]);
    await writeFile(join(directory.path, "data", "store.mdb"), file);
    await expect(openIn(directory.path)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  it("takes a file that is there and empty for damaged, and one that is not there for new", async () => {
    await using directory = await temporaryDirectory();
    await usedFile(directory.path);
    const path = join(directory.path, "data", "store.mdb");
    await truncate(path, 0);
    await expect(openIn(directory.path)).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      message: expect.stringContaining(path),
    });
    await rm(path);
    await using store = await openIn(directory.path);
    expect([...store.entries("t")]).toEqual([]);
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
