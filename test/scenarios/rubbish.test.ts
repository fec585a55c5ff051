import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { TUNNEL_PATH } from "../../pkg/tunnel/cloud-tunnel.ts";
import { SUBPROTOCOL } from "../../pkg/tunnel/hello.ts";
import { helloOf } from "../../pkg/tunnel/tunnel.fixture.ts";
import { encodeFrame, encodeMessage } from "../../pkg/wire/codec.ts";
import type { Message } from "../../pkg/wire/message.ts";
import { clusterName } from "../../pkg/wire/names.ts";
import { eventually } from "../support/eventually.ts";
import { ObjectApi } from "../support/object-api.ts";
import { ProcessTree } from "../support/process-tree.ts";

const MIB = 1024 * 1024;
const frame = (...messages: Message[]) => encodeFrame(messages.map(encodeMessage));
const result = (cluster: string, id = "1"): Message => ({
  kind: "result",
  ...{ id, origin: clusterName("root"), cluster: clusterName(cluster), verdict: "done" },
  ...{ code: 200, reason: "", truncated: false, timestamp: 1, body: new Uint8Array() },
});

describe("A root among bad peers", () => {
  let tree: ProcessTree;
  let api: ObjectApi;
  let tasks = 0;

  beforeAll(async () => {
    api = await ObjectApi.listen();
    tree = await ProcessTree.start(
      {
        root: {},
        shop: { parent: "root", kubeconfig: api.kubeconfig },
      },
      { insecure: true },
    );
  });
  afterAll(async () => {
    await tree?.[Symbol.asyncDispose]();
    await api?.[Symbol.asyncDispose]();
  });

  const root = () => tree.program("root");
  const port = () => Number(tree.address("root").split(":")[1]);

  /** A websocket that has said nothing yet; what goes wrong with it later is its own affair. */
  async function stranger(path = TUNNEL_PATH): Promise<WebSocket> {
    const url = `ws://127.0.0.1:${port()}${path}`;
    const socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false });
    socket.on("error", () => {});
    await once(socket, "open");
    return socket;
  }

  async function joined(name: string): Promise<WebSocket> {
    const socket = await stranger();
    socket.send(frame(helloOf(name)));
    await once(socket, "message");
    return socket;
  }

  async function raw(): Promise<Socket> {
    const socket = connect(port(), "127.0.0.1");
    socket.on("error", () => {}).resume();
    await once(socket, "connect");
    return socket;
  }

  async function closed(socket: WebSocket | Socket): Promise<void> {
    if (socket instanceof WebSocket ? socket.readyState === socket.CLOSED : socket.closed) return;
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  }

  /** A task through the tree, which shows that both are well. */
  async function work(): Promise<void> {
    const name = `work-${++tasks}`;
    const url = "/api/v1/namespaces/default/configmaps";
    const body = `metadata: {name: ${name}}`;
    const task = await tree.task(name, { clusterSelector: "shop", method: "POST", url, body });
    const { status } = await task.completed(5000);
    expect(status?.summary).toMatchObject({ selected: 1, done: 1 });
    expect(api.effects(name)).toBe(1);
  }

  const metric = (code: string) => tree.metric("root", "ote_link_errors_total", { code });

  /** What `trouble` costs: log lines with a code, and counts of that code. */
  async function costOf(code: string, trouble: () => Promise<void>) {
    const from = root().log.length;
    const before = await metric(code);
    await trouble();
    // Who followed a child that is let go says so, too, once more for each thing that was followed.
    const following = ["reports", "propagation"];
    const lines = () =>
      root()
        .log.slice(from)
        .filter(({ code, part }) => code !== undefined && !following.includes(String(part)));
    await eventually("it is logged", () => lines().length > 0, 15_000).catch(() => {});
    await work();
    return { codes: lines().map((line) => line.code), counted: (await metric(code)) - before };
  }

  async function memory(): Promise<number> {
    const text = await readFile(`/proc/${root().pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1024;
  }

  it.each<[string, string, () => Promise<WebSocket | Socket>]>([
    [
      "random bytes before its hello",
      "PROTOCOL_ERROR",
      async () => say(await stranger(), Buffer.from("8a7c01ff00ff", "hex")),
    ],
    ["a text before its hello", "TEXT_FRAME", async () => say(await stranger(), "hello")],
    [
      "a hello with a name that is taken",
      "NAME_TAKEN",
      async () =>
        say(await stranger(), frame(helloOf("shop", { instance: "other", session: 1e15 }))),
    ],
    [
      "a hello with the root's name",
      "LOOP",
      async () => say(await stranger(), frame(helloOf("root"))),
    ],
    [
      "a hello with a name that is none",
      "PROTOCOL_ERROR",
      async () => say(await stranger(), frame(helloOf("a", { name: "../a" as never }))),
    ],
    [
      "another message than a hello",
      "HELLO_EXPECTED",
      async () => say(await stranger(), frame(result("shop"))),
    ],
    [
      "64 MiB before its hello",
      "FRAME_TOO_LARGE",
      async () => say(await stranger(), Buffer.alloc(64 * MIB)),
    ],
    ["nothing at all", "HELLO_TIMEOUT", () => stranger()],
    [
      "64 MiB after its hello",
      "FRAME_TOO_LARGE",
      async () => say(await joined("a"), Buffer.alloc(64 * MIB)),
    ],
    ["a text after its hello", "TEXT_FRAME", async () => say(await joined("a"), "hello")],
    [
      "random bytes after its hello",
      "PROTOCOL_ERROR",
      async () => say(await joined("a"), Buffer.from("8a7c01ff00ff", "hex")),
    ],
    [
      "bytes that are no HTTP",
      "UPGRADE_REFUSED",
      async () => write(await raw(), randomBytes(4096)),
    ],
    [
      "a request for a page",
      "UPGRADE_REFUSED",
      async () => write(await raw(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    ],
    [
      "headers without end",
      "UPGRADE_REFUSED",
      async () =>
        write(await raw(), `GET / HTTP/1.1\r\n${`A: ${"a".repeat(1000)}\r\n`.repeat(1000)}`),
    ],
    ["not even a request", "HELLO_TIMEOUT", () => raw()],
    [
      "half a request",
      "HELLO_TIMEOUT",
      async () => write(await raw(), `GET ${TUNNEL_PATH} HTTP/1.1\r\nHost`),
    ],
  ])(
    "closes the connection of one that says %s, logs and counts it once",
    async (_, code, trouble) => {
      const cost = await costOf(code, async () => closed(await trouble()));
      expect(cost).toEqual({ codes: [code], counted: 1 });
    },
  );

  it.each([
    ["another path", "/other", {}],
    ["a page of a browser", TUNNEL_PATH, { origin: "https://example.org" }],
  ])("refuses a websocket to %s", async (_, path, headers) => {
    const cost = await costOf("UPGRADE_REFUSED", async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port()}${path}`, SUBPROTOCOL, { headers });
      await once(socket, "error");
    });
    expect(cost).toEqual({ codes: ["UPGRADE_REFUSED"], counted: 1 });
  });

  it("lets a peer that stops reading go, and keeps little for it", async () => {
    const body = "#".repeat(100 * 1024);
    const write = (cluster: string) => {
      const spec = { clusterSelector: cluster, method: "POST", url: "/", body };
      const names = Array.from({ length: 60 }, (_, index) => `${cluster}-${index}`);
      return Promise.all(names.map((name) => tree.task(name, spec)));
    };
    // What tasks of that size cost the API, whoever they are for.
    const others = await write("nobody");
    const socket = await joined("deaf");
    await tree.online("deaf");
    const before = await memory();
    socket.pause();
    const written = await write("deaf");
    const { code } = await root().says("child left", { child: "deaf" });
    expect(["PEER_SILENT", "SLOW_READER"]).toContain(code);
    socket.terminate();
    await work();
    expect((await memory()) - before).toBeLessThan(250);
    await Promise.all([...others, ...written].map((task) => task.delete()));
  });

  it("bears 500 websockets and 500 connections that say nothing, and works meanwhile", async () => {
    const cost = await costOf("HELLO_TIMEOUT", async () => {
      const silent = await Promise.all([
        ...Array.from({ length: 500 }, () => stranger()),
        ...Array.from({ length: 500 }, () => raw()),
      ]);
      await work();
      await Promise.all(silent.map(closed));
    });
    expect(cost.counted).toBe(1000);
    // One address cannot fill the log.
    expect(new Set(cost.codes)).toEqual(new Set(["HELLO_TIMEOUT"]));
    expect(cost.codes.length).toBeLessThanOrEqual(20);
  });

  it("believes no child that speaks for others", async () => {
    const task = await tree.task("held", {
      ...{ clusterSelector: "shop", method: "POST", body: "metadata: {name: held}" },
      url: "/api/v1/namespaces/default/configmaps",
    });
    const liar = await joined("liar");
    liar.send(
      frame(result("shop", task.uid), result("root", task.uid), result("nobody", task.uid)),
    );
    await root().says("message ignored", { peer: "liar", code: "FOREIGN_ANSWER" });
    expect((await task.completed()).status?.clusters?.shop).toMatchObject({ code: 201 });
    liar.terminate();
  });

  it("bears a thousand damaged frames of a child, and a hundred sessions of one name", async () => {
    const good = frame(
      ...[result("fuzz"), helloOf("fuzz"), { kind: "resync" } as const],
      { kind: "routes", reset: true, changed: [], removed: [clusterName("a")], digest: "x" },
      { kind: "path", path: [clusterName("fuzz")], rank: 1, anchored: true },
    );
    let ended = 0;
    let socket = await joined("fuzz");
    for (let round = 0; round < 1000; round++) {
      if (socket.readyState !== socket.OPEN) {
        ended++;
        socket = await joined("fuzz");
      }
      socket.send(damaged(good, round));
      if (round % 10 === 9) await heardOut(socket);
    }
    socket.terminate();
    expect(ended).toBeGreaterThan(3);
    const sessions = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const one = await stranger();
        one.send(frame(helloOf("many", { session: index + 1 })));
        return one;
      }),
    );
    await work();
    for (const one of sessions) one.terminate();
  });

  it("has kept its child all the time, and its memory small", async () => {
    await work();
    expect(tree.program("shop").logged("lost parent")).toEqual([]);
    expect(tree.program("shop").logged("joined parent")).toHaveLength(1);
    expect(
      root()
        .logged("child joined")
        .filter(({ child }) => child === "shop"),
    ).toHaveLength(1);
    expect(root().log.filter(({ level }) => level === "error")).toEqual([]);
    expect(root().stderr).toEqual([]);
    // Most of it is the API's memory of the large tasks above.
    expect(await memory()).toBeLessThan(800);
  });
});

/** Sends once it is open; returns the socket. */
function say(socket: WebSocket, data: string | Uint8Array): WebSocket {
  socket.send(data, () => {});
  return socket;
}

/** Resolves when all that was sent has been read at the other end, or it has ended the connection. */
async function heardOut(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return;
  await new Promise<void>((resolve) => {
    socket.once("pong", () => resolve()).once("close", () => resolve());
    if (socket.readyState === socket.OPEN) socket.ping();
  });
}

function write(socket: Socket, data: string | Uint8Array): Socket {
  socket.write(data);
  return socket;
}

/** The same bytes with some of them changed, the same ones for the same seed. */
function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  let state = seed * 2654435761 + 1;
  for (let change = 0; change <= seed % 4; change++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    copy[state % copy.length] = state >>> 24;
  }
  return seed % 3 === 0 ? copy.subarray(0, state % copy.length) : copy;
}
