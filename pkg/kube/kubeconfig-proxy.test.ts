import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import type { HeaderList, ProxyAnswer } from "../apis/cluster-proxy.ts";
import { temporaryDirectory } from "../base/temporary-directory.ts";
import { KubeconfigProxy } from "./kubeconfig-proxy.ts";

/** An API that does as `far` says, and whoever talks to it. */
let far: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
/** The connection that was the last one to become another protocol. */
let upgraded: Socket;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let proxy: KubeconfigProxy;

function kubeconfig(port: number, protocol = "http"): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: `${protocol}://127.0.0.1:${port}/base` } }],
    users: [{ name: "u", user: { token: "our-token" } }],
  });
}

beforeAll(async () => {
  folder = await temporaryDirectory();
  server = createServer((request, response) => far(request, response));
  server.on("upgrade", ({ headers }, socket) => {
    upgraded = socket as Socket;
    socket.on("error", () => {});
    if (headers.upgrade === "forbidden") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
      return;
    }
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    if (headers.upgrade === "goodbye") socket.end("goodbye");
    else if (headers.upgrade === "cut") (socket as Socket).resetAndDestroy();
    else socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const path = `${folder.path}/kubeconfig`;
  await writeFile(path, kubeconfig((server.address() as AddressInfo).port));
  proxy = new KubeconfigProxy(path);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  await folder[Symbol.asyncDispose]();
});

interface Conversation {
  readonly body: Duplex;
  /** What came out of the other end. */
  readonly heard: Buffer[];
  /** Resolves when all of it has come. */
  readonly said: Promise<void>;
}

/** The end of a conversation that the tree has, with what came out of the other one. */
function conversation(): Conversation {
  const heard: Buffer[] = [];
  const body = new Duplex({
    read: () => {},
    write: (chunk, _, done) => {
      heard.push(chunk);
      done();
    },
  });
  const said = finished(body, { readable: false });
  said.catch(() => {});
  return { body, heard, said };
}

function ask(
  body: Duplex,
  headers: HeaderList = [],
  through = proxy,
  user = { name: "alice", groups: ["dev", "ops"] },
  method = "POST",
): Promise<ProxyAnswer> {
  const request = { method, path: "/api/v1/x?y=1", headers, user };
  return new Promise((resolve) => through.serve(request, body, resolve));
}

function upgradeTo(protocol: string): HeaderList {
  return [
    ["Connection", "Upgrade"],
    ["Upgrade", protocol],
  ];
}

/** A listener on loopback that says nothing by itself. */
async function listen(accept: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const listener = createTcpServer((socket) => {
    sockets.add(socket);
    accept(socket);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

describe("a request that is passed on to an API", () => {
  it("is made by us for the one who asked, whatever he says of himself", async () => {
    let seen: IncomingMessage | undefined;
    let words = "";
    far = (request, response) => {
      seen = request;
      request.on("data", (piece) => {
        words += String(piece);
      });
      request.on("end", () => response.writeHead(201, { "x-own": "1" }).end("made"));
    };
    const { body, heard, said } = conversation();
    const answering = ask(body, [
      ["Authorization", "Bearer theirs"],
      ["Impersonate-User", "admin"],
      ["impersonate-group", "system:masters"],
      ["Impersonate-Extra-Scopes", "all"],
      ["Host", "elsewhere"],
      ["Content-Type", "text/plain"],
    ]);
    body.push("hello");
    body.push(null);
    const { status, headers } = await answering;
    await said;
    expect([status, words, String(Buffer.concat(heard))]).toEqual([201, "hello", "made"]);
    expect(headers).toContainEqual(["x-own", "1"]);
    expect(seen?.url).toBe("/base/api/v1/x?y=1");
    const ours = Object.entries(seen?.headersDistinct ?? {}).filter(([name]) =>
      /^(authorization|impersonate|content-type)/.test(name),
    );
    expect(Object.fromEntries(ours)).toEqual({
      authorization: ["Bearer our-token"],
      "impersonate-user": ["alice"],
      "impersonate-group": ["dev", "ops"],
      "content-type": ["text/plain"],
    });
    expect(seen?.headers.host).toMatch(/^127\.0\.0\.1/);
  });

  it("carries names with any letters, as Go writes and reads them", async () => {
    let seen: IncomingMessage | undefined;
    far = (request, response) => {
      seen = request;
      response.end();
    };
    const { body } = conversation();
    body.push(null);
    await ask(body, [], proxy, { name: "jörg", groups: ["Ω-team", "Größe"] });
    const utf8 = (values: readonly string[] = []) =>
      values.map((value) => Buffer.from(value, "latin1").toString());
    expect(utf8(seen?.headersDistinct["impersonate-user"])).toEqual(["jörg"]);
    expect(utf8(seen?.headersDistinct["impersonate-group"])).toEqual(["Ω-team", "Größe"]);
  });

  it.each(["an error", "no error"])("ends at the API when the asker goes with %s", async (how) => {
    let ended: Promise<unknown> | undefined;
    far = (_, response) => {
      ended = once(response, "close");
      response.writeHead(200).write("first");
    };
    const { body } = conversation();
    body.push(null);
    await ask(body);
    body.destroy(how === "an error" ? new Error("gone") : undefined);
    await ended;
  });

  it("breaks off at the asker when the API does", async () => {
    far = (_, response) => {
      response.writeHead(200).write("half");
      setImmediate(() => response.destroy());
    };
    const { body } = conversation();
    body.push(null);
    const [closed] = [once(body, "close").catch(() => {})];
    await ask(body);
    await closed;
    expect(body.errored).not.toBeNull();
  });

  it("can become another protocol", async () => {
    const { body, heard } = conversation();
    const { status } = await ask(body, upgradeTo("x"));
    expect(status).toBe(101);
    body.push("to and fro");
    while (heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(String(Buffer.concat(heard))).toBe("to and fro");
    body.push(null);
    await once(body, "close");
    expect(body.errored).toBeNull();
  });

  it("leaves nothing behind when the API is the first to end another protocol", async () => {
    const { body, heard, said } = conversation();
    await ask(body, upgradeTo("goodbye"));
    await said;
    body.push("too late");
    await eventually("it is taken", () => body.readableLength === 0);
    body.push(null);
    await once(body, "close");
    expect([String(Buffer.concat(heard)), body.errored]).toEqual(["goodbye", null]);
  });

  it("breaks off at the asker when the other protocol does", async () => {
    const { body } = conversation();
    await ask(body, upgradeTo("cut"));
    await once(body, "close").catch(() => {});
    expect(body.errored).not.toBeNull();
  });

  it("leaves nothing behind when it may not become another protocol", async () => {
    const { body, heard } = conversation();
    const { status } = await ask(body, upgradeTo("forbidden"));
    body.push("too early");
    body.push(null);
    await once(body, "close");
    expect([status, String(Buffer.concat(heard)), body.errored]).toEqual([403, "no", null]);
  });

  describe("of which the API hangs up every connection that is used again", () => {
    const used = new Set<Socket>();
    const answers: (() => void)[] = [];
    let fresh: KubeconfigProxy;
    beforeEach(async () => {
      used.clear();
      far = ({ socket }, response) => {
        if (used.has(socket)) socket.destroy();
        used.add(socket);
        answers.push(() => response.end("here"));
      };
      fresh = new KubeconfigProxy(`${folder.path}/kubeconfig`);
      const all = Promise.all([1, 2, 3].map(() => read()));
      await eventually("all ask at the same time", () => answers.length === 3);
      for (const answer of answers.splice(0)) answer();
      expect(await all).toEqual(["here", "here", "here"]);
    });
    afterEach(() => fresh[Symbol.asyncDispose]());

    async function read(method = "GET", ...pieces: string[]): Promise<string> {
      const { body, heard, said } = conversation();
      for (const piece of pieces) body.push(piece);
      body.push(null);
      await ask(body, [], fresh, undefined, method);
      await said;
      return String(Buffer.concat(heard));
    }

    it("is made again over a new one if it only reads", async () => {
      const reading = read();
      await eventually("it is asked over a new connection", () => answers.length === 2);
      for (const answer of answers.splice(0)) answer();
      expect(await reading).toBe("here");
      expect(used.size).toBe(4);
    });

    it.each([
      ["writes", "POST", []],
      ["said more than can be said again", "GET", ["a question"]],
    ])("is not made twice if it %s", async (_, method, pieces) => {
      expect(JSON.parse(await read(method, ...pieces))).toMatchObject({ code: 503 });
      expect(used.size).toBe(3);
      answers.length = 0;
    });

    it("has a new one of its own to become another protocol", async () => {
      const { body, said } = conversation();
      const answer = await ask(body, upgradeTo("x"), fresh, undefined, "GET");
      expect(answer.status).toBe(101);
      expect(used.has(upgraded)).toBe(false);
      body.push(null);
      await said;
    });
  });

  it("gets 503 when the API takes a connection and does not say more", async () => {
    await using silent = await listen((socket) => socket.on("error", () => {}));
    const path = `${folder.path}/silent`;
    await writeFile(path, kubeconfig(silent.port, "https"));
    await using stopped = new KubeconfigProxy(path, { connectMs: 200 });
    const { body } = conversation();
    body.push(null);
    expect((await ask(body, [], stopped)).status).toBe(503);
  });

  it.each<[string, HeaderList, string]>([
    ["a header with a space in its name", [["a b", "c"]], "alice"],
    ["a header with a bell", [["a", "\u0007"]], "alice"],
    ["a user with a bell", [], "al\u0007ice"],
  ])("gets 400 and a Status for what HTTP cannot say: %s", async (_, headers, name) => {
    const { body, heard, said } = conversation();
    const { status } = await ask(body, headers, proxy, { name, groups: [] });
    await said;
    expect(status).toBe(400);
    expect(JSON.parse(String(Buffer.concat(heard)))).toMatchObject({ reason: "BadRequest" });
  });

  it("names users and groups in all languages", async () => {
    const seen: unknown[] = [];
    far = ({ headers }, response) => {
      const utf8 = (text: unknown) => Buffer.from(String(text), "latin1").toString();
      seen.push(utf8(headers["impersonate-user"]), utf8(headers["impersonate-group"]));
      response.end();
    };
    const { body, said } = conversation();
    body.push(null);
    await ask(body, [], proxy, { name: "\u4e16\u754c", groups: ["\u0434\u0440"] });
    await said;
    expect(seen).toEqual(["\u4e16\u754c", "\u0434\u0440"]);
  });

  it("gets 503 and a Status when nobody listens there", async () => {
    const path = `${folder.path}/nowhere`;
    await writeFile(path, kubeconfig(1));
    await using nowhere = new KubeconfigProxy(path);
    const { body, heard, said } = conversation();
    body.push(null);
    expect((await ask(body, [], nowhere)).status).toBe(503);
    await said;
    expect(JSON.parse(String(Buffer.concat(heard)))).toMatchObject({
      kind: "Status",
      reason: "ServiceUnavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
