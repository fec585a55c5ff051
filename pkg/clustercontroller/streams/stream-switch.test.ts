import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { STREAM_WINDOW, type StreamMessage } from "../../tunnel/streams/stream-words.ts";
import type { Open } from "../../wire/message.ts";
import { type ClusterName, clusterName } from "../../wire/names.ts";
import { type LinkName, StreamSwitch } from "./stream-switch.ts";
import type { TreeStream } from "./tree-stream.ts";

/** A line of clusters, each below the one before, whose links carry nothing while they are blocked. */
class Line {
  readonly names: ClusterName[];
  readonly switches: StreamSwitch[] = [];
  readonly accepted: { readonly target: ClusterName; readonly stream: TreeStream }[] = [];
  readonly blocked = new Set<number>();
  carried = 0;

  constructor(length: number) {
    this.names = Array.from({ length }, (_, at) => clusterName(`c${at}`));
    for (const [at, self] of this.names.entries()) {
      this.switches.push(
        new StreamSwitch({
          self,
          nextHop: (target) => {
            const place = this.names.indexOf(target);
            return place > at ? this.names[at + 1] : undefined;
          },
          send: (to, message) => this.#carry(at, to, message),
          writable: (to) => !this.blocked.has(to === "" ? at - 1 : at),
          accept: ({ target }, stream) => void this.accepted.push({ target, stream }),
        }),
      );
    }
  }

  open(target: number): TreeStream {
    const [entry = clusterName("c0")] = this.names;
    const name = this.names[target] as ClusterName;
    return this.at(0).open({ target: name, entry, head: new Uint8Array() });
  }

  at(place: number): StreamSwitch {
    return this.switches[place] as StreamSwitch;
  }

  async taken(): Promise<TreeStream> {
    while (this.accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return this.accepted.shift()?.stream as TreeStream;
  }

  /** Resolves once nothing more is carried: what has been said by then has been heard, and nothing follows. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.carried; ) {
      before = this.carried;
      await turns(20);
    }
  }

  cut(place: number): void {
    this.at(place).lost(this.names[place + 1] as ClusterName);
    this.at(place + 1).lost("");
  }

  unblock(place: number): void {
    this.blocked.delete(place);
    this.at(place).drained(this.names[place + 1] as ClusterName);
    this.at(place + 1).drained("");
  }

  #carry(at: number, to: LinkName, message: Open | StreamMessage): void {
    this.carried++;
    const there = to === "" ? at - 1 : at + 1;
    const from = to === "" ? (this.names[at] as ClusterName) : "";
    setImmediate(() => this.at(there).hear(from, message));
  }
}

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
}

async function collect(stream: TreeStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  // An iteration would end the other direction, too.
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  await finished(stream, { writable: false });
  return Buffer.concat(pieces);
}

describe("a stream through a tree", () => {
  it.each([0, 1, 3])("carries a megabyte both ways, over %i links", async (links) => {
    const line = new Line(4);
    const near = line.open(links);
    const far = await line.taken();
    const [down, up] = [randomBytes(1_000_000), randomBytes(1_500_000)];
    far.answer(Buffer.from("head"));
    const [[head]] = await Promise.all([once(near, "opened")]);
    expect(String(head)).toBe("head");
    near.end(down);
    far.end(up);
    const [gotUp, gotDown] = await Promise.all([collect(near), collect(far)]);
    expect(gotUp.equals(up) && gotDown.equals(down)).toBe(true);
    await line.quiet();
    expect(line.switches.map(({ size }) => size)).toEqual([0, 0, 0, 0]);
  });

  it("holds no more than its window for a reader that does not read", async () => {
    const line = new Line(3);
    const near = line.open(2);
    const far = await line.taken();
    let written = 0;
    const chunk = randomBytes(10_000);
    const write = (): void => {
      while (written < 50_000_000 && near.write(chunk)) written += chunk.length;
    };
    near.on("drain", write);
    write();
    await line.quiet();
    expect(written).toBeLessThan(2 * STREAM_WINDOW);
    near.destroy();
    await expect(finished(far)).rejects.toMatchObject({ code: "STREAM_CANCELLED" });
    expect(line.switches.map(({ size }) => size)).toEqual([0, 0, 0]);
  });

  it("lets others pass while one stands still or a link is full", async () => {
    const line = new Line(3);
    const stalled = line.open(2);
    await line.taken();
    stalled.write(randomBytes(2 * STREAM_WINDOW));
    const quick = line.open(2);
    const far = await line.taken();
    quick.end("quick");
    expect(String(await collect(far))).toBe("quick");
    line.blocked.add(1);
    const [first, second] = [line.open(2), line.open(2)];
    const ends = [await line.taken(), await line.taken()];
    first.write(randomBytes(200_000));
    second.end("second");
    await line.quiet();
    line.unblock(1);
    expect(String(await collect(ends[1] as TreeStream))).toBe("second");
    for (const stream of [stalled, first, quick]) stream.destroy();
  });

  it("ends at both ends when a link between them is lost", async () => {
    const line = new Line(4);
    const near = line.open(3);
    const far = await line.taken();
    const ended = Promise.allSettled([finished(near), finished(far)]);
    line.cut(1);
    for (const end of await ended) expect(end).toMatchObject({ reason: { code: "LINK_LOST" } });
    expect(line.switches.map(({ size }) => size)).toEqual([0, 0, 0, 0]);
  });

  it("does not begin where there is no way", async () => {
    const line = new Line(2);
    const name = clusterName("nowhere");
    const stream = line.at(0).open({ target: name, entry: name, head: new Uint8Array() });
    await expect(finished(stream)).rejects.toMatchObject({ code: "CLUSTER_UNREACHABLE" });
  });

  it("is not touched by who has another link", async () => {
    const line = new Line(3);
    const near = line.open(2);
    await line.taken();
    line.at(1).hear(clusterName("stranger"), { kind: "close", stream: 1, code: "X", text: "" });
    line.at(1).hear("", { kind: "data", stream: 99, bytes: randomBytes(5) });
    await line.quiet();
    expect(near.destroyed).toBe(false);
    near.destroy();
  });

  it("is ended when the other end sends more than it was granted", async () => {
    const line = new Line(2);
    const near = line.open(1);
    const far = await line.taken();
    const flood = { kind: "data", stream: 1, bytes: randomBytes(STREAM_WINDOW + 1) } as const;
    const ended = Promise.allSettled([finished(near), finished(far)]);
    line.at(0).hear(clusterName("c1"), flood);
    for (const end of await ended) expect(end.status).toBe("rejected");
  });

  it("leaves nothing behind after a thousand of them", async () => {
    const line = new Line(3);
    for (let round = 0; round < 1000; round++) {
      const near = line.open(2);
      const far = await line.taken();
      if (round % 3 === 0) near.destroy();
      else if (round % 3 === 1) {
        near.end("x");
        far.end("y");
        await Promise.all([collect(near), collect(far)]);
      } else far.destroy(new Error("no"));
      await Promise.allSettled([finished(near), finished(far)]);
    }
    await line.quiet();
    expect(line.switches.map(({ size }) => size)).toEqual([0, 0, 0]);
  });
});
