import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import protobuf from "protobufjs";
import { encodeFrame, encodeMessage, MAX_FRAME } from "../../pkg/wire/codec.ts";
import { type Caller, helloMessage, newId, taskMessage } from "./caller.ts";
import type { Case, CaseWorld } from "./case.ts";
import { must } from "./must.ts";

/** The websocket itself: first words, frames, signs of life. */
export const CONNECTION_CASES: readonly Case[] = [
  {
    name: "other path",
    must: "an upgrade to another path than /ote/v1/shim is refused with an HTTP error",
    run: async ({ endpoint }) => {
      const status = await upgradeStatus(endpoint, "/ote/v1/other");
      must(status >= 400, `it was answered with ${status}`);
    },
  },
  {
    name: "sub-protocol",
    must: "the upgrade to /ote/v1/shim succeeds and names the sub-protocol ote.v1",
    run: async ({ open }) => {
      const caller = await open();
      must(caller.socket.protocol === "ote.v1", `it names "${caller.socket.protocol}"`);
    },
  },
  {
    name: "welcome",
    must: "a hello is answered with a welcome that has a heartbeat, no path, and at least one destination:NAME",
    run: async ({ connect }) => {
      const { welcome } = await connect();
      must(welcome.heartbeatMs > 0, "heartbeatMs is 0");
      must(welcome.path.length === 0, `the path is ${welcome.path.join()}`);
      const served = welcome.capabilities.filter((word) => /^destination:./.test(word));
      must(served.length > 0, `the capabilities are ${welcome.capabilities.join(", ")}`);
    },
  },
  {
    name: "hello first",
    must: "a connection whose first message is no hello is ended within a second or so",
    run: async (world) => {
      const caller = await world.open();
      caller.send(taskMessage({ body: world.target.quick(newId()) }));
      await caller.end(6000);
      must(caller.messages.length === 0, "it was answered");
      await expectServed(world);
    },
  },
  {
    name: "no hello",
    must: "a connection that says nothing is ended after 5 seconds",
    run: async ({ open }) => {
      const caller = await open();
      await caller.end(9000);
    },
  },
  {
    name: "hello and task in one frame",
    must: "messages that follow the hello in its frame are read",
    run: async ({ open, target }) => {
      const caller = await open();
      const task = taskMessage({ body: target.quick(newId()) });
      caller.socket.send(encodeFrame([helloMessage(), task].map(encodeMessage)));
      await caller.result(task.id);
    },
  },
  {
    name: "fragments",
    must: "a frame that comes in several websocket fragments is read as one",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const task = taskMessage({ body: target.quick(newId()) });
      const frame = encodeMessage(task);
      caller.socket.send(frame.subarray(0, 7), { fin: false });
      caller.socket.send(frame.subarray(7, 20), { fin: false });
      caller.socket.ping();
      caller.socket.send(frame.subarray(20), { fin: true });
      await caller.result(task.id);
    },
  },
  {
    name: "unknown kinds and fields",
    must: "kinds of messages and fields that are not known are left out, and the rest is read",
    run: async ({ connect, target }) => {
      const caller = await connect();
      const task = taskMessage({ body: target.quick(newId()) });
      // A frame with an envelope of kind 99 and a field 77 before the task.
      const unknown = protobuf.Writer.create();
      unknown.uint32(18).fork().uint32(794).fork().uint32(8).uint32(1).ldelim().ldelim();
      unknown.uint32(616).uint32(5);
      caller.socket.send(encodeFrame([unknown.finish(), encodeMessage(task)]));
      await caller.result(task.id);
    },
  },
  damaged("text message", (caller) => caller.socket.send("hello")),
  damaged("rubbish", (caller) => caller.socket.send(Buffer.alloc(100, 0xff))),
  damaged("half a message", ({ socket }) =>
    socket.send(encodeMessage(helloMessage()).subarray(0, 20)),
  ),
  damaged("version 2", ({ socket }) => {
    socket.send(protobuf.Writer.create().uint32(8).uint32(2).finish());
  }),
  damaged("too large a frame", ({ socket }) => socket.send(Buffer.alloc(MAX_FRAME + 1))),
  {
    name: "ping",
    must: "a websocket ping is answered with a pong of the same content",
    run: async ({ connect }) => {
      const { socket } = await connect();
      const pong = new Promise<Buffer>((resolve) => socket.once("pong", resolve));
      socket.ping("conformance");
      const said = await Promise.race([pong, sleep(3000)]);
      must(String(said) === "conformance", `it was ${said ?? "not answered"}`);
    },
  },
  {
    name: "live peer",
    must: "a connection on which only pings pass stays open for more than three heartbeats",
    run: async (world) => {
      const caller = await world.connect();
      const heartbeatMs = Math.max(1000, caller.welcome.heartbeatMs);
      const end = performance.now() + Math.min(4 * heartbeatMs, 20_000);
      while (performance.now() < end) {
        if (caller.open) caller.socket.ping();
        await sleep(Math.min(heartbeatMs, 1000));
        must(caller.open, "it was ended");
      }
      await caller.result(caller.give({ body: world.target.quick(newId()) }));
    },
  },
  {
    name: "silent peer",
    must: "a peer that gives no sign of life for three heartbeats is cut off",
    run: async (world) => {
      const caller = await world.connect({ autoPong: false });
      await caller.end(5 * Math.max(1000, caller.welcome.heartbeatMs) + 3000);
    },
  },
  {
    name: "polite goodbye",
    must: "a close with code 1000 is answered, and the next connection is served",
    run: async (world) => {
      const caller = await world.connect();
      caller.socket.close(1000);
      const { code } = await caller.end(5000);
      must(code === 1000, `it was answered with ${code}`);
      await expectServed(world);
    },
  },
];

/** Whatever cannot be read costs its sender the connection, and nobody anything else. */
function damaged(name: string, send: (caller: Caller) => void): Case {
  return {
    name: `damaged: ${name}`,
    must: "what cannot be read ends that connection and nothing else: the next one is served, and knows the tasks",
    run: async (world) => {
      const caller = await world.connect();
      const order = { id: newId(), body: world.target.quick(newId()) };
      caller.give(order);
      const before = await caller.result(order.id);
      send(caller);
      await caller.end(8000);
      const next = await world.connect();
      next.give({ ...order, startedAt: Date.now() });
      const again = await next.result(order.id);
      must(again.timestamp === before.timestamp, "a task of before was executed again");
    },
  };
}

async function expectServed({ connect, target }: CaseWorld): Promise<void> {
  const caller = await connect();
  await caller.result(caller.give({ body: target.quick(newId()) }));
}

function upgradeStatus(endpoint: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(`http://${endpoint}${path}`, {
      headers: {
        ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
        ...{ "sec-websocket-key": Buffer.alloc(16, 1).toString("base64") },
        "sec-websocket-protocol": "ote.v1",
      },
      timeout: 8000,
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", reject);
    request.once("upgrade", (_, socket) => {
      socket.destroy();
      resolve(101);
    });
    request.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
}
