import { expect, it } from "vitest";
import { silentLog } from "../../base/log.ts";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import { noMetrics } from "../../base/metrics.ts";
import type { ClusterShim, RecoveringShim, ShimResult } from "../../shim/shim.ts";
import { encodeTaskBody } from "../../wire/codec.ts";
import type { Result, Task } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import type { TaskOrder } from "../event.ts";
import { LedgerStore } from "./ledger-store.ts";
import { TaskRunner } from "./task-runner.ts";

const root = clusterName("root");
const body = Buffer.from(
  encodeTaskBody({ destination: "api", method: "POST", url: "/", body: "", contentType: "" }),
);
const task: Task = {
  kind: "task",
  id: "uid-1",
  origin: root,
  targets: [root],
  ttlMs: 60_000,
  body,
  hops: 0,
  startedAt: 0,
};
const order: TaskOrder = {
  id: task.id,
  body,
  waiting: [root],
  deadline: 60_000,
  parallelism: 1,
  resumedFrom: new Date(1_700_000_000_000),
};
const DONE: ShimResult = { verdict: "done", code: 200, reason: "", body: "" };

/** What a runner makes of the task, and what its shim was asked for. */
async function ranBy(
  found: ShimResult | "run",
  prepare: (runner: TaskRunner) => void,
): Promise<readonly [asked: readonly string[], verdict: string]> {
  const asked: string[] = [];
  const shim: ClusterShim & RecoveringShim = {
    destinations: ["api"],
    run: async ({ ttlMs = 0 }) => {
      asked.push(ttlMs > 30_000 ? "run" : "run in a hurry");
      return DONE;
    },
    recover: async (_, startedAt) => {
      asked.push(`recover since ${startedAt.toISOString()}`);
      return found;
    },
  };
  const ended = new AbortController();
  const result = await new Promise<Result>((onResult) => {
    const ledger = new LedgerStore(new MemoryRecordStore());
    const parts = { name: root, shim, ledger, log: silentLog, metrics: noMetrics, onResult };
    const runner = new TaskRunner(parts, ended.signal);
    prepare(runner);
    runner.run(task);
  });
  ended.abort();
  return [asked, result.verdict];
}

it("looks for the outcome of a task that a former leader may have begun, before it is begun", async () => {
  const since = "recover since 2023-11-14T22:13:20.000Z";
  const inherit = (runner: TaskRunner): void => runner.inherit(order);
  expect(await ranBy(DONE, inherit)).toEqual([[since], "done"]);
  expect(await ranBy("run", inherit)).toEqual([[since, "run"], "done"]);
});

it("begins a task at once that nobody can have begun for this cluster", async () => {
  expect(await ranBy(DONE, () => {})).toEqual([["run"], "done"]);
  for (const over of [{ resumedFrom: undefined }, { waiting: [clusterName("shop")] }]) {
    const prepare = (runner: TaskRunner): void => runner.inherit({ ...order, ...over });
    expect(await ranBy(DONE, prepare)).toEqual([["run"], "done"]);
  }
});
