import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { silentLog } from "../../base/log.ts";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import type { OldAnswer } from "../../otev1/old-link.ts";
import { encodeTaskBody } from "../../wire/codec.ts";
import type { Message, Result, Task } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import { LedgerStore } from "../tasks/ledger-store.ts";
import { OldTasks, type OldWay } from "./old-tasks.ts";

const edge = clusterName("edge");
const body = encodeTaskBody({
  destination: "api",
  method: "GET",
  url: "/version",
  body: "",
  contentType: "",
});

/** A link to one old cluster that answers when it is told to. */
class TestWay implements OldWay {
  open = true;
  readonly asked: string[] = [];
  readonly told: Result[] = [];
  readonly answers: ((answer: OldAnswer) => void)[] = [];

  ask({ id }: Parameters<OldWay["ask"]>[0], _: unknown, signal: AbortSignal): Promise<OldAnswer> {
    this.asked.push(id);
    return new Promise((resolve) => {
      this.answers.push(resolve);
      signal.addEventListener("abort", () => resolve(undefined));
    });
  }

  tell(message: Message): void {
    if (message.kind === "result") this.told.push(message);
  }

  selectorFor(name: string): string {
    return `^${name}$`;
  }
}

let end = new AbortController();
afterEach(() => {
  end.abort();
  end = new AbortController();
});

function tasksOn(store: MemoryRecordStore): OldTasks {
  const ledger = new LedgerStore(store, "old-ledger");
  const trusting = { believes: () => true, signed: (result: Result) => result };
  return new OldTasks({ ledger, log: silentLog, ...trusting }, end.signal);
}

function task(over: Partial<Task> = {}): Task {
  const words = { id: "t-1", origin: clusterName("root"), targets: [edge], body };
  const signed = { notAfter: Date.now() + 60_000 };
  return { kind: "task", ...words, ...signed, ttlMs: 60_000, startedAt: 0, hops: 1, ...over };
}

const ok: OldAnswer = { timestamp: 1_700_000_000, status: 200, body: new Uint8Array() };
const asked = (way: TestWay, count = 1): Promise<true> =>
  eventually(`${count} are asked`, () => way.asked.length === count);

describe("tasks for old clusters", () => {
  it("are answered once they are on disk, and again from there", async () => {
    const store = new MemoryRecordStore();
    const way = new TestWay();
    const tasks = tasksOn(store);
    const taking = tasks.take(way, task());
    await asked(way);
    way.answers[0]?.(ok);
    await taking;
    await tasks.take(way, task());
    await tasksOn(store).take(way, task());
    const result = { id: "t-1", cluster: "edge", verdict: "done", timestamp: 1_700_000_000_000 };
    expect(way.told).toMatchObject([result, result, result]);
    expect(way.asked).toEqual(["t-1/edge"]);
  });

  it("may come again when nothing was sent", async () => {
    const lost = new TestWay();
    lost.open = false;
    const tasks = tasksOn(new MemoryRecordStore());
    await tasks.take(lost, task());
    expect([lost.asked, lost.told]).toEqual([[], []]);
    const way = new TestWay();
    const taking = tasks.take(way, task());
    await asked(way);
    way.answers[0]?.(ok);
    await taking;
    expect(way.told).toMatchObject([{ verdict: "done" }]);
  });

  it("are unknown when the link ends, or a crash came between", async () => {
    const store = new MemoryRecordStore();
    const way = new TestWay();
    const tasks = tasksOn(store);
    const broken = tasks.take(way, task());
    void tasks.take(way, task({ id: "t-2" }));
    await asked(way, 2);
    way.answers[0]?.(undefined);
    await broken;
    // The second one is still open when the next process starts.
    await tasksOn(store).take(way, task({ id: "t-2" }));
    const unknown = { verdict: "failed", code: 500, reason: "OutcomeUnknown" };
    expect(way.told).toMatchObject([
      { id: "t-1", ...unknown },
      { id: "t-2", ...unknown },
    ]);
    expect(way.asked).toHaveLength(2);
  });

  it("are unknown when nobody answers before the deadline, and too late after it", async () => {
    const way = new TestWay();
    const tasks = tasksOn(new MemoryRecordStore());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const taking = tasks.take(way, task({ ttlMs: 20 }));
      while (way.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(20);
      await taking;
    } finally {
      vi.useRealTimers();
    }
    await tasks.take(way, task({ id: "t-2", ttlMs: 0 }));
    expect(way.told).toMatchObject([
      { id: "t-1", verdict: "failed", code: 504, reason: "OutcomeUnknown" },
      { id: "t-2", verdict: "expired" },
    ]);
    expect(way.asked).toEqual(["t-1/edge"]);
  });

  it("are told to whom asks while they are under way, once for each link", async () => {
    const [first, second] = [new TestWay(), new TestWay()];
    const tasks = tasksOn(new MemoryRecordStore());
    const taking = [
      tasks.take(first, task()),
      tasks.take(first, task()),
      tasks.take(second, task()),
    ];
    await asked(first);
    first.answers[0]?.(ok);
    await Promise.all(taking);
    expect([first.asked.length, second.asked.length]).toEqual([1, 0]);
    expect([first.told.length, second.told.length]).toEqual([1, 1]);
  });

  it("are not sent when they cannot be noted", async () => {
    const store = new MemoryRecordStore();
    store.write = () => Promise.reject(new Error("no space left"));
    const way = new TestWay();
    await tasksOn(store).take(way, task());
    expect(way.told).toMatchObject([{ verdict: "refused", reason: "LedgerUnwritable" }]);
    expect(way.asked).toEqual([]);
  });
});
