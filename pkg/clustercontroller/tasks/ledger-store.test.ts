import { describe, expect, it } from "vitest";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import type { Task } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import { LedgerStore } from "./ledger-store.ts";

const root = clusterName("root");
const region = clusterName("region");

function task(id: string, notAfter: number, origin = root): Task {
  const body = new Uint8Array();
  const rest = { kind: "task", targets: [], ttlMs: 1000, body, startedAt: 0, hops: 0 } as const;
  return { ...rest, id, origin, notAfter };
}

describe("a ledger on disk", () => {
  it("knows what may have been done and forgotten, for each origin, over restarts", async () => {
    const store = new MemoryRecordStore();
    const ledger = new LedgerStore(store);
    await ledger.started(task("t1", 1000), 0);
    await ledger.started(task("t2", 2000), 0);
    await ledger.started(task("t3", 1500), 0);
    expect(ledger.isForgotten(task("t0", 500))).toBe(false);
    await ledger.forget(["t1", "t2", "gone"]);
    const later = new LedgerStore(store);
    for (const [old, expected] of [
      [task("t1", 1000), true],
      [task("t2", 2000), true],
      [task("t3", 1500), false],
      [task("new", 2001), false],
      [task("other", 500, region), false],
    ] as const)
      expect([old.id, later.isForgotten(old)]).toEqual([old.id, expected]);
    await later.forget(["t3"]);
    expect(later.isForgotten(task("t2", 2000))).toBe(true);
  });

  it("forgets nobody where tasks are not signed", async () => {
    const ledger = new LedgerStore(new MemoryRecordStore());
    const { notAfter: _, ...plain } = task("t1", 0);
    await ledger.started(plain, 0);
    await ledger.forget(["t1"]);
    expect(ledger.isForgotten(task("t9", 1))).toBe(false);
  });
});
