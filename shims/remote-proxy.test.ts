import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../pkg/base/log.ts";
import { Streams } from "../pkg/clustercontroller/streams/streams.ts";
import type { ShimServer } from "../pkg/shim/shim-server.ts";
import { FarApi } from "../pkg/shim/streams/far-api.fixture.ts";
import { allPowers, dialShim, startShim } from "../pkg/shim/streams/remote-api.fixture.ts";
import type { Message } from "../pkg/wire/message.ts";
import { clusterName } from "../pkg/wire/names.ts";
import { eventually } from "../test/support/eventually.ts";

const shop = clusterName("shop");
const never = new AbortController().signal;

describe("What comes through the tree to a cluster behind a remote shim", () => {
  let api: FarApi;
  let powers: Awaited<ReturnType<typeof allPowers>>;
  let server: ShimServer;
  let dialled: ReturnType<typeof dialShim>;
  let streams: Streams;
  let said: Message[];

  beforeEach(async () => {
    api = await FarApi.listen();
    powers = await allPowers(api.kubeconfig);
    server = await startShim(powers);
    dialled = dialShim(server.port);
    await dialled.connected();
    said = [];
    streams = new Streams({
      self: shop,
      log: silentLog,
      guard: undefined,
      api: dialled.remote.proxy,
      nextHop: () => undefined,
      send: (_, message) => void said.push(message),
      room: () => undefined,
    });
  });
  afterEach(async () => {
    await dialled[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await powers[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  /** Says to the cluster what a parent would, with a head of these words; resolves when the stream is closed. */
  async function ask(words: object): Promise<Extract<Message, { kind: "close" }>> {
    const request = { method: "GET", path: "/api", headers: [], id: `${Math.random()}` };
    const head = new TextEncoder().encode(JSON.stringify({ ...request, at: Date.now(), ...words }));
    const open = { stream: 1, target: shop, entry: clusterName("root"), hops: 1, head } as const;
    streams.hear("", { kind: "open", ...open });
    streams.hear("", { kind: "close", stream: 1, code: "", text: "" });
    return eventually("the stream is closed", () =>
      said.find((message) => message.kind === "close"),
    );
  }

  it("reaches the API as the user that it names", async () => {
    const { code } = await ask({ user: { name: "alice", groups: ["dev"] } });
    expect(code).toBe("");
    expect(api.requests[0]?.headers).toMatchObject({ "impersonate-user": "alice" });
  });

  it.each<[string, object]>([
    ["no user", {}],
    ["null for a user", { user: null }],
    ["a user without a name", { user: { name: "", groups: [] } }],
    ["a user with nothing", { user: {} }],
    ["a list for a user", { user: [] }],
    ["a user named by a number", { user: { name: 1, groups: [] } }],
    ["groups that are none", { user: { name: "a", groups: "system:masters" } }],
  ])("never has the rights of the shim: %s", async (_, words) => {
    const { code } = await ask(words);
    expect(code).not.toBe("");
    expect(api.requests).toEqual([]);
    const own = await dialled.remote.transport().request({ method: "GET", path: "/own" }, never);
    expect(own.status).toBe(200);
    expect(api.requests.map(({ url }) => url)).toEqual(["/own"]);
    await own.body[Symbol.asyncIterator]().return?.();
  });
});
