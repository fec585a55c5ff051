import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { VirtualTime } from "../../test/support/virtual-time.ts";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { type TestServer, testServer } from "../apiserver/server.fixture.ts";
import { silentLog } from "../base/log.ts";
import { RateLimit } from "../base/rate-limit.ts";
import { TransportResourceClient } from "../kube/transport-resource-client.ts";
import { versionOf } from "../replication/digest.ts";
import type { Kept } from "../replication/sink.ts";
import { SinkStream } from "../replication/sink-stream.ts";
import { Mirror } from "./mirror.ts";
import { mirrorType, REPORT_CRDS } from "./mirror-objects.ts";
import { MAX_MIRROR, MAX_OBJECT, MAX_OBJECTS, MirrorSpace, OWN_SHARE } from "./mirror-room.ts";

vi.mock("node:timers/promises", () => import("../../test/support/virtual-timers.ts"));

const MAX_LINE = 2 * 1024 * 1024;
const rate = new RateLimit({ atOnce: 1_000_000, perSecond: 1 });
const TYPE = mirrorType("deployments") as ResourceType;

let server: TestServer;
let client: TransportResourceClient;
let ended: AbortController;
let refused: number;
let running: Promise<unknown>[];

beforeEach(async () => {
  server = await testServer({ definitions: REPORT_CRDS });
  client = new TransportResourceClient(server.transport);
  ended = new AbortController();
  refused = 0;
  running = [];
  await client.create(CLUSTER, {
    apiVersion: "ote.baidu.com/v1",
    kind: "Cluster",
    metadata: { name: "shop", namespace: SYSTEM_NAMESPACE },
    spec: { name: "shop" },
  } as Cluster);
});
afterEach(async () => {
  ended.abort();
  await Promise.all(running);
  await server[Symbol.asyncDispose]();
});

function mirror(): Mirror {
  const owner = { cluster: "shop", path: ["root", "shop"] };
  return new Mirror({
    ...{ client, owner, rate, log: silentLog },
    space: new MirrorSpace(Number.POSITIVE_INFINITY),
    onRefused: () => (refused += 1),
  });
}

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
}

/** A cluster that says what it likes. */
function speaker(kept: Kept = new Map()) {
  const [near, far] = duplexPair();
  const end = new SinkStream(near, kept, mirror(), MAX_LINE).run(ended.signal);
  running.push(end);
  far.on("error", () => {});
  const say = (message: object): boolean => far.write(`${JSON.stringify(message)}\n`);
  return { say, far, near, end };
}

function put(key: string, object: object): object {
  const version = versionOf(`${key}${JSON.stringify(object)}`);
  return { kind: "put", collection: "deployments", key, version, object };
}

async function items(): Promise<readonly KubeObject[]> {
  return (await client.list<KubeObject>(TYPE)).items;
}

describe("a mirror", () => {
  it("shows nobody's words but the cluster's once an object is written anew", async () => {
    const { say } = speaker();
    say(put("default/web", { metadata: { labels: { app: "web" } }, spec: { replicas: 1 } }));
    await eventually("it is there", async () => (await items()).length === 1);
    const at = { namespace: "ote-shop", name: "default.web" };
    const metadata = { labels: { mine: "yes" }, annotations: { note: "x" } };
    await client.patch(TYPE, at, "merge", { metadata, spec: { extra: true, replicas: 9 } });
    say(put("default/web", { metadata: { labels: { app: "web" } }, spec: { replicas: 2 } }));
    await eventually("it is as it should be", async () => {
      const [item] = (await items()) as (KubeObject & { spec?: object })[];
      return JSON.stringify(item?.spec) === '{"replicas":2}';
    });
    const [item] = await items();
    expect(item?.metadata.labels).not.toHaveProperty("mine");
    expect(item?.metadata.annotations).not.toHaveProperty("note");
  });

  it("does not take an object that is too large, and does not go on showing what it was", async () => {
    const { say } = speaker();
    say(put("default/web", { spec: { text: "small" } }));
    await eventually("it is there", async () => (await items()).length === 1);
    say(put("default/web", { spec: { text: "x".repeat(MAX_OBJECT) } }));
    say(put("default/other", { spec: { text: "small" } }));
    await eventually("only the other is there", async () => {
      return (await items()).map(({ metadata }) => metadata.name).join() === "default.other";
    });
    expect(refused).toBe(1);
  });

  it.each([
    "a/b/c",
    "../../etc/passwd",
    "%2e%2e/x",
    "default/web?watch=true",
    "default/web#",
    "Ünï/cödé",
    "new\nline/x",
    "nul\u0000/x",
    "-/-",
    "__proto__",
    "constructor/prototype",
    "A".repeat(512),
  ])("takes or refuses an object with the key %j, and harms no other", async (key) => {
    const { say } = speaker();
    say(put("default/web", { spec: { replicas: 1 } }));
    await eventually("it is there", async () => (await items()).length === 1);
    say(put(key, { spec: { replicas: 1 } }));
    say({ kind: "gone", collection: "deployments", key });
    say(put("default/after", { spec: { replicas: 1 } }));
    await eventually("what comes after it is there", async () => {
      const names = (await items()).map(({ metadata }) => metadata.name).sort();
      return names.join() === "default.after,default.web";
    });
  });

  it("is not impressed by an object that is nested deeper than anybody can go", async () => {
    const { say, far } = speaker();
    for (const depth of [500, 5_000, 100_000]) {
      const object = `{"spec":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      const { object: _, ...message } = put(`default/d${depth}`, {}) as { object: object };
      far.write(`${JSON.stringify(message).slice(0, -1)},"object":${object}}\n`);
    }
    say(put("default/web", { spec: { replicas: 1 } }));
    await eventually("the next one is there", async () =>
      (await items()).some(({ metadata }) => metadata.name === "default.web"),
    );
  });

  it("is written twenty times a second at most, however often one object changes", async () => {
    using time = new VirtualTime();
    const { say, far } = speaker();
    for (let at = 0; at < 40; at++) say(put("default/web", { spec: { at } }));
    const shown = async () => ((await items())[0] as { spec?: { at: number } })?.spec?.at;
    for (let at = 0; at < 40; at++) {
      await time.holds(`${at} is shown`, async () => (await shown()) === at);
      await time.turns(100);
      expect(await shown()).toBe(at);
      await time.pass(50);
    }
    far.destroy();
  });

  it("does not hold more for a cluster than it says that it has", async () => {
    const { say, end } = speaker();
    say({ kind: "collections", names: ["deployments"] });
    say({ kind: "digest", collection: "anything", buckets: [] });
    expect(await end).toMatchObject({ code: "BAD_REPLICATION" });
  });

  it("reads no more from a cluster that makes it ask and does not listen", async () => {
    const { say, near } = speaker();
    const names = Array.from({ length: 200 }, (_, at) => `kind${at}`);
    say({ kind: "collections", names });
    const version = versionOf("x");
    const entries = Array.from({ length: 2000 }, (_, at) => [`${"k".repeat(400)}${at}`, version]);
    let waits = 0;
    for (const collection of names) {
      say({ kind: "digest", collection, buckets: [[1, version]] });
      if (!say({ kind: "listing", collection, bucket: 1, entries })) waits += 1;
      await turns(5);
    }
    // Two lines of 800 kB may have been answered; 200 would be 160 MB.
    expect(near.writableLength).toBeLessThan(2 * MAX_LINE);
    expect(waits).toBeGreaterThan(190);
  });

  it("parts with a cluster whose line never ends", async () => {
    const { far, end } = speaker();
    const piece = "x".repeat(100_000);
    for (let at = 0; at < 30; at++) far.write(piece);
    expect(await end).toMatchObject({ code: "BAD_LINE" });
  });
});

describe("the room for one cluster", () => {
  const room = () => new MirrorSpace(Number.POSITIVE_INFINITY).room("shop");

  it("is limited in number", () => {
    const own = room();
    for (let at = 0; at < MAX_OBJECTS; at++) expect(own.take(`k${at}`, 1)).toBeUndefined();
    expect(own.take("one more", 1)).toMatchObject({ reason: "MirrorFull" });
    expect(own.take("k0", 2)).toBeUndefined();
    own.give("k1");
    own.give("k1");
    expect(own.take("one more", 1)).toBeUndefined();
    expect(own.take("and another", 1)).toMatchObject({ reason: "MirrorFull" });
  });

  it("is limited in size, and what an object had is free when it becomes another", () => {
    const own = room();
    const most = Math.floor(MAX_MIRROR / MAX_OBJECT);
    for (let at = 0; at < most; at++) expect(own.take(`k${at}`, MAX_OBJECT)).toBeUndefined();
    expect(own.take("one more", 1)).toMatchObject({ reason: "MirrorFull" });
    expect(own.has("one more")).toBe(false);
    expect(own.take("k0", 10)).toBeUndefined();
    expect(own.take("one more", MAX_OBJECT - 10)).toBeUndefined();
    expect(own.take("k0", 11)).toMatchObject({ reason: "MirrorFull" });
    expect(own.take("k1", MAX_OBJECT + 1)).toMatchObject({ reason: "ObjectTooLarge" });
  });

  it("lets what is there become smaller, however much there is", () => {
    const own = room();
    own.hold("k0", 2 * MAX_MIRROR);
    expect(own.take("k0", 100)).toBeUndefined();
    expect(own.take("k1", 100)).toBeUndefined();
  });
});

describe("the room for all clusters", () => {
  const fill = (space: MirrorSpace, cluster: string): number => {
    const room = space.room(cluster);
    let taken = 0;
    while (room.take(`k${taken}`, MAX_OBJECT) === undefined) taken += 1;
    return taken * MAX_OBJECT;
  };

  it("is for whoever needs it, but for a share of everybody's own", () => {
    const space = new MirrorSpace(4 * OWN_SHARE);
    expect(fill(space, "large")).toBe(4 * OWN_SHARE);
    expect(fill(space, "one")).toBe(OWN_SHARE);
    expect(fill(space, "another")).toBe(OWN_SHARE);
    const room = space.room("third");
    for (let at = 0; at < OWN_SHARE / MAX_OBJECT; at++) room.take(`k${at}`, MAX_OBJECT);
    expect(room.take("one more", 1)).toMatchObject({ reason: "SpaceFull" });
  });

  it("is free again when a mirror is gone, and counted once when a cluster comes back", () => {
    const space = new MirrorSpace(4 * OWN_SHARE);
    for (let round = 0; round < 3; round++) expect(fill(space, "large")).toBe(4 * OWN_SHARE);
    space.forget("large");
    expect(fill(space, "other")).toBe(4 * OWN_SHARE);
  });
});

describe("a mirror that is not complete", () => {
  const condition = async () => {
    const key = { namespace: SYSTEM_NAMESPACE, name: "shop" };
    const { status } = await client.get<Cluster>(CLUSTER, key);
    return status?.conditions?.find(({ type }) => type === "ReportsComplete");
  };
  const tell = (from: Mirror): void => {
    running.push(from.run(ended.signal));
  };
  const version = versionOf("x");
  const large = { spec: { text: "x".repeat(MAX_OBJECT) } };

  it("says so at the object of its cluster, and when it is", async () => {
    const own = mirror();
    tell(own);
    await own.put("deployments", "default/web", version, large, ended.signal);
    await eventually("it is said", async () => (await condition())?.status === "False");
    expect(await condition()).toMatchObject({
      reason: "ObjectTooLarge",
      message: `Left out of what it reports: 1, for example deployments default/web: it has more than ${MAX_OBJECT} characters`,
    });
    const later = mirror();
    tell(later);
    await later.put("deployments", "default/web", version, { spec: {} }, ended.signal);
    later.compared();
    await eventually("it is said", async () => (await condition())?.status === "True");
    expect(await condition()).toMatchObject({ reason: "Complete" });
  });

  it("leaves what the cluster says of itself to the cluster", async () => {
    const own = mirror();
    tell(own);
    const api = { status: "True", reason: "Answered", message: "yes" };
    await own.put("status", "cluster", version, { api }, ended.signal);
    await own.put("deployments", "default/web", version, large, ended.signal);
    await eventually("it is said", async () => (await condition()) !== undefined);
    await own.put("status", "cluster", versionOf("y"), { api }, ended.signal);
    const key = { namespace: SYSTEM_NAMESPACE, name: "shop" };
    const { status } = await client.get<Cluster>(CLUSTER, key);
    expect(status?.conditions?.map(({ type }) => type).sort()).toEqual([
      "ApiReachable",
      "ReportsComplete",
    ]);
  });

  it("says nothing where nothing was ever left out", async () => {
    const own = mirror();
    tell(own);
    await own.put("deployments", "default/web", version, { spec: {} }, ended.signal);
    own.compared();
    await turns(50);
    expect(await condition()).toBeUndefined();
  });
});
