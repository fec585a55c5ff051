import { describe, expect, it } from "vitest";
import type { Result, Task } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import {
  fromDisk,
  LEDGER_LIMIT,
  LEDGER_MARGIN_MS,
  type LedgerEntry,
  TaskLedger,
} from "./task-ledger.ts";

const origin = clusterName("root");
const task = (id: string, ttlMs = 1000): Task => ({
  kind: "task",
  id,
  origin,
  targets: [],
  ttlMs,
  body: new Uint8Array(),
  hops: 0,
  startedAt: 0,
});
const result = (id: string): Result => ({
  kind: "result",
  id,
  origin,
  cluster: clusterName("a"),
  verdict: "done",
  code: 200,
  reason: "",
  truncated: false,
  timestamp: 0,
  body: new Uint8Array(),
});

describe("TaskLedger", () => {
  it("runs a task once, and answers it from memory when it comes again", () => {
    const ledger = new TaskLedger();
    expect(ledger.receive(task("t"), 0)).toEqual({ do: "run" });
    expect(ledger.receive(task("t"), 1)).toEqual({ do: "nothing" });
    ledger.finished(result("t"));
    expect(ledger.receive(task("t"), 2)).toEqual({ do: "answer", result: result("t") });
  });

  it("forgets a finished task when it can no longer come, and a running one never", () => {
    const ledger = new TaskLedger();
    ledger.receive(task("done"), 0);
    ledger.receive(task("runs"), 0);
    ledger.finished(result("done"));
    expect(ledger.prune(1000 + LEDGER_MARGIN_MS - 1)).toEqual([]);
    expect(ledger.prune(1000 + LEDGER_MARGIN_MS)).toEqual(["done"]);
    expect(ledger.size).toBe(1);
  });

  it.each([
    ["was set forward by a day", 86_400_000],
    ["was set back by a day", -86_400_000],
    ["was right", 0],
  ])("remembers a task over a restart although the clock %s", (_, jump) => {
    const kept = { id: "t", startedAt: 1_000_000, expiresAt: 2_000_000, result: result("t") };
    const ledger = new TaskLedger([fromDisk(kept, 0, 1_000_000 + jump)]);
    expect(ledger.prune(999_999)).toEqual([]);
    expect(ledger.receive(task("t"), 999_999).do).toBe("answer");
    expect(ledger.prune(1_000_000)).toEqual(["t"]);
  });

  it("believes the wall clock when there is no room, and then tells what it dropped", () => {
    const entries = Array.from({ length: LEDGER_LIMIT }, (_, index): LedgerEntry => {
      const id = `t${index}`;
      const kept = { id, startedAt: 0, expiresAt: 1000, result: result(id) };
      return fromDisk(kept, 0, index === 0 ? 5000 : 0);
    });
    const ledger = new TaskLedger(entries);
    expect(ledger.receive(task("new"), 10)).toEqual({ do: "run" });
    expect(ledger.receive(task("newer"), 10)).toMatchObject({ do: "refuse", reason: "LedgerFull" });
    expect(ledger.prune(10)).toEqual(["t0"]);
  });
});
