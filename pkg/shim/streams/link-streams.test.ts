import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import type { Link } from "../../tunnel/link.ts";
import { memoryLinkPair } from "../../tunnel/memory-link.ts";
import { StreamEndedError } from "../../tunnel/streams/stream-ended-error.ts";
import { isOfStreams, STREAM_WINDOW } from "../../tunnel/streams/stream-words.ts";
import type { Message } from "../../wire/message.ts";
import { clusterName } from "../../wire/names.ts";
import type { LinkStream } from "./link-stream.ts";
import { LinkStreams, MAX_STREAMS } from "./link-streams.ts";

const shop = clusterName("shop");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const broken = new StreamEndedError("LINK_LOST", "gone");
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A link that can be made to take nothing for a while. */
class Gate {
  readonly link: Link;
  readonly said: Message[] = [];
  open = true;
  /** Whether it has ended: nobody waits for it then. */
  isOver = false;
  wake: () => void = () => {};

  constructor(inner: Link) {
    const isOpen = (): boolean => this.open;
    const drained = (): Promise<void> =>
      new Promise((resolve) => {
        this.wake = resolve;
        if (this.isOver) resolve();
      });
    this.link = {
      peer: inner.peer,
      ended: inner.ended,
      get writable() {
        return isOpen();
      },
      drained,
      receive: (handler) => inner.receive(handler),
      send: (message) => {
        this.said.push(message);
        inner.send(message);
      },
      end: (reason) => inner.end(reason),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
  }

  close(): void {
    this.open = false;
  }

  release(): void {
    this.open = true;
    this.wake();
  }
}

/** Both ends of a link with streams over it. */
function world() {
  const [a, b] = memoryLinkPair(shop, shop);
  const gate = new Gate(a);
  const accepted: LinkStream[] = [];
  const heads: string[] = [];
  const near = new LinkStreams(gate.link);
  const far = new LinkStreams(b, (head, stream) => {
    heads.push(new TextDecoder().decode(head));
    accepted.push(stream);
  });
  const hear = (link: Link, streams: LinkStreams): void =>
    void link.receive((message) => {
      if (isOfStreams(message)) streams.hear(message);
    });
  hear(a, near);
  hear(b, far);
  /** A stream, and the other end of it. */
  const open = async (head = "head"): Promise<[LinkStream, LinkStream]> => {
    const stream = near.open(bytes(head));
    const count = accepted.length;
    await eventually("it is accepted", () => accepted.length > count);
    return [stream, accepted[count] as LinkStream];
  };
  return { near, far, gate, links: [a, b] as const, accepted, heads, open };
}

describe("streams over the link of a shim", () => {
  it("carry a request and an answer, each side ending when it has said everything", async () => {
    const { near, far, open, heads } = world();
    const [asking, asked] = await open("request");
    const head = new Promise<Uint8Array>((resolve) => asking.once("opened", resolve));
    asking.end("question");
    expect(String(await buffer(asked))).toBe("question");
    asked.answer(bytes("answer"));
    asked.write("late ");
    expect(String(await head)).toBe("97,110,115,119,101,114");
    asked.end("words");
    expect(String(await buffer(asking))).toBe("late words");
    expect(heads).toEqual(["request"]);
    await eventually("nothing is left", () => near.size + far.size === 0);
  });

  it("carry much in both directions at once, byte for byte", async () => {
    const { open } = world();
    const [asking, asked] = await open();
    const up = randomBytes(3 * 1024 * 1024);
    const down = randomBytes(5 * 1024 * 1024 + 1);
    asked.answer(bytes("answer"));
    asking.end(up);
    asked.end(down);
    const [gotUp, gotDown] = await Promise.all([buffer(asked), buffer(asking)]);
    expect(gotUp.equals(up)).toBe(true);
    expect(gotDown.equals(down)).toBe(true);
  });

  it("hold no more than a window for a reader who stands still, and others pass", async () => {
    const { gate, open } = world();
    const [stalled] = await open("stalled");
    stalled.write(randomBytes(4 * STREAM_WINDOW));
    const [quick, other] = await open("quick");
    quick.end("through");
    expect(String(await buffer(other))).toBe("through");
    const said = gate.said.flatMap((m) => (m.kind === "data" && m.stream === 1 ? [m.bytes] : []));
    const size = said.reduce((sum, one) => sum + one.length, 0);
    expect(size).toBe(STREAM_WINDOW);
  });

  it("wait while the link can take no more, then speak in turn", async () => {
    const { gate, open } = world();
    const streams = [];
    for (const name of ["a", "b", "c"]) streams.push((await open(name))[0]);
    gate.close();
    gate.said.length = 0;
    for (const stream of streams) stream.write(randomBytes(4 * 32 * 1024));
    await turn();
    expect(gate.said).toEqual([]);
    gate.release();
    await turn();
    const order = gate.said.flatMap((m) => (m.kind === "data" ? [m.stream] : []));
    expect(order.slice(0, 9)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it("may write any number of small pieces", async () => {
    const { open } = world();
    const [asking, asked] = await open();
    for (let index = 0; index < 50_000; index++) asking.write("x");
    asking.end();
    expect(await buffer(asked)).toHaveLength(50_000);
  });

  it.each(["near", "far"])("end at both ends when the %s one is destroyed", async (side) => {
    const { near, far, open } = world();
    const [asking, asked] = await open();
    const [first, second] = side === "near" ? [asking, asked] : [asked, asking];
    first.write("something");
    first.destroy(new StreamEndedError("API_UNREACHABLE", "no API"));
    await expect(finished(second)).rejects.toMatchObject({ code: "API_UNREACHABLE" });
    await eventually("nothing is left", () => near.size + far.size === 0);
    expect(second.errored).toMatchObject({ message: "no API" });
  });

  it("end with an error when the link is lost, and tell nobody", async () => {
    const { near, gate, open } = world();
    const [asking] = await open();
    gate.said.length = 0;
    near.lost(broken);
    await expect(finished(asking)).rejects.toMatchObject({ code: "LINK_LOST" });
    expect(near.size).toBe(0);
    expect(gate.said).toEqual([]);
  });

  it("that wait for their turn on a link that ends do not keep the process busy", async () => {
    const { near, gate, links } = world();
    const streams = Array.from({ length: 3 }, () => near.open(bytes("head")));
    gate.close();
    for (const stream of streams) stream.write(randomBytes(1000));
    // As a link that has ended with much unsent: it is not writable, and nobody waits for it.
    gate.isOver = true;
    links[0].end({ code: "LINK_LOST", text: "gone" });
    gate.wake();
    await turn();
    near.lost(broken);
    for (const stream of streams)
      await expect(finished(stream)).rejects.toMatchObject({ code: "LINK_LOST" });
    expect(near.size).toBe(0);
  });

  it("that were never told of are cancelled without a word", async () => {
    const { near, gate } = world();
    gate.close();
    const stream = near.open(bytes("head"));
    stream.destroy();
    gate.release();
    await turn();
    expect(gate.said).toEqual([]);
    expect(near.size).toBe(0);
  });

  it("end when the peer sends more than it was granted, and that one alone", async () => {
    const { links, far, accepted, open } = world();
    const [, other] = await open();
    const [link] = links;
    const target = { target: shop, entry: shop, hops: 1, head: bytes("h") };
    link.send({ kind: "open", stream: 7, ...target });
    await eventually("it is open", () => accepted.length === 2);
    for (let sent = 0; sent <= STREAM_WINDOW; sent += 32 * 1024)
      link.send({ kind: "data", stream: 7, bytes: randomBytes(32 * 1024) });
    await expect(finished(accepted[1] as LinkStream)).rejects.toMatchObject({
      code: "PROTOCOL_ERROR",
    });
    expect(other.destroyed).toBe(false);
    expect(far.size).toBe(1);
  });

  it("have numbers that grow: one that comes again ends the link", async () => {
    const { links } = world();
    const [link] = links;
    const head = { target: shop, entry: shop, hops: 1, head: bytes("h") };
    link.send({ kind: "open", stream: 7, ...head });
    link.send({ kind: "open", stream: 7, ...head });
    expect(await link.ended).toMatchObject({ code: "PROTOCOL_ERROR" });
  });

  it("are no more than a link may carry, at both ends", async () => {
    const { near, links, far } = world();
    for (let index = 0; index < MAX_STREAMS; index++) near.open(bytes("h"));
    expect(() => near.open(bytes("h"))).toThrow(
      expect.objectContaining({ code: "TOO_MANY_STREAMS" }),
    );
    await eventually("they are open", () => far.size === MAX_STREAMS);
    const head = { target: shop, entry: shop, hops: 1, head: bytes("h") };
    links[0].send({ kind: "open", stream: MAX_STREAMS + 1, ...head });
    await turn();
    expect(far.size).toBe(MAX_STREAMS);
  });

  it("leave out what is said on a stream that is over", async () => {
    const { links, open } = world();
    const [link] = links;
    const bytes = randomBytes(10);
    for (const message of [
      { kind: "data", stream: 99, bytes },
      { kind: "credit", stream: 99, bytes: 5 },
      { kind: "close", stream: 99, code: "", text: "" },
      { kind: "opened", stream: 99, head: bytes },
    ] as const)
      link.send(message);
    const [asking, asked] = await open();
    asking.end("still works");
    expect(String(await buffer(asked))).toBe("still works");
  });
});
