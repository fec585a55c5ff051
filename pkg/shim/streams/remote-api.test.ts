import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { freePort } from "../../../test/support/program.ts";
import type { ProxyRequest } from "../../apis/cluster-proxy.ts";
import type { ShimServer } from "../shim-server.ts";
import { FarApi } from "./far-api.fixture.ts";
import { allPowers, ask, dialShim, startShim, type Told } from "./remote-api.fixture.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;
const task = (id: string) => ({ id, destination: "api", method: "GET", url: "/", body: "" });
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let api: FarApi;
let powers: Awaited<ReturnType<typeof allPowers>>;
let told: Told[];
let server: ShimServer;
let dialled: ReturnType<typeof dialShim>;

beforeEach(async () => {
  api = await FarApi.listen();
  powers = await allPowers(api.kubeconfig);
  told = [];
  server = await startShim(powers, told);
  dialled = dialShim(server.port);
  await dialled.connected();
});
afterEach(async () => {
  await dialled[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await powers[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

/** Headers that reached the API with the last request. */
const reached = () => api.requests.at(-1)?.headers ?? {};

describe("Requests of users through a remote shim", () => {
  it("arrive as they are, as that user, and their answers come back", async () => {
    api.answer = async (request, response) => {
      response.writeHead(409, { "x-a": ["1", "2"], "content-type": "text/plain" });
      response.end(`${request.method} ${request.url} ${await buffer(request)}`);
    };
    const headers = [["X-Own", "a"]] as const;
    const asked = ask(dialled.remote, { method: "POST", headers });
    asked.body.end("manifest");
    const { status, headers: got } = await asked.answer;
    expect(status).toBe(409);
    expect(got.filter(([name]) => name === "x-a")).toEqual([
      ["x-a", "1"],
      ["x-a", "2"],
    ]);
    expect(await asked.text()).toBe("POST /api/v1/pods?watch=1 manifest");
    expect(reached()).toMatchObject({
      "x-own": "a",
      "impersonate-user": "alice",
      "impersonate-group": "dev, ops",
      authorization: "Bearer the-shim",
    });
  });

  it("are told in one line each, without their query", async () => {
    await ask(dialled.remote).answer;
    const path = "/api/v1/pods";
    expect(told).toEqual([{ user: "alice", method: "GET", path, status: 200 }]);
  });

  it("say nobody else's name, whatever their headers claim", async () => {
    const headers = [
      ["Impersonate-User", "admin"],
      ["impersonate-group", "system:masters"],
      ["Authorization", "Bearer stolen"],
    ] as const;
    const asked = ask(dialled.remote, { headers, user: { name: "bob", groups: [] } });
    asked.body.end();
    await asked.answer;
    expect(reached()).toMatchObject({
      "impersonate-user": "bob",
      authorization: "Bearer the-shim",
    });
    expect(reached()["impersonate-group"]).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["no user", undefined],
    ["null for a user", null],
    ["a user without a name", { name: "", groups: [] }],
    ["a user with a name that is none", { name: 5, groups: [] }],
    ["a user without groups", { name: "a" }],
    ["a user with two lines for a name", { name: "a\r\nImpersonate-User: b", groups: [] }],
  ])("reach nothing with %s: only the controller itself asks without one", async (_, user) => {
    const asked = ask(dialled.remote, { user: user as ProxyRequest["user"] });
    asked.body.end();
    await expect(asked.answer).rejects.toMatchObject({ code: "PROTOCOL_ERROR" });
    expect(await dialled.remote.run(task("1"), never)).toMatchObject({ verdict: "done" });
    expect(api.requests).toEqual([]);
    expect(told).toEqual([]);
  });

  it("carry much in both directions at the same time, byte for byte", async () => {
    api.answer = (request, response) => request.pipe(response);
    const asked = ask(dialled.remote, { method: "PUT" });
    const sent = randomBytes(12 * MIB);
    asked.body.end(sent);
    expect(hash(await buffer(asked.body))).toBe(hash(sent));
  });

  it("show what comes as it comes", async () => {
    const lines: ((line: string) => void)[] = [];
    api.answer = (_, response) => {
      response.flushHeaders();
      lines.push((line) => response.write(line));
    };
    const { answer, body } = ask(dialled.remote);
    await answer;
    for (const line of ["one\n", "two\n"]) {
      lines[0]?.(line);
      expect(String((await once(body, "data"))[0])).toBe(line);
    }
    body.destroy();
    await eventually("the API's side ends", () => api.cut === 1);
  });

  it("that are given up end at the API, before and after the answer", async () => {
    api.answer = (_, response) => {
      if (api.requests.length > 1) response.writeHead(200).flushHeaders();
    };
    const first = ask(dialled.remote);
    await eventually("it is asked", () => api.requests.length === 1);
    first.body.destroy();
    await eventually("it is cut", () => api.cut === 1);
    const second = ask(dialled.remote);
    await second.answer;
    second.body.destroy();
    await eventually("it is cut, too", () => api.cut === 2);
    await eventually("both are told", () => told.length === 2);
    expect(told).toMatchObject([{ code: "STREAM_CANCELLED" }, { status: 200 }]);
  });

  it("whose reader stands still hold up the API, and nothing else", async () => {
    let written = 0;
    let waiting = 0;
    api.answer = async ({ url }, response) => {
      if (url === "/quick") {
        response.end("through");
        return;
      }
      const piece = Buffer.alloc(64 * 1024);
      while (!response.destroyed && written < 200 * MIB) {
        written += piece.length;
        if (response.write(piece)) continue;
        waiting += 1;
        await once(response, "drain").catch(() => {});
        waiting -= 1;
      }
    };
    const stalled = Array.from({ length: 20 }, () => ask(dialled.remote, { path: "/slow" }));
    await Promise.all(stalled.map(({ answer }) => answer));
    const quick = () => ask(dialled.remote, { path: "/quick" }).text();
    await eventually("all stand still, over a round trip on the same link", async () => {
      const before = written;
      await quick();
      return before === written && waiting === stalled.length;
    });
    expect(written).toBeLessThan(150 * MIB);
    const before = written;
    expect(await quick()).toBe("through");
    expect(await dialled.remote.run(task("1"), never)).toMatchObject({ verdict: "done" });
    expect([written, waiting, api.cut]).toEqual([before, stalled.length, 0]);
    for (const { body } of stalled) body.destroy();
    await eventually("all are cut", () => api.cut === 20);
  });

  it("turn into another protocol, with half-closes both ways", async () => {
    const headers = [
      ["Connection", "Upgrade"],
      ["Upgrade", "echo"],
    ] as const;
    const asked = ask(dialled.remote, { method: "POST", headers });
    const { status, headers: got } = await asked.answer;
    expect(status).toBe(101);
    expect(got).toContainEqual(["Upgrade", "echo"]);
    const sent = randomBytes(3 * MIB);
    asked.body.end(sent);
    expect(hash(await buffer(asked.body))).toBe(hash(sent));
  });

  it("may be refused another protocol", async () => {
    const headers = [
      ["Connection", "Upgrade"],
      ["Upgrade", "forbidden"],
    ] as const;
    const asked = ask(dialled.remote, { headers });
    expect((await asked.answer).status).toBe(403);
    asked.body.end();
    expect(await asked.text()).toBe("no");
  });

  it("run side by side in great numbers", async () => {
    api.answer = (request, response) => response.end(request.url);
    const paths = Array.from({ length: 300 }, (_, index) => `/p/${index}`);
    const texts = await Promise.all(paths.map((path) => ask(dialled.remote, { path }).text()));
    expect(texts).toEqual(paths);
  });

  it("get 503 as Kubernetes says it when the API is away", async () => {
    await api[Symbol.asyncDispose]();
    const asked = ask(dialled.remote);
    expect((await asked.answer).status).toBe(503);
    expect(JSON.parse(await asked.text())).toMatchObject({ reason: "ServiceUnavailable" });
    api = await FarApi.listen();
  });

  it.each<[string, Partial<ProxyRequest>]>([
    ["a path with a space", { path: "/a b" }],
    ["a path with other letters", { path: "/\u4e16" }],
    ["a method that is none", { method: "FROB" }],
    ["a header with a space in its name", { headers: [["a b", "c"]] }],
    ["a header without a name", { headers: [["", "c"]] }],
    ["a header with other letters", { headers: [["a", "\u4e16"]] }],
    ["a header with a bell", { headers: [["a", "\u0007"]] }],
    ["a user with other letters", { user: { name: "\u4e16", groups: [] } }],
    [
      "two lengths",
      {
        method: "PUT",
        headers: [
          ["Content-Length", "1"],
          ["content-length", "2"],
        ],
      },
    ],
    ["a length that is none", { method: "PUT", headers: [["Content-Length", "x"]] }],
  ])("that HTTP cannot say cost nothing else: %s", async (_, over) => {
    const asked = ask(dialled.remote, over);
    asked.body.end();
    asked.body.resume();
    await Promise.race([asked.ended, asked.answer]).catch(() => {});
    expect(await ask(dialled.remote).text()).toBe("ok");
  });

  it("with headers that are too long are refused", async () => {
    const headers = [["x", "y".repeat(200_000)]] as const;
    await expect(ask(dialled.remote, { headers }).answer).rejects.toMatchObject({
      code: "HEAD_TOO_LARGE",
    });
  });
});

describe("A shim that goes away", () => {
  it("ends what is under way with an error, refuses the next, and works when it is back", async () => {
    const { port } = server;
    api.answer = (_, response) => response.writeHead(200).flushHeaders();
    const watch = ask(dialled.remote);
    const waiting = dialled.remote.transport().request({ method: "GET", path: "/" }, never);
    await watch.answer;
    const list = await waiting;
    await server[Symbol.asyncDispose]();
    expect(await watch.ended).toMatchObject({ code: "LINK_LOST" });
    await expect(list.body[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "API_UNREACHABLE",
    });
    expect(dialled.remote.connected).toBe(false);
    await expect(ask(dialled.remote).answer).rejects.toMatchObject({ code: "SHIM_UNREACHABLE" });
    api.answer = (_, response) => response.end("back");
    server = await startShim(powers, told, port);
    await dialled.connected();
    expect(await ask(dialled.remote).text()).toBe("back");
  });

  it("ends all requests at its API when its controller has gone", async () => {
    api.answer = (_, response) => response.writeHead(200).flushHeaders();
    await Promise.all(Array.from({ length: 10 }, () => ask(dialled.remote).answer));
    await dialled[Symbol.asyncDispose]();
    await eventually("all are cut", () => api.cut === 10);
  });

  it("has another controller now: what the first had under way ends, and the second is served", async () => {
    api.answer = (_, response) => response.writeHead(200).flushHeaders();
    const watch = ask(dialled.remote);
    await watch.answer;
    await using second = dialShim(server.port);
    expect(await watch.ended).toMatchObject({ code: "LINK_LOST" });
    await eventually("it is cut", () => api.cut === 1);
    api.answer = (_, response) => response.end("served");
    await second.connected();
    expect(await ask(second.remote).text()).toBe("served");
  });

  it("was never there: refused at once", async () => {
    await using nobody = dialShim(await freePort());
    await expect(ask(nobody.remote).answer).rejects.toMatchObject({
      code: "SHIM_UNREACHABLE",
      message: expect.stringContaining("127.0.0.1"),
    });
  });
});

describe("A shim without the capabilities", () => {
  it.each([
    ["none", {}, "NO_API", "API_UNREACHABLE"],
    ["reports alone", { own: true }, "NO_API", undefined],
    ["proxy alone", { proxy: true }, undefined, "API_UNREACHABLE"],
  ])("has %s: what it has not is refused, and tasks go on", async (_, has, user, own) => {
    await using lesser = await startShim({
      proxy: "proxy" in has ? powers.proxy : undefined,
      own: "own" in has ? powers.own : undefined,
    });
    await using controller = dialShim(lesser.port);
    await controller.connected();
    const { remote } = controller;
    const codeOf = (promise: Promise<unknown>): Promise<string | undefined> =>
      promise.then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
    expect(await codeOf(ask(remote).answer)).toBe(user);
    const request = remote.transport().request({ method: "GET", path: "/" }, never);
    expect(await codeOf(request)).toBe(own);
    expect(await remote.run(task("1"), never)).toMatchObject({ verdict: "done", body: "1" });
  });
});

describe("The controller's own requests through a remote shim", () => {
  const own = (path = "/api/v1/pods", part: object = {}, signal = never) =>
    dialled.remote.transport().request({ method: "GET", path, ...part }, signal);

  it("are made as the shim, and as nobody else", async () => {
    api.answer = async (request, response) => {
      response.writeHead(201, { "content-type": "a/b", "x-a": ["1", "2"] });
      response.end(`${request.method} ${request.url} ${await buffer(request)}`);
    };
    const headers = { accept: "x/y", "impersonate-user": "admin" };
    const response = await own("/p?q=1", { method: "POST", headers, body: "text" });
    expect(response).toMatchObject({ status: 201, headers: { "content-type": "a/b" } });
    const chunks = await buffer(response.body);
    expect(String(chunks)).toBe("POST /p?q=1 text");
    expect(reached()).toMatchObject({ accept: "x/y", authorization: "Bearer the-shim" });
    expect(Object.keys(reached()).filter((name) => name.startsWith("impersonate"))).toEqual([]);
    expect(told).toEqual([{ own: true, method: "POST", path: "/p", status: 201 }]);
  });

  it("end with the reason of their signal, before and during the answer, also at the API", async () => {
    const reason = new Error("enough");
    expect(await own("/", {}, AbortSignal.abort(reason)).catch((error) => error)).toBe(reason);
    const early = new AbortController();
    api.answer = () => early.abort(reason);
    await expect(own("/", {}, early.signal)).rejects.toBe(reason);
    await eventually("it is cut", () => api.cut === 1);
    const late = new AbortController();
    api.answer = (_, response) => void response.write("first");
    const { body } = await own("/", {}, late.signal);
    const chunks = body[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe("first");
    late.abort(reason);
    await expect(chunks.next()).rejects.toBe(reason);
    await eventually("it is cut, too", () => api.cut === 2);
  });

  it("free the API when nobody reads their answer", async () => {
    api.answer = (_, response) => void response.write("first");
    const { body } = await own();
    await body[Symbol.asyncIterator]().return?.();
    await eventually("it is cut", () => api.cut === 1);
  });

  it("say API_UNREACHABLE when the API is away, and when it breaks off", async () => {
    api.answer = (_, response) => {
      response.write("first");
      setImmediate(() => response.socket?.resetAndDestroy());
    };
    const { body } = await own();
    await expect(buffer(body)).rejects.toMatchObject({ code: "API_UNREACHABLE" });
    await api[Symbol.asyncDispose]();
    await expect(own()).rejects.toMatchObject({
      code: "API_UNREACHABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    api = await FarApi.listen();
  });

  it("may have a body of 4 MiB, not more", async () => {
    api.answer = async (request, response) => response.end(String((await buffer(request)).length));
    const size = async (bytes: number) => {
      const response = await own("/", { method: "PUT", body: Buffer.alloc(bytes) });
      const text = String(await buffer(response.body));
      return [response.status, text];
    };
    expect(await size(4 * MIB)).toEqual([200, String(4 * MIB)]);
    expect(await size(4 * MIB + 1)).toEqual([413, ""]);
  });
});
