import { randomBytes } from "node:crypto";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import {
  decodeFrame,
  decodeTaskBody,
  encodeFrame,
  encodeMessage,
  encodeTaskBody,
} from "./codec.ts";
import type { Message } from "./message.ts";
import { clusterName } from "./names.ts";
import { protobufType } from "./protobuf.ts";

const root = clusterName("root");
const edge = clusterName("edge-a");
const body = Buffer.from(
  encodeTaskBody({
    destination: "api",
    method: "GET",
    url: "/version",
    body: "",
    contentType: "",
  }),
);

const route = {
  name: edge,
  parent: root,
  instance: "i-1",
  session: 1_700_000_000_000,
  tags: { tier: "edge", constructor: "x" },
  listen: "",
  version: "1.0.0",
  preferredParent: "",
};

const messages: Message[] = [
  {
    kind: "hello",
    name: edge,
    instance: "i-1",
    session: 7,
    tags: { constructor: "x" },
    listen: "127.0.0.1:1",
    version: "1.0.0",
    capabilities: ["task"],
    heartbeatMs: 3000,
    preferredParent: "root",
    rank: 2 ** 52,
    anchored: true,
    certificate: Buffer.from([1]),
    proof: Buffer.from([2]),
    trustVersion: 3,
  },
  {
    kind: "welcome",
    name: root,
    version: "1.0.0",
    capabilities: [],
    heartbeatMs: 3000,
    path: [root],
    listen: "a:1",
    rank: 7,
    anchored: true,
  },
  { kind: "raise", rank: 9 },
  { kind: "path", path: [root, edge], rank: 8, anchored: true },
  { kind: "routes", reset: true, changed: [route], removed: [edge], digest: "00ff" },
  {
    kind: "routes",
    reset: false,
    changed: [{ ...route, certificate: Buffer.from([1]), proof: Buffer.from([2]) }],
    removed: [],
    digest: "",
  },
  { kind: "resync" },
  { kind: "conflict", name: edge, instance: "i-1", code: "NAME_TAKEN", text: "Cannot join" },
  { kind: "neighbours", grandparent: [{ name: root, listen: "a:1" }], aunts: [], siblings: [] },
  {
    kind: "task",
    id: "uid-1",
    origin: root,
    targets: [edge],
    ttlMs: 1000,
    body,
    hops: 3,
    startedAt: 0,
  },
  {
    kind: "result",
    id: "uid-1",
    origin: root,
    cluster: edge,
    verdict: "done",
    code: 200,
    reason: "",
    truncated: false,
    timestamp: 1_700_000_000_123,
    body: Buffer.from([1, 2]),
    signature: Buffer.from([3]),
  },
  {
    kind: "task",
    id: "uid-2",
    origin: root,
    targets: [edge],
    ttlMs: 1000,
    body,
    hops: 3,
    startedAt: 0,
    notAfter: 1_700_000_000_000,
    certificate: Buffer.from([1]),
    signature: Buffer.from([2]),
    proofs: [Buffer.from([3])],
  },
  { kind: "trust", document: Buffer.from("{}"), signatures: [Buffer.from([1])] },
  {
    kind: "enrol",
    id: "e-1",
    door: root,
    name: edge,
    request: Buffer.from([1]),
    token: "abc",
    proof: Buffer.from([2]),
  },
  {
    kind: "enrolled",
    id: "e-1",
    door: root,
    chain: "PEM",
    document: Buffer.from("{}"),
    signatures: [Buffer.from([1])],
    time: 1_700_000_000_000,
    signature: Buffer.from([2]),
    code: "",
    text: "",
  },
];

/** A frame with one envelope, written by hand. */
function frameOf(envelope: Uint8Array): Uint8Array {
  return protobufType("Frame").encode({ version: 1 }).uint32(18).bytes(envelope).finish();
}

describe("frames", () => {
  it("carry every kind of message there and back, in order", () => {
    const back = decodeFrame(encodeFrame(messages.map(encodeMessage)));
    expect(back).toEqual(messages);
  });

  it("of another version are refused", () => {
    expect(() => decodeFrame(new Uint8Array([8, 2]))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_VERSION" }),
    );
  });

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
