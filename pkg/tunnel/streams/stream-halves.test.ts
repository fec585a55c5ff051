import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { StreamInflow } from "./stream-inflow.ts";
import { MAX_GRANTED, StreamOutflow } from "./stream-outflow.ts";
import { STREAM_CHUNK, STREAM_WINDOW } from "./stream-words.ts";

/** A reader who takes something only when told to. */
class SlowReader {
  readonly pieces: Uint8Array[] = [];
  readonly grants: number[] = [];
  readableEnded = false;
  readonly inflow = new StreamInflow(this, (bytes) => this.grants.push(bytes));

  push(bytes: Uint8Array | null): boolean {
    if (bytes === null) this.readableEnded = true;
    else this.pieces.push(bytes);
    return false;
  }

  arrive(bytes: Uint8Array): void {
    const kept = this.inflow.admit(bytes);
    this.inflow.add([{ bytes: kept, cost: kept.length }]);
  }

  /** Reads until nothing more is handed out. */
  readAll(): void {
    let before = -1;
    while (before < this.pieces.length) {
      before = this.pieces.length;
      this.inflow.read();
    }
  }

  get text(): Uint8Array {
    return Buffer.concat(this.pieces);
  }
}

describe("the receiving half of a stream", () => {
  it("hands on what is asked for, a piece at a time", () => {
    const reader = new SlowReader();
    reader.arrive(Uint8Array.of(1));
    reader.arrive(Uint8Array.of(2));
    expect(reader.pieces).toEqual([]);
    reader.inflow.read();
    expect(reader.pieces).toEqual([Uint8Array.of(1)]);
    reader.inflow.read();
    expect(reader.text).toEqual(Buffer.of(1, 2));
  });

  it("grants what was read, not what has arrived", () => {
    const reader = new SlowReader();
    for (let sent = 0; sent < STREAM_WINDOW; sent += STREAM_CHUNK)
      reader.arrive(randomBytes(STREAM_CHUNK));
    expect(reader.grants).toEqual([]);
    reader.readAll();
    expect(reader.grants.reduce((sum, bytes) => sum + bytes, 0)).toBe(STREAM_WINDOW);
    expect(Math.min(...reader.grants)).toBeGreaterThanOrEqual(STREAM_WINDOW / 4);
  });

  it("does not admit more than was granted", () => {
    const reader = new SlowReader();
    reader.arrive(randomBytes(STREAM_WINDOW));
    expect(() => reader.arrive(Uint8Array.of(1))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
  });

  it("does not admit anything after the end", () => {
    const reader = new SlowReader();
    reader.inflow.end();
    expect(() => reader.arrive(Uint8Array.of(1))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
  });

  it("ends when everything was read", () => {
    const reader = new SlowReader();
    reader.arrive(Uint8Array.of(1));
    reader.inflow.end();
    expect(reader.readableEnded).toBe(false);
    reader.readAll();
    expect(reader.readableEnded).toBe(true);
    expect(reader.inflow.isOver).toBe(true);
  });

  it("keeps little for a sender of tiny pieces, and loses none", () => {
    const reader = new SlowReader();
    const sent = randomBytes(100_000);
    for (const byte of sent) reader.arrive(Uint8Array.of(byte));
    for (let empty = 0; empty < 10_000; empty++) reader.arrive(new Uint8Array());
    reader.inflow.end();
    reader.readAll();
    expect(sent.equals(reader.text)).toBe(true);
    expect(reader.pieces.length).toBeLessThan(1000);
  });

  it("keeps nothing of a frame but its own part", () => {
    const reader = new SlowReader();
    const frame = new Uint8Array(4 * 1024 * 1024).fill(7);
    reader.arrive(frame.subarray(1000, 1003));
    reader.readAll();
    expect(reader.text).toEqual(Buffer.of(7, 7, 7));
    expect(reader.pieces.every(({ buffer: held }) => held.byteLength < 100_000)).toBe(true);
  });

  it("gives a Node stream everything in order, whatever its reader's pace", async () => {
    const sent = randomBytes(STREAM_WINDOW);
    const readable = new Readable({ highWaterMark: 1000, read: () => inflow.read() });
    const inflow = new StreamInflow(readable, () => {});
    for (let at = 0; at < sent.length; at += 777) {
      const bytes = inflow.admit(sent.subarray(at, at + 777));
      inflow.add([{ bytes, cost: bytes.length }]);
    }
    inflow.end();
    expect((await buffer(readable)).equals(sent)).toBe(true);
  });
});

describe("the sending half of a stream", () => {
  const spoken = (outflow: StreamOutflow): Uint8Array[] => {
    const said: Uint8Array[] = [];
    while (outflow.isReady) outflow.speak((bytes) => said.push(bytes));
    return said;
  };
  const size = (pieces: readonly Uint8Array[]): number => Buffer.concat(pieces).length;

  it("cuts what was written, and says when all of it was said", () => {
    const outflow = new StreamOutflow();
    const bytes = randomBytes(STREAM_CHUNK * 2 + 5);
    let done = 0;
    outflow.write(bytes, () => done++);
    const said = spoken(outflow);
    expect(said.map(({ length }) => length)).toEqual([STREAM_CHUNK, STREAM_CHUNK, 5]);
    expect(Buffer.concat(said).equals(bytes)).toBe(true);
    expect(done).toBe(1);
  });

  it("waits until room is granted", () => {
    const outflow = new StreamOutflow();
    let done = 0;
    outflow.write(randomBytes(STREAM_WINDOW + 10), () => done++);
    expect(size(spoken(outflow))).toBe(STREAM_WINDOW);
    expect([outflow.isReady, done]).toEqual([false, 0]);
    outflow.grant(4);
    expect(size(spoken(outflow))).toBe(4);
    outflow.grant(6);
    expect(size(spoken(outflow))).toBe(6);
    expect(done).toBe(1);
  });

  it("has only so much on the way, whatever it is granted", () => {
    const outflow = new StreamOutflow();
    outflow.grant(Number.MAX_SAFE_INTEGER);
    outflow.write(new Uint8Array(2 * MAX_GRANTED), () => {});
    expect(size(spoken(outflow))).toBe(MAX_GRANTED);
  });

  it("says nothing of what nobody will send any more", () => {
    const outflow = new StreamOutflow();
    outflow.write(Uint8Array.of(1), () => {});
    outflow.clear();
    expect(outflow.isReady).toBe(false);
    outflow.speak(() => expect.unreachable());
  });
});
