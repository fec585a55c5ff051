import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "./caller.ts";
import { type CallerStream, type HeadWords, MAX_DATA, WINDOW } from "./caller-stream.ts";
import type { Case, CaseWorld } from "./case.ts";
import { must } from "./must.ts";
import type { SeenRequest } from "./target.ts";

const PROXY = { capability: "proxy", needs: ["seen"] } as const;
const REPORTS = { capability: "reports", needs: ["seen"] } as const;
const UPGRADE = [
  ["Connection", "Upgrade"],
  ["Upgrade", "echo"],
] as const;
const QUICK_MS = 3000;

/** Requests to the cluster's API as streams: for shims that announce the capability. */
export const PROXY_CASES: readonly Case[] = [
  {
    name: "proxy: request and answer",
    must: "a request is answered with opened (status and headers), data, and a close without a code",
    ...PROXY,
    run: async ({ connect }) => {
      const key = newId();
      const stream = (await connect()).stream({ path: `/kit?key=${key}&status=404` });
      stream.close();
      const { status, headers } = await stream.answer();
      must(status === 404, `the status is ${status}`);
      const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1];
      must(type === "application/json", `the content-type is ${type}`);
      const text = await stream.text();
      must(text === JSON.stringify({ key }), `the answer is ${text.slice(0, 100)}`);
    },
  },
  {
    name: "proxy: as that user",
    must: "the API is asked to act as the user and the groups of the request, and as nobody whom its headers name",
    ...PROXY,
    run: async ({ connect, target }) => {
      const key = newId();
      const user = { name: "bob", groups: ["dev", "ops"] };
      const headers = [
        ["Impersonate-User", "admin"],
        ["Impersonate-Group", "system:masters"],
        ["Impersonate-Extra-x", "y"],
        ["X-Own", "kept"],
      ] as const;
      const stream = (await connect()).stream({ path: `/kit?key=${key}`, user, headers });
      stream.close();
      await stream.text();
      const told = one(target, key).headers;
      const groups = String(told["impersonate-group"]).split(/, ?/);
      must(told["impersonate-user"] === "bob", `it acts as ${told["impersonate-user"]}`);
      must(groups.join() === "dev,ops", `its groups are ${groups.join()}`);
      must(told["impersonate-extra-x"] === undefined, "an Impersonate header was passed on");
      must(told["x-own"] === "kept", "another header was not passed on");
    },
  },
  {
    name: "proxy: body",
    must: "a body larger than the window arrives whole, room being granted as it is read, and is ended by the close",
    ...PROXY,
    run: async ({ connect, target }) => {
      const key = newId();
      const bytes = randomBytes(5 * WINDOW + 1);
      const stream = (await connect()).stream({ method: "PUT", path: `/kit?key=${key}` });
      await stream.write(bytes);
      stream.close();
      await stream.text();
      const seen = one(target, key);
      must(seen.method === "PUT", `the method is ${seen.method}`);
      must(seen.bytes === bytes.length, `${seen.bytes} of ${bytes.length} bytes arrived`);
    },
  },
  {
    name: "proxy: both directions at once",
    must: "bytes go both ways at the same time, unchanged",
    ...PROXY,
    run: async ({ connect }) => {
      const bytes = randomBytes(3 * WINDOW);
      const stream = (await connect()).stream({ method: "POST", path: "/kit?echo=1" });
      const said = stream.write(bytes).then(() => stream.close());
      const [{ code }] = await Promise.all([stream.end(), said]);
      must(code === "", `the stream was closed with ${code}`);
      must(Buffer.from(bytes).equals(stream.received), "other bytes came back");
    },
  },
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
    name: "proxy: upgrade",
    must: "after an answer with status 101 bytes go both ways as they are, and each side may end first",
    ...PROXY,
    run: async ({ connect }) => {
      const stream = (await connect()).stream({ path: "/kit", headers: UPGRADE });
      const { status } = await stream.answer();
      must(status === 101, `the status is ${status}`);
      const bytes = randomBytes(2 * WINDOW);
      const said = stream.write(bytes).then(() => stream.close());
      const [{ code }] = await Promise.all([stream.end(), said]);
      must(code === "", `the stream was closed with ${code}`);
      must(Buffer.from(bytes).equals(stream.received), "other bytes came back");
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
  nobody("no user", undefined, "reports"),
  nobody("a user without a name", { name: "", groups: [] }),
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
  {
    name: "reports: the controller's own requests",
    must: "a request without a user is made as the shim itself, whatever its headers say",
    ...REPORTS,
    run: async ({ connect, target }) => {
      const key = newId();
      const headers = [["Impersonate-User", "admin"]] as const;
      const path = `/kit?key=${key}`;
      const stream = (await connect()).stream({ path, headers, user: undefined });
      stream.close();
      await stream.text();
      const told = one(target, key).headers["impersonate-user"];
      must(told === undefined, `it acts as ${told}`);
    },
  },
];

/** Who names nobody must not get the rights of the shim. */
function nobody(who: string, user: HeadWords["user"], unless?: string): Case {
  return {
    name: `proxy: ${who}`,
    must: "a request in nobody's name is not made with the rights of the shim",
    ...PROXY,
    ...(unless === undefined ? {} : { unless }),
    run: async ({ connect, target }) => {
      const key = newId();
      const stream = (await connect()).stream({ path: `/kit?key=${key}`, user });
      stream.close();
      const { code } = await stream.end(QUICK_MS);
      must(code !== "", "the stream was closed without a code");
      must(target.seen?.(key).length === 0, "the request was made");
    },
  };
}

/** A task and a request on the same connection are answered in time. */
async function expectOthersServed(
  { target }: CaseWorld,
  caller: Awaited<ReturnType<CaseWorld["connect"]>>,
): Promise<void> {
  const quick: CallerStream = caller.stream();
  quick.close();
  const task = caller.give({ body: target.quick(newId()) });
  await quick.end(QUICK_MS);
  must(quick.closed?.code === "", `a quick request was closed with ${quick.closed?.code}`);
  await caller.result(task, QUICK_MS);
}

/** The one request with that key. */
function one(target: CaseWorld["target"], key: string): SeenRequest {
  const [seen, ...others] = target.seen?.(key) ?? [];
  must(seen !== undefined, "the request did not reach the API");
  must(others.length === 0, `the request was made ${others.length + 1} times`);
  return seen;
}

async function arrival(target: CaseWorld["target"], key: string): Promise<void> {
  await within("the request reaches the API", () => (target.seen?.(key).length ?? 0) > 0);
}

async function expectCut(target: CaseWorld["target"], key: string): Promise<void> {
  await within("the request ends at the API", () => one(target, key).cut);
}

async function within(what: string, holds: () => boolean): Promise<void> {
  const late = performance.now() + 5000;
  while (!holds()) {
    must(performance.now() < late, `not within 5 seconds: ${what}`);
    await sleep(20);
  }
}
