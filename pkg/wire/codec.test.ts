import { randomBytes } from "node:crypto";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { decodeFrame, decodeTaskBody, encodeFrame, encodeMessage, encodePieces } from "./codec.ts";
import { body, messages } from "./messages.fixture.ts";
import { protobufType } from "./protobuf.ts";

/** A frame with one envelope, written by hand. */
function frameOf(envelope: Uint8Array): Uint8Array {
  return protobufType("Frame").encode({ version: 1 }).uint32(18).bytes(envelope).finish();
}

describe("frames", () => {
  it("carry every kind of message there and back, in order", () => {
    const back = decodeFrame(encodeFrame(messages.map(encodeMessage)));
    expect(back).toEqual(messages);
  });

  it.each([0, 1, 127, 4096, 4097, 16_384, 65_536, 300_000])(
    "are the same in pieces, with %i bytes of a stream",
    (size) => {
      for (const stream of [1, 127, 128, 4_000_000_000]) {
        const message = { kind: "data", stream, bytes: randomBytes(size) } as const;
        expect(Buffer.concat(encodePieces(message)).equals(encodeMessage(message))).toBe(true);
      }
      const others = messages.filter(({ kind }) => kind !== "data");
      expect(others.map((message) => Buffer.concat(encodePieces(message)))).toEqual(
        others.map((message) => Buffer.from(encodeMessage(message))),
      );
    },
  );

  it("of another version are refused", () => {
    expect(() => decodeFrame(new Uint8Array([8, 2]))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_VERSION" }),
    );
  });

  it.each(["result", "task", "open", "opened", "data", "trust", "enrolled"] as const)(
    "of a %s whose bytes are absent, as empty ones are in other languages, have empty bytes",
    (kind) => {
      const whole = messages.find((message) => message.kind === kind);
      const sparse = Object.entries(whole ?? {}).filter(
        ([key, value]) => key !== "kind" && !(value instanceof Uint8Array),
      );
      const envelope = protobufType("Envelope").encode({ [kind]: Object.fromEntries(sparse) });
      const [back] = decodeFrame(frameOf(envelope.finish()));
      expect([whole?.kind, back?.kind]).toEqual([kind, kind]);
      for (const [key, value] of Object.entries(whole ?? {})) {
        const present = (back as unknown as Record<string, unknown>)[key];
        if (value instanceof Uint8Array && present !== undefined)
          expect(present).toBeInstanceOf(Uint8Array);
      }
    },
  );

  it("leave out kinds that this version does not know", () => {
    const unknown = frameOf(
      protobuf.Writer.create()
        .uint32((200 << 3) | 2)
        .bytes(new Uint8Array(3))
        .finish(),
    );
    expect(decodeFrame(encodeFrame([unknown, encodeMessage({ kind: "resync" })]))).toEqual([
      { kind: "resync" },
    ]);
  });

  it.each([
    ["a bad cluster name", { path: { path: ["UPPER"] } }],
    ["a path that is too long", { path: { path: Array(65).fill("a") } }],
    ["a negative session", { hello: { name: "a", session: -1 } }],
    ["a session that is no number", { hello: { name: "a", session: Number.NaN } }],
    ["an unknown verdict", { result: { id: "x", origin: "a", cluster: "a", verdict: "maybe" } }],
    ["a task id with a line break", { task: { id: "a\nb", origin: "a" } }],
    ["a heartbeat longer than any timer", { hello: { name: "a", heartbeatMs: 4_294_967_295 } }],
    [
      "a moment after the end of time",
      { result: { id: "x", origin: "a", cluster: "a", verdict: "done", timestamp: 9e15 } },
    ],
    [
      "a code that no answer has",
      { result: { id: "x", origin: "a", cluster: "a", verdict: "done", code: 4_294_967_295 } },
    ],
    ["a listen address that is none", { hello: { name: "a", listen: "evil/../path" } }],
    ["a long version", { hello: { name: "a", version: "x".repeat(300) } }],
    ["a bad tag", { hello: { name: "a", tags: [{ key: "a b", value: "" }] } }],
  ])("with %s are refused", (_, raw) => {
    const bytes = protobufType("Envelope").encode(raw).finish();
    expect(() => decodeFrame(frameOf(bytes))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
  });

  it("of random and of damaged bytes never fail in another way", () => {
    const whole = encodeFrame(messages.map(encodeMessage));
    for (let round = 0; round < 3000; round++) {
      const bytes = round % 2 === 0 ? randomBytes(round % 300) : Buffer.from(whole);
      if (round % 2 === 1) bytes[round % bytes.length] = round & 255;
      try {
        decodeFrame(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "ProtocolError" });
      }
    }
  });
});

it("a task body travels there and back, and damage is noticed", () => {
  expect(decodeTaskBody(body)).toMatchObject({
    destination: "api",
    method: "GET",
    url: "/version",
  });
  expect(() => decodeTaskBody(new Uint8Array([255]))).toThrow(
    expect.objectContaining({ code: "PROTOCOL_ERROR" }),
  );
});
