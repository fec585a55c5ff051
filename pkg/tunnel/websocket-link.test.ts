import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { eventually } from "../../test/support/eventually.ts";
import { type Metrics, noMetrics } from "../base/metrics.ts";
import { encodeFrame, encodeMessage } from "../wire/codec.ts";
import { clusterName } from "../wire/names.ts";
import { SUBPROTOCOL } from "./hello.ts";
import { describeLink } from "./link.contract.ts";
import { helloOf, TestTunnel } from "./tunnel.fixture.ts";

describeLink("websocket", async () => {
  const tunnel = await TestTunnel.start();
  const { link } = await tunnel.dial(helloOf("edge-a"));
  return {
    ends: [link, await tunnel.linkTo("edge-a")],
    async [Symbol.asyncDispose]() {
      await link[Symbol.asyncDispose]();
      await tunnel[Symbol.asyncDispose]();
    },
  };
});

/** A websocket that has said nothing yet. */
async function stranger(
  tunnel: TestTunnel,
  headers: Record<string, string> = {},
  options: ClientOptions = {},
): Promise<WebSocket> {
  const all = { ...options, headers, perMessageDeflate: false };
  const socket = new WebSocket(tunnel.url, SUBPROTOCOL, all);
  socket.on("error", () => {});
  await once(socket, "open");
  return socket;
}

const hello = (name: string): Uint8Array => encodeFrame([encodeMessage(helloOf(name))]);

describe("a tunnel", () => {
  it.each([
    ["random bytes", Buffer.from("8a7c01ff00ff", "hex"), "PROTOCOL_ERROR"],
    ["a text frame", "hello", "TEXT_FRAME"],
    ["another message first", encodeFrame([encodeMessage({ kind: "resync" })]), "HELLO_EXPECTED"],
    ["a frame of another version", Buffer.from([8, 9]), "PROTOCOL_VERSION"],
    ["a name that is taken", hello("taken"), "NAME_TAKEN"],
    [
      "a name that is none",
      encodeFrame([encodeMessage(helloOf("a", { name: "A b" as never }))]),
      "PROTOCOL_ERROR",
    ],
  ])("closes the connection that starts with %s, and says so once", async (_, bytes, code) => {
    await using tunnel = await TestTunnel.start();
    const socket = await stranger(tunnel);
    socket.send(bytes);
    const [closeCode, reason] = (await once(socket, "close")) as [number, Buffer];
    expect([closeCode, String(reason).split(":")[0]]).toEqual([4000, code]);
    expect(tunnel.logged.map((line) => line.code)).toEqual([code]);
    expect(tunnel.counted).toEqual([{ side: "down", code }]);
    expect(tunnel.links.size).toBe(0);
  });

  it("lets little bulk go until the peer has confirmed that it has read it, then all", async () => {
    await using tunnel = await TestTunnel.start();
    const socket = await stranger(tunnel, {}, { autoPong: false });
    let got = 0;
    const marks: Buffer[] = [];
    socket.on("message", (frame: Buffer) => {
      got += frame.length;
    });
    socket.on("ping", (content: Buffer) => content.length > 0 && marks.push(content));
    socket.send(hello("slow"));
    const link = await tunnel.linkTo("slow");
    for (let piece = 0; piece < 3000; piece++)
      link.send({ kind: "data", stream: 1, bytes: Buffer.alloc(1024, piece) });
    await eventually("it is asked how far it has read", () => marks.length > 0);
    await new Promise<void>((resolve) => {
      socket.once("pong", () => resolve());
      socket.ping("over");
    });
    expect(got).toBeLessThan(128 * 1024);
    socket.on("ping", (content: Buffer) => socket.pong(content));
    for (const content of marks) socket.pong(content);
    await eventually("all has come", () => got > 3000 * 1024);
  });

  it("measures how long the parent takes to answer", async () => {
    await using tunnel = await TestTunnel.start(100);
    const observed: [string, number, object | undefined][] = [];
    const metrics: Metrics = {
      ...noMetrics,
      observe: (name, value, labels) => void observed.push([name, value, labels]),
    };
    const { link } = await tunnel.dial(helloOf("edge-a", { heartbeatMs: 100 }), undefined, metrics);
    await eventually("it was answered", () => observed.length > 0);
    expect(observed[0]).toEqual([
      "ote_link_round_trip_seconds",
      expect.closeTo(0, 0),
      { side: "up" },
    ]);
    await link[Symbol.asyncDispose]();
  });

  it("does not take in who says hello while the tunnel closes", async () => {
    const tunnel = await TestTunnel.start();
    const socket = await stranger(tunnel);
    const closed = once(socket, "close");
    const closing = tunnel[Symbol.asyncDispose]();
    socket.send(hello("late"));
    await Promise.all([closing, closed]);
    expect([...tunnel.links.keys()]).toEqual([]);
  });

  it("does not buffer what a stranger sends before its hello", async () => {
    await using tunnel = await TestTunnel.start();
    const socket = await stranger(tunnel);
    socket.send(Buffer.alloc(3 * 1024 * 1024));
    await once(socket, "close");
    expect(tunnel.logged).toHaveLength(1);
  });

  it("turns a 64 MiB frame of a joined child away before reading it", async () => {
    await using tunnel = await TestTunnel.start();
    const socket = await stranger(tunnel);
    socket.send(hello("big"));
    const link = await tunnel.linkTo("big");
    socket.send(Buffer.alloc(64 * 1024 * 1024));
    await link.receive(() => {});
    expect(await link.ended).toMatchObject({ code: "FRAME_TOO_LARGE" });
    expect(tunnel.counted).toEqual([{ side: "down", code: "FRAME_TOO_LARGE" }]);
  });

  it("turns browsers, other paths and plain HTTP away", async () => {
    await using tunnel = await TestTunnel.start();
    await expect(stranger(tunnel, { origin: "https://example.org" })).rejects.toThrow("403");
    const wrong = new WebSocket(tunnel.url.replace("/tunnel", "/other"));
    const [error] = (await once(wrong, "error").catch((cause) => [cause])) as [Error];
    expect(error.message).toContain("404");
    const plain = await fetch(tunnel.url.replace("ws:", "http:"));
    expect(plain.status).toBe(426);
  });

  it("says goodbye to a peer that never says hello", async () => {
    await using tunnel = await TestTunnel.start();
    const socket = await stranger(tunnel);
    const [, reason] = (await once(socket, "close")) as [number, Buffer];
    expect(String(reason)).toMatch(/^HELLO_TIMEOUT/);
  }, 10_000);

  it("ends the link of a peer that stops reading, with bounded memory", async () => {
    await using tunnel = await TestTunnel.start();
    const socket = await stranger(tunnel);
    socket.send(hello("deaf"));
    const link = await tunnel.linkTo("deaf");
    socket.pause();
    const body = new Uint8Array(256 * 1024);
    const task = {
      kind: "task",
      id: "t",
      origin: clusterName("root"),
      targets: [],
      ttlMs: 1,
      hops: 0,
      startedAt: 0,
      body,
    } as const;
    let sent = 0;
    expect(() => {
      for (; sent < 1000; sent++) link.send(task);
    }).toThrow(expect.objectContaining({ code: "LINK_CLOSED" }));
    expect(sent * body.length).toBeLessThan(64 * 1024 * 1024);
    await link.receive(() => {});
    expect(await link.ended).toMatchObject({ code: "SLOW_READER" });
    socket.terminate();
  });

  it("lets what keeps the tree together overtake tasks, which keep their own order", async () => {
    await using tunnel = await TestTunnel.start();
    const { link } = await tunnel.dial(helloOf("edge-a"));
    const far = await tunnel.linkTo("edge-a");
    const seen: string[] = [];
    const body = new Uint8Array(128 * 1024);
    const root = clusterName("root");
    const rest = { origin: root, targets: [], ttlMs: 1, hops: 0, startedAt: 0, body } as const;
    for (let task = 0; task < 100; task++) far.send({ kind: "task", id: `t${task}`, ...rest });
    await new Promise((resolve) => setImmediate(resolve));
    far.send({ kind: "resync" });
    far.send({ kind: "raise", rank: 7 });
    far.end({ code: "LINK_CLOSED", text: "" });
    await link.receive(
      (message) => void seen.push(message.kind === "task" ? message.id : message.kind),
    );
    const tasks = seen.filter((name) => name.startsWith("t"));
    expect(tasks).toEqual(Array.from({ length: 100 }, (_, task) => `t${task}`));
    const at = seen.indexOf("resync");
    expect(seen.indexOf("raise")).toBe(at + 1);
    // Those that the socket has taken cannot be overtaken.
    expect(at).toBeLessThan(50);
  });

  it("is not writable while much waits, and says when it is again", async () => {
    await using tunnel = await TestTunnel.start();
    const { link } = await tunnel.dial(helloOf("edge-a"));
    const far = await tunnel.linkTo("edge-a");
    const body = new Uint8Array(256 * 1024);
    while (far.writable)
      far.send({
        kind: "task",
        id: "t",
        origin: clusterName("root"),
        targets: [],
        ttlMs: 1,
        hops: 0,
        startedAt: 0,
        body,
      });
    const reading = (async () => {
      await link.receive(() => {});
    })();
    await far.drained();
    expect(far.writable).toBe(true);
    await link[Symbol.asyncDispose]();
    await reading;
  });

  it("notices a peer that is silent for three intervals on both sides", async () => {
    await using tunnel = await TestTunnel.start(100);
    const socket = await stranger(tunnel);
    socket.send(encodeFrame([encodeMessage(helloOf("mute", { heartbeatMs: 100 }))]));
    const link = await tunnel.linkTo("mute");
    socket.pause();
    await link.receive(() => {});
    expect(await link.ended).toMatchObject({ code: "PEER_SILENT" });
    socket.terminate();
  });

  it("keeps an idle link of healthy peers", async () => {
    await using tunnel = await TestTunnel.start(50);
    const { link } = await tunnel.dial(helloOf("idle", { heartbeatMs: 50 }));
    const ended = link.ended.then(() => "ended");
    const later = new Promise((resolve) => setTimeout(resolve, 600, "still there"));
    expect(await Promise.race([ended, later])).toBe("still there");
    await link[Symbol.asyncDispose]();
  });

  it("survives connections that break off in the middle of the upgrade", async () => {
    await using tunnel = await TestTunnel.start();
    for (let round = 0; round < 20; round++) {
      const socket = connect(tunnel.tunnel.port, "127.0.0.1");
      await once(socket, "connect");
      socket.write("GET /ote/v1/tunnel HTTP/1.1\r\nUpgrade: websocket\r\nConnec");
      socket.resetAndDestroy();
    }
    const { link, welcome } = await tunnel.dial(helloOf("after"));
    expect(welcome.name).toBe("root");
    await link[Symbol.asyncDispose]();
  });
});

describe("dialling", () => {
  it("says why it was refused", async () => {
    await using tunnel = await TestTunnel.start();
    await expect(tunnel.dial(helloOf("taken"))).rejects.toMatchObject({ code: "NAME_TAKEN" });
  });

  it("fails with DIAL_FAILED where nobody listens, and with the reason of an abort", async () => {
    const tunnel = await TestTunnel.start();
    await tunnel[Symbol.asyncDispose]();
    await expect(tunnel.dial(helloOf("a"))).rejects.toMatchObject({ code: "DIAL_FAILED" });
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    await expect(tunnel.dial(helloOf("a"), stop.signal)).rejects.toThrow("stopped");
  });
});
