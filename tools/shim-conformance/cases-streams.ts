import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "./caller.ts";
import { MAX_DATA, WINDOW } from "./caller-stream.ts";
import type { Case } from "./case.ts";
import { must } from "./must.ts";
import { arrival, expectCut, expectOthersServed, one, PROXY, QUICK_MS } from "./proxy-case.ts";

/** Streams as such: taking turns, waiting, ending. For shims that announce the capability. */
export const STREAM_CASES: readonly Case[] = [
  {
    name: "proxy: reader who stands still",
    must: `not more than ${WINDOW} bytes come before more is granted, and the API waits; then the rest comes`,
    ...PROXY,
    run: async (world) => {
      const key = newId();
      const caller = await world.connect();
      const bytes = 40 * 1024 * 1024;
      const stream = caller.stream({ path: `/kit?key=${key}&bytes=${bytes}` });
      stream.close();
      await stream.answer();
      await caller.until(() => stream.received.length >= WINDOW, "the first window", 10_000);
      await sleep(500);
      must(stream.received.length === WINDOW, `${stream.received.length} bytes came`);
      const { written } = one(world.target, key);
      must(written < bytes, "the shim has taken all of an answer that nobody reads");
      await expectOthersServed(world, caller);
      stream.grant(3 * WINDOW);
      await caller.until(() => stream.received.length >= 4 * WINDOW, "what was granted", 10_000);
      stream.close("STREAM_CANCELLED");
      await expectCut(world.target, key);
    },
  },
  {
    name: "proxy: side by side",
    must: "a request does not wait for one that was sent before it, nor does a task",
    ...PROXY,
    run: async (world) => {
      const caller = await world.connect();
      const slow = caller.stream({ path: `/kit?key=${newId()}&delay=4000` });
      slow.close();
      await expectOthersServed(world, caller);
      must(slow.closed === undefined, "the slow one was done");
      await slow.text();
    },
  },
  {
    name: "proxy: what comes, comes at once",
    must: "the head of an answer is passed on before there is a body",
    ...PROXY,
    run: async ({ connect, target }) => {
      const key = newId();
      const stream = (await connect()).stream({ path: `/kit?key=${key}&hang=1` });
      stream.close();
      await stream.answer(QUICK_MS);
      stream.close("STREAM_CANCELLED", "enough");
      await expectCut(target, key);
    },
  },
  {
    name: "proxy: cancelled early",
    must: "a close with a code before the answer ends the request at the API",
    ...PROXY,
    run: async ({ connect, target }) => {
      const key = newId();
      const stream = (await connect()).stream({ path: `/kit?key=${key}&delay=20000` });
      stream.close();
      await arrival(target, key);
      stream.close("STREAM_CANCELLED");
      await expectCut(target, key);
    },
  },
  {
    name: "proxy: connection that ends",
    must: "the end of the connection ends all its requests at the API",
    ...PROXY,
    run: async ({ connect, target }) => {
      const caller = await connect();
      const keys = [newId(), newId()];
      for (const key of keys) caller.stream({ path: `/kit?key=${key}&hang=1` }).close();
      for (const key of keys) await arrival(target, key);
      caller.socket.terminate();
      for (const key of keys) await expectCut(target, key);
    },
  },
  {
    name: "proxy: more than was granted",
    must: `a stream on which more than ${WINDOW} bytes come without a grant is closed with a code, and nothing else ends`,
    ...PROXY,
    run: async (world) => {
      const caller = await world.connect();
      const stream = caller.stream({ method: "POST", path: `/kit?key=${newId()}&deaf=1` });
      for (let sent = 0; sent < 256 * WINDOW && stream.closed === undefined; sent += MAX_DATA) {
        stream.data(new Uint8Array(MAX_DATA));
        if (sent % WINDOW === 0) await sleep(1);
      }
      const isClosed = (): boolean => stream.closed !== undefined;
      await caller.until(isClosed, "a close", QUICK_MS);
      must(stream.closed?.code !== "", "it was closed without a code");
      await expectOthersServed(world, caller);
    },
  },
  ...[
    "no JSON",
    "{}",
    '{"method":"GET","path":"kit","headers":[],"user":{"name":"a","groups":[]}}',
  ].map(
    (head): Case => ({
      name: `proxy: damaged head ${head.slice(0, 15)}`,
      must: "a head that is no request closes its stream with a code, and nothing else",
      ...PROXY,
      run: async (world) => {
        const caller = await world.connect();
        const stream = caller.stream(new TextEncoder().encode(head));
        const { code } = await stream.end(QUICK_MS);
        must(code !== "", "the stream was closed without a code");
        await expectOthersServed(world, caller);
      },
    }),
  ),
  {
    name: "proxy: many one after the other",
    must: "a stream that is over costs nothing: 1500 requests on one connection are answered",
    ...PROXY,
    run: async ({ connect }) => {
      const caller = await connect();
      for (let round = 0; round < 30; round++) {
        const streams = Array.from({ length: 50 }, () => caller.stream());
        for (const stream of streams) stream.close();
        for (const stream of streams) await stream.text();
        caller.messages.length = 0;
      }
    },
  },
];
