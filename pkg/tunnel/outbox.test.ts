import { describe, expect, it } from "vitest";
import { encodePieces } from "../wire/codec.ts";
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
      outbox.left(outbox.takeFrame(true).frame);
      expect(outbox.empty).toBe(false);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150_000_000);
  });

  it("has in a frame what was put in, in order, whatever was sent before in the same room", () => {
    const outbox = new Outbox();
    const frames: { frame: Uint8Array; text: string }[] = [];
    for (let round = 0; round < 50; round++) {
      const pieces = Array.from({ length: 1 + (round % 4) }, (_, at) =>
        Buffer.alloc(5000 * (1 + ((round + at) % 5)), round),
      );
      for (const piece of pieces) outbox.add(data(piece), "bulk");
      const { frame, messages } = outbox.takeFrame(true);
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
