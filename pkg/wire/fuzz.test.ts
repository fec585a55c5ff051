import { describe, expect, it } from "vitest";
import { decodeFrame, decodeTaskBody, encodeFrame, encodeMessage } from "./codec.ts";
import { body, messages } from "./messages.fixture.ts";
import { ProtocolError } from "./parse-message.ts";

/** Frames in one run; many more with OTE_FUZZ_ROUNDS. */
const ROUNDS = Number(process.env.OTE_FUZZ_ROUNDS ?? 20_000);

/** Small whole numbers that are the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Bytes that decoders have stumbled over: lengths, groups, zeros, long numbers, names of object members. */
const NASTY = [
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]),
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
  Buffer.from([0x0b, 0x0b, 0x0b, 0x0b]),
  Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x00]),
  Buffer.alloc(64),
  Buffer.from("__proto__"),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0x12, 0xff, 0xff, 0x7f]),
];

function mutated(frame: Uint8Array, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(frame);
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(bytes.length + 1);
    const nasty = NASTY[random(NASTY.length)] ?? Buffer.alloc(0);
    switch (random(5)) {
      case 0:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 1:
        bytes = bytes.subarray(0, at);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), nasty, bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
        break;
      default:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    }
  }
  return bytes;
}

/** What a decoder made of bytes: it must be the messages it can write again, or a ProtocolError. */
function check(bytes: Buffer): "read" | "refused" {
  try {
    const read = decodeFrame(bytes);
    if (read.length > 0) {
      const again = decodeFrame(Buffer.from(encodeFrame(read.map(encodeMessage))));
      expect(again).toEqual(read);
    }
    return "read";
  } catch (error) {
    if (error instanceof ProtocolError) return "refused";
    throw error;
  }
}

describe("the decoder of frames", () => {
  const frames = messages.map((message) => encodeFrame([encodeMessage(message)]));

  it(`reads or refuses ${ROUNDS} damaged frames, and nothing else happens`, () => {
    const seed = Number(process.env.OTE_FUZZ_SEED ?? 1);
    const random = numbers(seed);
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const frame = frames[random(frames.length)] ?? new Uint8Array();
      const bytes = mutated(frame, random);
      try {
        outcomes[check(bytes)]++;
      } catch (cause) {
        throw new Error(`seed ${seed}, round ${round}: ${bytes.toString("hex")}`, { cause });
      }
    }
    expect(outcomes.read).toBeGreaterThan(ROUNDS / 20);
    expect(outcomes.refused).toBeGreaterThan(ROUNDS / 5);
  }, 600_000);

  it("takes time in proportion to what it reads, whatever lengths and nesting say", () => {
    const deep = Buffer.concat([Buffer.from([8, 1]), Buffer.alloc(1_000_000, 0x0b)]);
    const many = Buffer.concat([
      Buffer.from([8, 1]),
      ...Array.from({ length: 100_000 }, () => Buffer.from([0x12, 0x00])),
    ]);
    const long = Buffer.from([8, 1, 0x12, 0xff, 0xff, 0xff, 0xff, 0x07]);
    for (const bytes of [deep, many, long]) expect(check(bytes)).toBe("refused");
  });

  it("reads or refuses damaged bodies of tasks", () => {
    const random = numbers(2);
    for (let round = 0; round < ROUNDS / 10; round++) {
      const bytes = mutated(body, random);
      try {
        decodeTaskBody(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
  });
});
