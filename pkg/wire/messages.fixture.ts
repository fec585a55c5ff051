import { encodeTaskBody } from "./codec.ts";
import type { Message } from "./message.ts";
import { clusterName } from "./names.ts";

/** Names that the messages use. */
export const root = clusterName("root");
export const edge = clusterName("edge-a");
/** The body of a task. */
export const body = Buffer.from(
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

/** One message of each kind, some with and some without what is optional. */
export const messages: Message[] = [
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
  { kind: "redirect", leader: "b:1" },
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
