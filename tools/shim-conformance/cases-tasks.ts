import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../../pkg/wire/message.ts";
import { newId } from "./caller.ts";
import type { Case, CaseWorld } from "./case.ts";
import { must } from "./must.ts";

const MANY = 200;
const MAX_BODY = 128 * 1024;
/** One below the limit of a task's body. */
const BIG_TASK = 1024 * 1024 - 100;

/** Tasks on a connection that lasts. */
export const TASK_CASES: readonly Case[] = [
  {
    name: "one task",
    must: "a task is answered with one result: its id, its origin, our name, done, a code that is a success or 0, the present time",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const id = caller.give({ body: target.quick(newId()) });
      const result = await caller.result(id);
      must(result.verdict === "done", seen(result));
      must(result.code === 0 || (result.code >= 200 && result.code < 300), `code ${result.code}`);
      must(result.origin === "conformance", `origin ${result.origin}`);
      must(result.cluster === "conformance", `cluster ${result.cluster}`);
      const apart = Math.abs(Date.now() - result.timestamp);
      must(apart < 24 * 3_600_000, `the timestamp ${result.timestamp} is no time of today`);
    },
  },
  {
    name: "unknown destination",
    must: "a task for a destination that is not offered is refused with UnknownDestination",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const body = { ...target.quick(newId()), destination: "no-such-destination" };
      const result = await caller.result(caller.give({ body }));
      must(result.verdict === "refused", seen(result));
      must(result.reason === "UnknownDestination", `reason "${result.reason}"`);
    },
  },
  {
    name: "damaged task body",
    must: "a task whose inside cannot be read gets a verdict other than done, and the connection stays",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const result = await caller.result(caller.give({ body: Buffer.alloc(50, 0xff) }));
      must(result.verdict !== "done", seen(result));
      await caller.result(caller.give({ body: target.quick(newId()) }));
    },
  },
  {
    name: "many tasks",
    must: `${MANY} tasks at once get one result each, in any order`,
    run: async ({ connect, target }) => {
      const caller = await connect();
      const ids = Array.from({ length: MANY }, () => caller.give({ body: target.quick(newId()) }));
      for (const id of ids)
        must((await caller.result(id, 30_000)).verdict === "done", "one failed");
      must(
        ids.every((id) => caller.results(id).length === 1),
        "one was answered twice",
      );
    },
  },
  {
    name: "no time left",
    must: "a task with one millisecond to live gets a result: done, or failed with DeadlineExceeded",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const result = await caller.result(caller.give({ ttlMs: 1, body: target.quick(newId()) }));
      must(result.verdict === "done" || isLate(result), seen(result));
    },
  },
  {
    name: "tasks side by side",
    must: "ten tasks of a second each run at the same time, and a quick one between them does not wait",
    needs: ["slow"],
    run: async ({ connect, target }) => {
      const caller = await connect();
      const began = performance.now();
      const ids = Array.from({ length: 10 }, () =>
        caller.give({ body: slow(target, newId(), 1000) }),
      );
      await caller.result(caller.give({ body: target.quick(newId()) }));
      const waits = ids.some((id) => caller.results(id).length === 0);
      must(waits, "the quick one had to wait for them");
      for (const id of ids) must((await caller.result(id)).verdict === "done", "one failed");
      must(performance.now() - began < 5000, "they ran one after the other");
    },
  },
  {
    name: "own deadlines",
    must: "a task that is not done when its ttlMs has passed fails with DeadlineExceeded, and its neighbours go on",
    needs: ["slow"],
    run: async ({ connect, target }) => {
      const caller = await connect();
      const long = caller.give({ body: slow(target, newId(), 2000) });
      const began = performance.now();
      const short = caller.give({ ttlMs: 300, body: slow(target, newId(), 8000) });
      const late = await caller.result(short);
      must(isLate(late), seen(late));
      must(performance.now() - began < 3000, "it was told long after the deadline");
      must((await caller.result(long)).verdict === "done", "its neighbour failed");
    },
  },
  {
    name: "long deadline",
    must: "the largest ttlMs (2^32-1, which means: no limit) is no deadline that has passed",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const id = caller.give({ ttlMs: 0xffff_ffff, body: target.quick(newId()) });
      const result = await caller.result(id);
      must(result.verdict === "done", seen(result));
    },
  },
  {
    name: "sent twice at once",
    must: "a task that comes twice while it runs is executed once",
    needs: ["slow"],
    run: async ({ connect, target }) => {
      const caller = await connect();
      const order = { id: newId(), body: slow(target, newId(), 500) };
      const other = { id: newId(), body: slow(target, "twice", 500) };
      for (const one of [order, order, other, other]) caller.give(one);
      await caller.result(order.id);
      await caller.result(other.id);
      await sleep(1000);
      expectOne(caller.results(order.id));
      expectCount(target, "twice", 1);
    },
  },
  {
    name: "sent again when done",
    must: "a task that comes again is not executed again: the same result is told, with the same timestamp",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const order = { id: newId(), body: target.quick("again") };
      caller.give(order);
      await caller.result(order.id);
      for (const startedAt of [0, Date.now()]) {
        await sleep(30);
        const before = caller.results(order.id).length;
        caller.give({ ...order, startedAt });
        const isNew = (): boolean => caller.results(order.id).length > before;
        await caller.next(isNew, "the result again", 10_000);
      }
      expectOne(caller.results(order.id));
      expectCount(target, "again", 1);
    },
  },
  {
    name: "startedAt of a task that it does not know",
    must: "a task that was sent before our time gets a verdict: looked up, executed if that is harmless, or failed with OutcomeUnknown",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const startedAt = Date.now() - 60_000;
      const result = await caller.result(caller.give({ startedAt, body: target.quick(newId()) }));
      must(result.verdict === "done" || result.reason === "OutcomeUnknown", seen(result));
    },
  },
  {
    name: "startedAt of what cannot be looked up",
    must: "a change that may have been made, and cannot be looked up, is not made again: OutcomeUnknown",
    needs: ["blind", "count"],
    run: async ({ connect, target }) => {
      const caller = await connect();
      const body = target.blind?.("blind") ?? target.quick("blind");
      const result = await caller.result(caller.give({ startedAt: Date.now() - 60_000, body }));
      must(result.verdict === "failed" && result.reason === "OutcomeUnknown", seen(result));
      expectCount(target, "blind", 0);
    },
  },
  {
    name: "large task",
    must: "a task whose body has almost 1 MiB gets a result",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const body = target.quick(newId(), "x".repeat(BIG_TASK));
      await caller.result(caller.give({ body }));
    },
  },
  {
    name: "large answer",
    must: `an answer of more than ${MAX_BODY} characters is cut to that, between two characters, and says so`,
    needs: ["large"],
    run: async ({ connect, target }) => {
      const caller = await connect();
      const wanted = target.large?.(newId(), 6 * MAX_BODY) ?? target.quick(newId());
      const result = await caller.result(caller.give({ body: wanted }));
      const text = new TextDecoder("utf-8", { fatal: true }).decode(result.body);
      must(text.length <= MAX_BODY, `it has ${text.length} characters`);
      must(result.truncated, "truncated is not set");
    },
  },
];

/** `target` can do slow tasks where a case says that it needs them. */
export function slow(target: CaseWorld["target"], key: string, ms: number) {
  return target.slow?.(key, ms) ?? target.quick(key);
}

/** All results told for a task must be one and the same. */
export function expectOne(results: readonly Result[]): void {
  const told = new Set(results.map((result) => `${result.timestamp} ${seen(result)}`));
  must(told.size === 1, `${told.size} different results were told: ${[...told].join("; ")}`);
}

/** Where executions can be counted, there must be so many. */
export function expectCount(target: CaseWorld["target"], key: string, wanted: number): void {
  const count = target.count?.(key);
  must(count === undefined || count === wanted, `it was executed ${count} times`);
}

function isLate({ verdict, reason }: Result): boolean {
  return verdict === "failed" && reason === "DeadlineExceeded";
}

function seen({ verdict, code, reason, body }: Result): string {
  return `${verdict} ${code} ${reason}: ${new TextDecoder().decode(body).slice(0, 100)}`;
}
