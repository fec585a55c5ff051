import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "./caller.ts";
import type { Case } from "./case.ts";
import { expectCount, expectOne, slow } from "./cases-tasks.ts";
import { must } from "./must.ts";

const SLOW_ANSWERS = 64;
const ANSWER_BYTES = 120_000;

/** Connections that break, come again, or are not read. */
export const RECONNECT_CASES: readonly Case[] = [
  {
    name: "newer connection",
    must: "a newer connection of the controller is served, and the older one is ended with 4000 REPLACED",
    run: async ({ connect, target }) => {
      const older = await connect();
      const newer = await connect();
      const { code, text } = await older.end(5000);
      must(code === 4000 && text.startsWith("REPLACED:"), `it was ended with ${code} "${text}"`);
      await newer.result(newer.give({ body: target.quick(newId()) }));
    },
  },
  {
    name: "result while nobody listens",
    must: "a task goes on when the connection breaks, and its result is told when it is asked for again",
    run: async ({ connect, target }) => {
      const order = { id: newId(), body: target.quick("unheard") };
      const first = await connect();
      first.give(order);
      await first.result(order.id);
      const [before] = first.results(order.id);
      first.socket.terminate();
      const second = await connect();
      second.give({ ...order, startedAt: Date.now() - 1000 });
      const told = await second.result(order.id);
      must(told.timestamp === before?.timestamp, "another result is told: it was executed again");
      expectCount(target, "unheard", 1);
    },
  },
  {
    name: "running task over a reconnect",
    must: "a task that runs while the connection breaks runs on, once, and a question for it is answered when it is done",
    needs: ["slow"],
    run: async ({ connect, target }) => {
      const order = { id: newId(), body: slow(target, "running", 1500) };
      const first = await connect();
      first.give(order);
      await sleep(300);
      first.socket.terminate();
      await first.ended;
      const began = Date.now() - 300;
      const second = await connect();
      second.give({ ...order, startedAt: began });
      const result = await second.result(order.id);
      must(result.verdict === "done", `${result.verdict} ${result.reason}`);
      await sleep(500);
      expectOne(second.results(order.id));
      expectCount(target, "running", 1);
    },
  },
  {
    name: "many reconnects",
    must: "over twenty broken connections no task is lost and none is executed twice",
    run: async ({ connect, target }) => {
      const orders = Array.from({ length: 20 }, () => {
        const id = newId();
        return { id, body: target.quick(id) };
      });
      const startedAt = Date.now();
      for (const [index, order] of orders.entries()) {
        const caller = await connect();
        caller.give(order);
        // Some leave before the shim can have read, some after.
        await sleep(index % 4);
        caller.socket.terminate();
        await caller.ended;
      }
      const last = await connect();
      for (const order of orders) last.give({ ...order, startedAt });
      for (const { id } of orders) {
        const { verdict, reason } = await last.result(id);
        must(verdict === "done" || reason === "OutcomeUnknown", `${verdict} ${reason}`);
        must((target.count?.(id) ?? 1) <= 1, `it was executed ${target.count?.(id)} times`);
      }
    },
  },
  {
    name: "slow reader",
    must: "answers that are not read for two seconds arrive when they are, or the connection ends and they are told again",
    needs: ["large"],
    run: async ({ connect, target }) => {
      const caller = await connect();
      caller.socket.pause();
      const orders = Array.from({ length: SLOW_ANSWERS }, () => {
        const id = newId();
        return { id, body: target.large?.(id, ANSWER_BYTES) ?? target.quick(id) };
      });
      for (const order of orders) caller.give(order);
      await sleep(2000);
      caller.socket.resume();
      const startedAt = Date.now() - 2000;
      try {
        for (const { id } of orders) await caller.result(id);
      } catch {
        const second = await connect();
        for (const order of orders) second.give({ ...order, startedAt });
        for (const { id } of orders) await second.result(id);
      }
      for (const { id } of orders) must((target.count?.(id) ?? 1) === 1, "one was executed twice");
    },
  },
];
