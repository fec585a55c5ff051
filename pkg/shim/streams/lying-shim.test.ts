import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { eventually } from "../../../test/support/eventually.ts";
import { SUBPROTOCOL } from "../../tunnel/hello.ts";
import { STREAM_WINDOW } from "../../tunnel/streams/stream-words.ts";
import { decodeFrame, encodeFrame, encodeMessage } from "../../wire/codec.ts";
import type { Message, Open } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import { ask, dialShim } from "./remote-api.fixture.ts";

const never = new AbortController().signal;
const shop = clusterName("shop");
const words = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const opened = (head: unknown): Message => ({ kind: "opened", stream: 0, head: words(head) });
const closed = (code = ""): Message => ({ kind: "close", stream: 0, code, text: "why" });
const data = (bytes: number): Message => ({ kind: "data", stream: 0, bytes: Buffer.alloc(bytes) });
const OK = opened({ status: 200, headers: [] });

/** A shim that says about each stream what it is told to, and executes tasks. */
class LyingShim implements AsyncDisposable {
  readonly sockets: WebSocket[] = [];
  readonly opens: Open[] = [];
  says: readonly Message[] = [];
  capabilities = ["destination:api", "proxy", "reports", "a-word-of-tomorrow"];
  readonly #server = new WebSocketServer({
    ...{ host: "127.0.0.1", port: 0, handleProtocols: () => SUBPROTOCOL },
  });

  async listen(): Promise<number> {
    await once(this.#server, "listening");
    this.#server.on("connection", (socket) => {
      this.sockets.push(socket);
      socket.on("error", () => {});
      socket.on("message", (frame: Buffer) => {
        for (const message of decodeFrame(frame)) this.#hear(socket, message);
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#server.close();
    await once(this.#server, "close");
  }

  #hear(socket: WebSocket, message: Message): void {
    const say = (...messages: Message[]): void =>
      socket.send(encodeFrame(messages.map(encodeMessage)));
    if (message.kind === "hello") {
      const { capabilities } = this;
      const rest = { path: [], listen: "", rank: 0, anchored: false, heartbeatMs: 1000 };
      say({ kind: "welcome", name: shop, version: "lies", capabilities, ...rest });
    } else if (message.kind === "open") {
      this.opens.push(message);
      const said = this.says.map((one) => ({ ...one, stream: message.stream }) as Message);
      if (said.length > 0) say(...said);
    } else if (message.kind === "task") {
      const answer = { verdict: "done", code: 200, reason: "", truncated: false } as const;
      const rest = { origin: shop, cluster: shop, timestamp: 1, body: new Uint8Array() };
      say({ kind: "result", id: message.id, ...answer, ...rest });
    }
  }
}

describe("A shim that lies", () => {
  let shim: LyingShim;
  let dialled: ReturnType<typeof dialShim>;
  beforeEach(async () => {
    shim = new LyingShim();
    dialled = dialShim(await shim.listen());
    await dialled.connected();
  });
  afterEach(async () => {
    await dialled[Symbol.asyncDispose]();
    await shim[Symbol.asyncDispose]();
  });

  /** The shim still serves on the same connection. */
  async function works(): Promise<void> {
    const order = { destination: "api", method: "GET", url: "/", body: "" };
    const result = await dialled.remote.run({ id: `${Math.random()}`, ...order }, never);
    expect(result.verdict).toBe("done");
    expect(shim.sockets).toHaveLength(1);
  }

  it.each<[string, readonly Message[], string]>([
    [
      "a head that is no JSON",
      [{ ...opened(0), head: Buffer.from("{") } as Message],
      "PROTOCOL_ERROR",
    ],
    ["a head that is a number", [opened(5)], "PROTOCOL_ERROR"],
    ["a status of 99", [opened({ status: 99, headers: [] })], "PROTOCOL_ERROR"],
    ["a status that is text", [opened({ status: "200", headers: [] })], "PROTOCOL_ERROR"],
    ["no headers", [opened({ status: 200 })], "PROTOCOL_ERROR"],
    ["a header of one word", [opened({ status: 200, headers: [["a"]] })], "PROTOCOL_ERROR"],
    [
      "a header with two lines",
      [opened({ status: 200, headers: [["a", "b\r\nc: d"]] })],
      "PROTOCOL_ERROR",
    ],
    ["an end without an answer", [closed()], "STREAM_ENDED"],
    ["bytes and an end without an answer", [data(5), closed()], "STREAM_ENDED"],
    ["a code", [closed("WHATEVER")], "WHATEVER"],
    [
      "more than was granted",
      [data(60_000), data(60_000), data(60_000), data(60_000), data(60_000)],
      "PROTOCOL_ERROR",
    ],
  ])("costs one request: %s", async (_, says, code) => {
    shim.says = says;
    const asked = ask(dialled.remote);
    asked.body.resume();
    await expect(asked.answer).rejects.toMatchObject({ code });
    const own = dialled.remote.transport().request({ method: "GET", path: "/" }, never);
    await expect(own).rejects.toMatchObject({ code: "API_UNREACHABLE" });
    await works();
  });

  it("ends a request with an error when it goes on after the end", async () => {
    shim.says = [OK, data(5), closed(), data(5)];
    const asked = ask(dialled.remote);
    expect(await asked.ended).toMatchObject({ code: "PROTOCOL_ERROR" });
    await works();
  });

  it("is heard once: later heads are left out", async () => {
    shim.says = [OK, opened({ status: 500, headers: [] }), data(3), closed()];
    const asked = ask(dialled.remote);
    expect((await asked.answer).status).toBe(200);
    expect((await asked.text()).length).toBe(3);
    await works();
  });

  it("opens nothing here, and speaks in vain of streams that are none", async () => {
    const [socket] = shim.sockets;
    const open = { kind: "open", stream: 1, target: shop, entry: shop, hops: 1 } as const;
    const messages: Message[] = [
      { ...open, head: words({}) },
      { kind: "credit", stream: 77, bytes: 2 ** 31 },
      data(10),
      closed("X"),
    ];
    socket?.send(encodeFrame(messages.map(encodeMessage)));
    await works();
  });

  it("is a shim of tomorrow if it has words that nobody knows, and of yesterday without ours", async () => {
    shim.says = [OK, closed()];
    expect(await ask(dialled.remote).text()).toBe("");
    shim.capabilities = ["destination:api"];
    shim.sockets[0]?.terminate();
    await eventually("it is connected again", () => shim.sockets.length === 2);
    await dialled.connected();
    await expect(ask(dialled.remote).answer).rejects.toMatchObject({ code: "NO_API" });
    expect(shim.opens).toHaveLength(1);
  });

  it("stands still while much is sent to it: the link ends, and all with it", async () => {
    const many = Array.from({ length: 40 }, () => ask(dialled.remote, { method: "PUT" }));
    for (const { body } of many) body.write(Buffer.alloc(STREAM_WINDOW));
    await eventually("all are open", () => shim.opens.length === many.length);
    shim.sockets[0]?.pause();
    const more = Array.from({ length: 200 }, () => ask(dialled.remote, { method: "PUT" }));
    for (const { body } of more) body.write(Buffer.alloc(2 * STREAM_WINDOW));
    const ends = await Promise.all([...many, ...more].map(({ ended }) => ended));
    expect(new Set(ends.map((error) => (error as { code?: string } | null)?.code))).toEqual(
      new Set(["LINK_LOST"]),
    );
    await eventually("it is dialled again", () => shim.sockets.length === 2);
  });
});
