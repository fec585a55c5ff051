import { describe, expect, it } from "vitest";
import { decodeFrame, encodePieces } from "../wire/codec.ts";
import type { Message } from "../wire/message.ts";
import { Outbox } from "./outbox.ts";

const data = (bytes: Uint8Array) => encodePieces({ kind: "data", stream: 7, bytes });

describe("an outbox", () => {
  it("lets go of what was sent, also while something always waits", () => {
    const outbox = new Outbox();
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 5000; round++) {
      // Twice as much as goes into the first frame, then as much as into each.
      for (let more = round === 0 ? 4 : 2; more > 0; more--)
        outbox.add(data(Buffer.alloc(40_000)), "bulk");
      outbox.left(outbox.takeFrame().frame);
      expect(outbox.empty).toBe(false);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150_000_000);
  });

  it("does not let a little of one stream wait for much of another, and keeps each in order", () => {
    const outbox = new Outbox();
    const say = (stream: number, text: string, size = text.length) =>
      outbox.add(
        encodePieces({ kind: "data", stream, bytes: Buffer.alloc(size, text) }),
        "bulk",
        stream,
      );
    for (let piece = 0; piece < 50; piece++) say(1, String(piece % 10), 32_000);
    for (const letter of "abc") say(2, letter);
    say(3, "z");
    outbox.add(encodePieces({ kind: "close", stream: 1, code: "", text: "" }), "bulk", 1);
    const heard: Message[] = [];
    const first = decodeFrame(outbox.takeFrame().frame);
    expect(first.map((message) => "stream" in message && message.stream)).toEqual([
      1, 2, 3, 1, 2, 1,
    ]);
    heard.push(...first);
    while (!outbox.empty) heard.push(...decodeFrame(outbox.takeFrame().frame));
    const of = (stream: number) =>
      heard.flatMap((message) =>
        message.kind === "data" && message.stream === stream ? [String(message.bytes)[0]] : [],
      );
    expect(of(1).join("")).toBe("0123456789".repeat(5));
    expect([of(2).join(""), of(3).join("")]).toEqual(["abc", "z"]);
    expect(heard.at(-1)).toMatchObject({ kind: "close", stream: 1 });
    expect(outbox.bytes).toBe(0);
  });

  it("has in a frame what was put in, in order, whatever was sent before in the same room", () => {
    const outbox = new Outbox();
    const frames: { frame: Uint8Array; text: string }[] = [];
    for (let round = 0; round < 50; round++) {
      const pieces = Array.from({ length: 1 + (round % 4) }, (_, at) =>
        Buffer.alloc(5000 * (1 + ((round + at) % 5)), round),
      );
      for (const piece of pieces) outbox.add(data(piece), "bulk");
      const { frame, messages } = outbox.takeFrame();
      expect(messages).toBe(pieces.length);
      const text = Buffer.concat(pieces.flatMap((piece) => [...data(piece)])).toString("hex");
      frames.push({ frame, text });
      // Those on their way stay as they are until they are said to have left.
      if (frames.length < 5) continue;
      for (const sent of frames.splice(0)) {
        expect(Buffer.from(sent.frame).toString("hex") === sent.text).toBe(true);
        outbox.left(sent.frame);
      }
    }
  });
});
