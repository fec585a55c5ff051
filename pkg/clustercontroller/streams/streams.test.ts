import type { Duplex } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import type { ApiProxy, ProxyRequest } from "../../apis/cluster-proxy.ts";
import { type Logger, silentLog } from "../../base/log.ts";
import type { Credentials } from "../../trust/credentials.ts";
import { openStatement } from "../../trust/statements.ts";
import { StreamSeal } from "../../trust/stream-seal.ts";
import { TreeAuthority } from "../../trust/tree-authority.ts";
import { isOfStreams } from "../../tunnel/streams/stream-words.ts";
import type { Message, Open, Route } from "../../wire/message.ts";
import { type ClusterName, clusterName } from "../../wire/names.ts";
import { memberOf, TestGuard } from "../membership/guard.fixture.ts";
import { Streams } from "./streams.ts";

const root = clusterName("root");
const edge = clusterName("edge");
const other = clusterName("other");

let atRoot: Credentials;
let atRegion: Credentials;
let atEdge: Credentials;
let foreign: Credentials;

beforeAll(async () => {
  const authority = await TreeAuthority.create();
  atRoot = await memberOf(authority, "root");
  atRegion = await memberOf(authority, "region", { origin: false });
  atEdge = await memberOf(authority, "edge", { origin: false });
  foreign = await memberOf(await TreeAuthority.create(), "root");
});

/** The streams of the cluster "edge", with what its API was asked and what it said to its parent. */
class Edge {
  readonly streams: Streams;
  readonly asked: ProxyRequest[] = [];
  readonly said: Message[] = [];
  readonly codes: string[] = [];

  constructor(credentials: Credentials = atEdge) {
    const api: ApiProxy = {
      serve: (request: ProxyRequest, body: Duplex, answer) => {
        this.asked.push(request);
        answer({ status: 200, headers: [] });
        body.end("done");
      },
    };
    const warn = (fields: object): void => void this.codes.push((fields as { code: string }).code);
    const log: Logger = { ...silentLog, warn };
    this.streams = new Streams({
      self: edge,
      log,
      guard: new TestGuard(credentials).guard,
      api,
      nextHop: () => undefined,
      session: () => undefined,
      firstSession: () => 7,
      send: (_, message) => void this.said.push(message),
      room: () => undefined,
    });
  }
}

function head(over: object = {}): Uint8Array {
  const user = { name: "alice", groups: [] };
  const request = { method: "GET", path: "/api", headers: [], user };
  const words = { ...request, id: "1", at: Date.now(), session: 7, ...over };
  return new TextEncoder().encode(JSON.stringify(words));
}

/** A head as only "edge" can read it. */
function sealed(from: Credentials, bytes: Uint8Array, target = edge): Uint8Array {
  const { publicKey } = atEdge.certificate;
  return StreamSeal.begin(publicKey, { entry: from.name, target }, bytes).head;
}

/** An opening as `from` would make it for `target`, then changed. */
function opening(
  from: Credentials,
  over: Partial<Open> = {},
  bytes: Uint8Array = head(),
  target = edge,
): Open {
  return signed(from, sealed(from, bytes, target), over, target);
}

function signed(
  from: Credentials,
  bytes: Uint8Array,
  over: Partial<Open> = {},
  target = edge,
): Open {
  const claim = { target, entry: from.name, head: bytes };
  const signature = from.sign(openStatement(claim));
  const rest = { kind: "open", stream: 1, hops: 1, certificate: from.certificate.der } as const;
  return { ...rest, ...claim, signature, ...over };
}

/** Every way in which somebody can ask for the API of "edge" who may not, with the code that he gets. */
const LIES: Record<string, [code: string, make: () => Open]> = {
  "without a signature": ["FORGED", () => opening(atRoot, { signature: undefined })],
  "without a certificate": [
    "CERTIFICATE_INVALID",
    () => opening(atRoot, { certificate: undefined }),
  ],
  "of another tree": ["FOREIGN_AUTHORITY", () => opening(foreign)],
  "of a cluster that may not command": ["NOT_GRANTED", () => opening(atRegion)],
  "in the name of the cluster itself, without proof": [
    "CERTIFICATE_INVALID",
    () => opening(atRoot, { entry: edge, certificate: undefined, signature: undefined }),
  ],
  "in the name of the cluster itself, by another": [
    "NOT_GRANTED",
    () => opening(atRoot, { entry: edge }),
  ],
  "as another user than was signed": [
    "FORGED",
    () => {
      const user = { name: "admin", groups: ["system:masters"] };
      return opening(atRoot, { head: sealed(atRoot, head({ user })) });
    },
  ],
  "that everybody could read": ["FORGED", () => signed(atRoot, head())],
  "that was sealed for another cluster": [
    "FORGED",
    () => signed(atRoot, sealed(atRoot, head(), other)),
  ],
  "that was sealed with a key that is none": [
    "FORGED",
    () => signed(atRoot, Buffer.concat([Buffer.from([1]), Buffer.alloc(32), head()])),
  ],
  "that is cut": ["FORGED", () => signed(atRoot, sealed(atRoot, head()).subarray(0, -1))],
  "that was meant for another cluster": [
    "FORGED",
    () => opening(atRoot, { target: edge }, head(), other),
  ],
  "of an hour ago": [
    "REQUEST_TOO_OLD",
    () => opening(atRoot, {}, head({ at: Date.now() - 3_600_000 })),
  ],
  "of tomorrow": [
    "REQUEST_TOO_OLD",
    () => opening(atRoot, {}, head({ at: Date.now() + 86_400_000 })),
  ],
  "that was made before the cluster's restart": [
    "REQUEST_TOO_OLD",
    () => opening(atRoot, {}, head({ session: 6 })),
  ],
  "that says nothing of the cluster's link": [
    "REQUEST_TOO_OLD",
    () => opening(atRoot, {}, head({ session: undefined })),
  ],
  "as nobody": [
    "PROTOCOL_ERROR",
    () => opening(atRoot, {}, head({ user: { name: "", groups: [] } })),
  ],
  "with a header that is two": [
    "PROTOCOL_ERROR",
    () => opening(atRoot, {}, head({ headers: [["x", "a\r\nImpersonate-User: admin"]] })),
  ],
  "that is none": ["PROTOCOL_ERROR", () => opening(atRoot, {}, Buffer.from("[]"))],
};

describe("a request that came over a link", () => {
  it("reaches the API as its entry has signed it, once", async () => {
    const { streams, asked, said, codes } = new Edge();
    const message = opening(atRoot);
    streams.hear("", message);
    expect(asked.map(({ user }) => user)).toEqual([{ name: "alice", groups: [] }]);
    streams.hear("", { ...message, stream: 2 });
    expect(asked).toHaveLength(1);
    expect(codes).toEqual(["REQUEST_TOO_OLD"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(said).toContainEqual(
      expect.objectContaining({ kind: "close", stream: 2, code: "REQUEST_TOO_OLD" }),
    );
  });

  it.each(Object.entries(LIES))("%s does not reach the API", async (_, [code, make]) => {
    const { streams, asked, said, codes } = new Edge();
    streams.hear("", make());
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual([]);
    expect(codes).toEqual([code]);
    expect(said).toEqual([expect.objectContaining({ kind: "close", stream: 1, code })]);
  });

  it("from below does not begin a stream", () => {
    const { streams, asked, said } = new Edge();
    streams.hear(other, opening(atRoot));
    expect([asked, said]).toEqual([[], []]);
  });
});

describe("a request that was made here", () => {
  it("needs nobody's word to reach the API here", async () => {
    const { streams, asked } = new Edge();
    const user = { name: "bob", groups: ["ops"] };
    const { answer } = streams.exchange("edge", { method: "GET", path: "/", headers: [], user });
    expect((await answer).status).toBe(200);
    expect(asked.map(({ user }) => user)).toEqual([user]);
  });

  it.each(["nowhere", "No Name", root])("ends when there is no way to %j", async (name) => {
    const { streams } = new Edge();
    const user = { name: "bob", groups: [] };
    const { answer } = streams.exchange(name, { method: "GET", path: "/", headers: [], user });
    await expect(answer).rejects.toMatchObject({ code: "CLUSTER_UNREACHABLE" });
  });

  it("is refused when its headers are longer than a message can be", async () => {
    const { streams } = new Edge();
    const user = { name: "bob", groups: [] };
    const headers = [["x", "a".repeat(200_000)]] as const;
    const { answer } = streams.exchange("edge", { method: "GET", path: "/", headers, user });
    await expect(answer).rejects.toMatchObject({ code: "HEAD_TOO_LARGE" });
  });
});

describe("a stream between an entry and a cluster", () => {
  /** Both ends, and whoever passes their messages on. */
  function pair(between: (message: Message) => Message | undefined): {
    at: Streams;
    heard: Message[];
  } {
    const heard: Message[] = [];
    const pass = (to: () => Streams, from: ClusterName | "", message: Message): void => {
      heard.push(message);
      const passed = between(message);
      if (passed !== undefined && isOfStreams(passed)) setImmediate(() => to().hear(from, passed));
    };
    const api: ApiProxy = {
      serve: (_, body, answer) => {
        answer({ status: 200, headers: [["x-secret", "s3cret answer"]] });
        body.pipe(body);
      },
    };
    const sessions = { session: () => 7, firstSession: () => 7 };
    const parts = { log: silentLog, room: () => undefined, ...sessions };
    const routes = new Map([[edge, { certificate: atEdge.certificate.der } as Route]]);
    const at: Streams = new Streams({
      ...parts,
      self: root,
      guard: new TestGuard(atRoot, routes).guard,
      api: undefined,
      nextHop: () => edge,
      send: (_, message) => pass(() => far, "", message),
    });
    const far: Streams = new Streams({
      ...parts,
      self: edge,
      guard: new TestGuard(atEdge).guard,
      api,
      nextHop: () => undefined,
      send: (_, message) => pass(() => at, edge, message),
    });
    return { at, heard };
  }

  const request = {
    method: "POST",
    path: "/s3cret",
    headers: [],
    user: { name: "s3cret-user", groups: [] },
  };

  async function echo(streams: Streams, words: string): Promise<string> {
    const { body, answer } = streams.exchange("edge", request);
    body.end(words);
    await answer;
    const heard: Uint8Array[] = [];
    for await (const piece of body) heard.push(piece as Uint8Array);
    return String(Buffer.concat(heard));
  }

  it("brings everything over, and nobody between can read any of it", async () => {
    const { at, heard } = pair((message) => message);
    const words = "s3cret words ".repeat(50_000);
    expect(await echo(at, words)).toBe(words);
    const seen = heard.flatMap((message) => Object.values(message));
    const bytes = seen.filter((value) => value instanceof Uint8Array);
    expect(Buffer.concat(bytes).includes("s3cret")).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(at.size).toBe(0);
  });

  it.each<[string, (message: Message) => Message | undefined]>([
    [
      "changes a byte",
      (message) =>
        message.kind === "data"
          ? { ...message, bytes: message.bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte)) }
          : message,
    ],
    ["ends it early", (message) => (message.kind === "data" ? { ...message, ...CLOSED } : message)],
    [
      "answers itself",
      (message) =>
        message.kind === "opened"
          ? { ...message, head: Buffer.from('{"status":200,"headers":[]}') }
          : message,
    ],
  ])("ends with an error when somebody between %s", async (_, between) => {
    const { at } = pair(between);
    await expect(echo(at, "words")).rejects.toMatchObject({ code: "FORGED" });
  });
});

const CLOSED = { kind: "close", code: "", text: "" } as const;
