import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { ApiUnreachableError } from "../apis/api-transport.ts";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import { NAMESPACE } from "../apis/namespace.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { type TestServer, testServer } from "../apiserver/server.fixture.ts";
import { type Logger, silentLog } from "../base/log.ts";
import { RateLimit } from "../base/rate-limit.ts";
import { TransportResourceClient } from "../kube/transport-resource-client.ts";
import { versionOf } from "../replication/digest.ts";
import { SinkStream } from "../replication/sink-stream.ts";
import { Mirror, MirrorNamespaceTakenError, mirroredClusters, removeMirror } from "./mirror.ts";
import { mirrorType, REPORT_CRDS } from "./mirror-objects.ts";
import { MirrorSpace } from "./mirror-room.ts";
import { parseReport } from "./report-modes.ts";
import { REPORTED_TYPES } from "./reported-types.ts";
import { Reporter } from "./reporter.ts";

const room = () => ({
  space: new MirrorSpace(Number.POSITIVE_INFINITY),
  rate: new RateLimit({ atOnce: 1_000_000, perSecond: 1 }),
});
const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const owner = { cluster: "shop", path: ["root", "shop"] };

let centre: TestServer;
let edge: TestServer;
let here: TransportResourceClient;
let there: TransportResourceClient;
let ended: AbortController;
let running: Promise<void>[];

beforeEach(async () => {
  centre = await testServer({ definitions: REPORT_CRDS });
  edge = await testServer();
  here = new TransportResourceClient(centre.transport);
  there = new TransportResourceClient(edge.transport);
  ended = new AbortController();
  running = [];
  const metadata = { name: "shop", namespace: SYSTEM_NAMESPACE };
  await here.create(CLUSTER, {
    apiVersion: "ote.baidu.com/v1",
    kind: "Cluster",
    metadata,
    spec: { name: "shop" },
  } as Cluster);
});
afterEach(async () => {
  ended.abort();
  await Promise.all(running);
  await edge[Symbol.asyncDispose]();
  await centre[Symbol.asyncDispose]();
});

function reporter(report: string): Reporter {
  const modes = parseReport(report);
  const made = new Reporter({
    transport: edge.transport,
    modes,
    intervalMs: 60_000,
    log: silentLog,
  });
  running.push(made.run(ended.signal));
  return made;
}

/** A stream on which the centre follows `from`; cut by `cut`, after which everything has ended. */
async function follow(
  from: Reporter,
  what: "all" | "status" = "all",
  log: Logger = silentLog,
): Promise<{ compared: Promise<void>; cut: () => Promise<void>; refused: () => number }> {
  const [near, far] = duplexPair();
  let count = 0;
  const mirror = new Mirror({ ...room(), client: here, owner, log, onRefused: () => (count += 1) });
  const serving = from.serve(far, what);
  let markCompared = (): void => {};
  const compared = new Promise<void>((resolve) => (markCompared = resolve));
  const sink = new SinkStream(near, await mirror.kept(signal()), mirror);
  const following = sink.run(ended.signal, markCompared);
  const cut = async (): Promise<void> => {
    near.destroy();
    far.destroy();
    await Promise.all([following, serving]);
  };
  running.push(following.then(() => {}));
  return { compared, cut, refused: () => count };
}

const deployments = REPORTED_TYPES.deployments?.type as ResourceType;
const nodes = REPORTED_TYPES.nodes?.type as ResourceType;

function deployment(name: string, replicas: number): KubeObject {
  const labels = { app: name };
  const containers = [{ name: "c", image: "nginx", env: [{ name: "P", value: "s3cret" }] }];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default", labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  } as KubeObject;
}

async function mirrored(plural: string): Promise<Map<string, KubeObject>> {
  const type = mirrorType(plural) as ResourceType;
  const { items } = await here.list(type, { namespace: "ote-shop" });
  return new Map(items.map((item) => [item.metadata.name, item]));
}

async function status(): Promise<Cluster["status"]> {
  const key = { namespace: SYSTEM_NAMESPACE, name: "shop" };
  return (await here.get<Cluster>(CLUSTER, key)).status;
}

/** A mirror of which nobody hears. */
function silentMirror(): Mirror {
  return new Mirror({ ...room(), client: here, owner, log: silentLog, onRefused: () => {} });
}

describe("reports", () => {
  it("show at the centre what the cluster has, and what changes there", async () => {
    await there.create(deployments, deployment("web", 1));
    const { compared } = await follow(reporter("deployments"));
    await compared;
    await eventually("web is there", async () =>
      (await mirrored("deployments")).has("default.web"),
    );
    const key = { namespace: "default", name: "web" };
    await there.patch(deployments, key, "merge", { spec: { replicas: 7 } });
    await there.create(deployments, deployment("other", 1));
    await eventually("the change is there", async () => {
      const all = await mirrored("deployments");
      const web = all.get("default.web") as { spec?: { replicas?: number } } | undefined;
      return web?.spec?.replicas === 7 && all.size === 2;
    });
    await there.delete(deployments, key);
    await eventually(
      "the deletion is there",
      async () => (await mirrored("deployments")).size === 1,
    );
    expect(JSON.stringify([...(await mirrored("deployments")).values()])).not.toContain("s3cret");
  });

  it("are compared after a time without a stream: what was deleted meanwhile goes, the rest stays untouched", async () => {
    for (const name of ["a", "b", "c"]) await there.create(deployments, deployment(name, 1));
    const from = reporter("deployments");
    const first = await follow(from);
    await eventually("all are there", async () => (await mirrored("deployments")).size === 3);
    await first.cut();
    const before = await mirrored("deployments");
    await there.delete(deployments, { namespace: "default", name: "a" });
    const key = { namespace: "default", name: "b" };
    await there.patch(deployments, key, "merge", { spec: { replicas: 5 } });
    await there.create(deployments, deployment("d", 1));
    expect((await mirrored("deployments")).size).toBe(3);
    await follow(from);
    await eventually("it is equal", async () => {
      const all = await mirrored("deployments");
      const b = all.get("default.b") as { spec?: { replicas?: number } } | undefined;
      return b?.spec?.replicas === 5 && !all.has("default.a") && all.has("default.d");
    });
    const version = (all: Map<string, KubeObject>) =>
      all.get("default.c")?.metadata.resourceVersion;
    expect(version(await mirrored("deployments"))).toBe(version(before));
  });

  it("of a kind that the owner does not report any more go, too", async () => {
    await there.create(deployments, deployment("web", 1));
    const first = await follow(reporter("deployments"));
    await eventually("web is there", async () => (await mirrored("deployments")).size === 1);
    await first.cut();
    const { compared } = await follow(reporter("deployments:summary"));
    await compared;
    await eventually("web is gone", async () => (await mirrored("deployments")).size === 0);
    await eventually(
      "its number is there",
      async () => (await status())?.counts?.deployments?.total === 1,
    );
  });

  it("make the cluster's status, also where the objects stay there", async () => {
    await there.create(nodes, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "n1" },
      status: {
        capacity: { cpu: "4", memory: "8Gi" },
        allocatable: { cpu: "3", memory: "6Gi" },
        conditions: [{ type: "Ready", status: "True" }],
      },
    } as KubeObject);
    await follow(reporter("nodes:summary,deployments:summary"), "status");
    await eventually("the status is there", async () => (await status())?.nodeText === "1/1");
    await there.create(deployments, deployment("web", 2));
    await eventually(
      "it follows",
      async () => (await status())?.counts?.deployments?.desired === 2,
    );
    expect(await status()).toMatchObject({
      capacity: { cpu: "4", memory: "8Gi" },
      allocatable: { cpu: "3", memory: "6Gi" },
      kubernetesVersion: expect.stringMatching(/^v1\./),
      conditions: [{ type: "ApiReachable", status: "True" }],
    });
    await there.delete(nodes, { name: "n1" });
    await eventually("what is gone is not shown", async () => (await status())?.nodeText === "0/0");
    expect(await status()).toMatchObject({ capacity: {} });
  });

  it("say that the API does not answer, and that what was known stays as it is", async () => {
    const down = new Reporter({
      transport: {
        request: () => Promise.reject(new Error("connection refused")),
        [Symbol.asyncDispose]: async () => {},
      },
      modes: parseReport("nodes,pods:summary"),
      intervalMs: 60_000,
      log: silentLog,
    });
    running.push(down.run(ended.signal));
    await follow(down);
    await eventually("it is said", async () => {
      const [condition] = (await status())?.conditions ?? [];
      return (
        condition?.status === "False" && condition.message?.includes("connection refused") === true
      );
    });
    expect((await status())?.nodeText).toBeUndefined();
  });

  it("are none, without a complaint, where the way to the API takes no requests of ours", async () => {
    const lines: string[] = [];
    const note = (_: object, line: string): void => void lines.push(line);
    const log: Logger = { ...silentLog, warn: note, error: note, child: () => log };
    const without = Object.assign(new Error("a light shim"), { code: "NO_API" });
    const asked: string[] = [];
    const light = new Reporter({
      transport: {
        request: async ({ path }) => {
          asked.push(path);
          throw new ApiUnreachableError("shim", without);
        },
        [Symbol.asyncDispose]: async () => {},
      },
      modes: parseReport("nodes,pods:summary"),
      intervalMs: 100,
      log,
    });
    running.push(light.run(ended.signal));
    await follow(light);
    await eventually("it was asked again", async () => asked.length >= 3);
    expect(new Set(asked)).toEqual(new Set(["/version"]));
    expect(lines).toEqual([]);
    expect((await status())?.conditions).toBeUndefined();
  });

  it("that the centre does not take are left out, the others come", async () => {
    const from = reporter("deployments");
    await there.create(deployments, deployment("web", 1));
    const { compared, refused, cut } = await follow(from);
    await compared;
    await eventually("web is there", async () => (await mirrored("deployments")).size === 1);
    await cut();
    const [near, far] = duplexPair();
    let count = 0;
    const mirror = new Mirror({
      ...room(),
      client: here,
      owner,
      log: silentLog,
      onRefused: () => (count += 1),
    });
    running.push(new SinkStream(near, new Map(), mirror).run(ended.signal).then(() => {}));
    const put = (key: string, labels: object) => ({
      kind: "put",
      collection: "deployments",
      key,
      version: versionOf(key),
      object: { metadata: { labels } },
    });
    far.write(`${JSON.stringify(put("default/bad", { "not a label": "!!" }))}\n`);
    far.write(`${JSON.stringify(put("default/good", {}))}\n`);
    await eventually("good is there", async () =>
      (await mirrored("deployments")).has("default.good"),
    );
    await eventually("bad was refused", async () => count === 1);
    expect(refused()).toBe(0);
    far.destroy();
  });

  it("end with whoever speaks no protocol", async () => {
    const [near, far] = duplexPair();
    const mirror = silentMirror();
    const end = new SinkStream(near, new Map(), mirror).run(ended.signal);
    far.write('{"kind":"delete-everything"}\n');
    expect(await end).toMatchObject({ code: "BAD_REPLICATION" });
    const [ours, theirs] = duplexPair();
    const serving = reporter("none").serve(theirs, "all");
    ours.write("rubbish\n");
    await serving;
    expect(theirs.destroyed).toBe(true);
  });

  it("of a removed cluster go with it, and only its own", async () => {
    await there.create(deployments, deployment("web", 1));
    const { cut } = await follow(reporter("deployments"));
    await eventually("web is there", async () => (await mirrored("deployments")).size === 1);
    await cut();
    expect(await mirroredClusters(here, signal())).toEqual(["shop"]);
    await removeMirror(here, "other", signal());
    expect((await mirrored("deployments")).size).toBe(1);
    await removeMirror(here, "shop", signal());
    expect((await mirrored("deployments")).size).toBe(0);
    await removeMirror(here, "shop", signal());
  });

  it("of a removed cluster do not stay because the centre did not answer", async () => {
    const get = async () => {
      throw new ApiUnreachableError("centre", "no answer");
    };
    const away = Object.assign(new TransportResourceClient(centre.transport), { get });
    await expect(removeMirror(away, "shop", signal())).rejects.toMatchObject({
      code: "API_UNREACHABLE",
    });
  });

  it("with names that change all the time come no faster than they may, and the last ones come", async () => {
    const [near, far] = duplexPair();
    const rate = new RateLimit({ atOnce: 20, perSecond: 100 });
    let writes = 0;
    const client = new TransportResourceClient({
      request: (request, until) => {
        if (request.method !== "GET") writes += 1;
        return centre.transport.request(request, until);
      },
      [Symbol.asyncDispose]: async () => {},
    });
    const parts = { ...room(), rate, client, owner, log: silentLog, onRefused: () => {} };
    running.push(
      new SinkStream(near, new Map(), new Mirror(parts)).run(ended.signal).then(() => {}),
    );
    const startedAt = performance.now();
    const say = (message: object): boolean =>
      far.write(`${JSON.stringify({ collection: "deployments", ...message })}\n`);
    for (let at = 0; at < 60; at++) {
      const key = `default/d${at}`;
      say({ kind: "put", key, version: versionOf(key), object: { metadata: {} } });
      if (at > 0) say({ kind: "gone", key: `default/d${at - 1}` });
    }
    await eventually("only the last one is there", async () => {
      const names = [...(await mirrored("deployments")).keys()];
      return names.join() === "default.d59" && writes >= 119;
    });
    const seconds = (performance.now() - startedAt) / 1000;
    // The namespace is one of the writes.
    expect(writes).toBeLessThanOrEqual(1 + 20 + 100 * seconds + 1);
    expect(seconds).toBeGreaterThan(0.9);
    far.destroy();
  });

  it("are not written into a namespace that belongs to somebody else", async () => {
    const metadata = { name: "ote-shop", labels: { team: "x" } };
    await here.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata });
    const mirror = silentMirror();
    await expect(mirror.kept(signal())).rejects.toThrow(MirrorNamespaceTakenError);
    await removeMirror(here, "shop", signal());
    expect((await here.get(NAMESPACE, { name: "ote-shop" })).metadata.labels?.team).toBe("x");
  });
});
