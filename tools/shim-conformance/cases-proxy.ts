import { randomBytes } from "node:crypto";
import { newId } from "./caller.ts";
import { type HeadWords, WINDOW } from "./caller-stream.ts";
import type { Case } from "./case.ts";
import { must } from "./must.ts";
import { expectOthersServed, one, PROXY, QUICK_MS } from "./proxy-case.ts";

const REPORTS = { capability: "reports", needs: ["seen"] } as const;
const UPGRADE = [
  ["Connection", "Upgrade"],
  ["Upgrade", "echo"],
] as const;

/** Requests to the cluster's API, for shims that announce the capability. */
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
    name: "proxy: what HTTP cannot say",
    must: "a request with words that cannot go into HTTP is answered with 4xx or closed with a code, and nothing else ends",
    ...PROXY,
    run: async (world) => {
      const caller = await world.connect();
      for (const words of [{ path: "/a b" }, { headers: [["a b", "c"]] as const }]) {
        const stream = caller.stream(words);
        stream.close();
        const { code } = await stream.end(QUICK_MS);
        const status = code === "" ? (await stream.answer()).status : 0;
        must(code !== "" || (status >= 400 && status < 500), `it was answered with ${status}`);
      }
      await expectOthersServed(world, caller);
    },
  },
  {
    name: "proxy: names in all languages",
    must: "users are named to the API in UTF-8",
    ...PROXY,
    run: async ({ connect, target }) => {
      const key = newId();
      const user = { name: "\u4e16\u754c", groups: [] };
      const stream = (await connect()).stream({ path: `/kit?key=${key}`, user });
      stream.close();
      await stream.text();
      const told = String(one(target, key).headers["impersonate-user"]);
      const name = Buffer.from(told, "latin1").toString();
      must(name === user.name, `it acts as ${JSON.stringify(told)}`);
    },
  },
  nobody("no user", undefined, "reports"),
  nobody("a user without a name", { name: "", groups: [] }),
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
