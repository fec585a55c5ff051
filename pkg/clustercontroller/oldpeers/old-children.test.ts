import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually as soon } from "../../../test/support/eventually.ts";
import { CLUSTER, SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import {
  CLUSTER_CONTROLLER,
  type ClusterController,
  type ClusterControllerSpec,
} from "../../apis/cluster-controller.ts";
import { OldPeer, type OldPeerOptions } from "../../otev1/old-peer.fixture.ts";
import type { TokenTerms } from "../../trust/token-secrets.ts";
import { type TestMember, TestTree } from "../membership/tree.fixture.ts";

async function eventually<T>(what: () => T | Promise<T>): Promise<NonNullable<T>> {
  return soon(String(what), async () => (await what()) || undefined);
}

let tree: TestTree;
let region: TestMember;
let tasks = 0;
const open: OldPeer[] = [];

beforeAll(async () => {
  tree = await TestTree.start();
  await tree.join("region", await tree.token({ names: "region" }));
  await invite({ names: "old-*", uses: 100 });
  region = await launchRegion();
});
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});
afterAll(async () => {
  await tree?.[Symbol.asyncDispose]();
});

const tokenFile = () => join(tree.folder, "old-token");
const adopted = () => join(tree.folder, "adopted");

/** The token with which old clusters are adopted from now on. */
async function invite(terms: Partial<TokenTerms>): Promise<void> {
  const rights = { parent: false, origin: false, tags: [], ...terms };
  await writeFile(tokenFile(), await tree.token(rights));
}

function launchRegion(): Promise<TestMember> {
  return tree.launch("region", tree.root, undefined, {
    listen: { host: "127.0.0.1", port: 0 },
    directory: adopted(),
    tokenFile: tokenFile(),
  });
}

async function dial(name: string, options: OldPeerOptions = {}): Promise<OldPeer> {
  const peer = await OldPeer.dial(region.controller.oldPort, name, options);
  open.push(peer);
  return peer;
}

async function online(...names: string[]): Promise<void> {
  for (const name of names)
    await eventually(async () => (await tree.cluster(name))?.status?.status === "online");
}

async function offline(name: string): Promise<void> {
  await eventually(async () => (await tree.cluster(name))?.status?.status === "offline");
}

/** A task at the root; `verdicts` when it is complete. */
async function task(spec: ClusterControllerSpec): Promise<string> {
  const metadata = { name: `task-${++tasks}`, namespace: SYSTEM_NAMESPACE };
  await tree.client.create<ClusterController>(CLUSTER_CONTROLLER, {
    apiVersion: "ote.baidu.com/v1",
    kind: "ClusterController",
    metadata,
    spec: { destination: "api", method: "GET", url: "/version", deadlineSeconds: 60, ...spec },
  });
  return metadata.name;
}

async function verdicts(name: string): Promise<Readonly<Record<string, object>>> {
  return eventually(async () => {
    const key = { namespace: SYSTEM_NAMESPACE, name };
    const { status } = await tree.client.get<ClusterController>(CLUSTER_CONTROLLER, key);
    return status?.phase === "Completed" ? { ...status.clusters } : undefined;
  });
}

describe("an old cluster", () => {
  it("is a cluster like all others, below the one that it dials", async () => {
    await dial("old-a", { listen: "10.0.0.7:8287" });
    await online("old-a");
    const { spec, status } = (await tree.cluster("old-a")) ?? {};
    expect(status).toMatchObject({ parentName: "region", path: "root/region/old-a" });
    expect(status?.version).toBe("ote-v1");
    expect(spec?.identity).toMatchObject({ tags: [] });
    expect(spec?.identity?.origin ?? false).toBe(false);
    expect(await readdir(join(adopted(), "old-a"))).toContain("cluster.key");
  });

  it("is given tasks, and nobody else is", async () => {
    const one = await dial("old-c1", { shim: () => ({ status: 201, body: "made" }) });
    const other = await dial("old-c10");
    await online("old-c1", "old-c10");
    const body = '{"kind":"ConfigMap"}';
    const spec = { clusterSelector: "old-c1", method: "POST", url: "/api/v1/x", body };
    const results = await verdicts(await task(spec));
    expect(results).toEqual({
      "old-c1": expect.objectContaining({ verdict: "done", code: 201, body: "made" }),
    });
    expect(one.executed).toMatchObject([{ method: "POST", uri: "/api/v1/x", body }]);
    expect(other.executed).toEqual([]);
  });

  it("is told its siblings and where to come back to", async () => {
    const first = await dial("old-a", { listen: "10.0.0.7:8287" });
    const second = await dial("old-b", { listen: "10.0.0.8:8287" });
    const childs = { "old-a": "10.0.0.7:8287", "old-b": "10.0.0.8:8287" };
    await eventually(() => first.neighbours?.Childs?.["old-b"]);
    expect(second.neighbours?.Childs).toEqual(childs);
    expect(first.neighbours?.Neighbor).toEqual({
      region: `127.0.0.1:${region.controller.oldPort}`,
    });
    second.kill();
    await eventually(() => Object.keys(first.neighbours?.Childs ?? {}).length === 1);
  });

  it("has a verdict also for what it does not know how to do", async () => {
    const peer = await dial("old-a");
    await online("old-a");
    const helm = await task({ clusterSelector: "old-a", destination: "helm" });
    const watch = await task({ clusterSelector: "old-a", url: "/api/v1/pods?watch=1" });
    expect(await verdicts(helm)).toMatchObject({
      "old-a": { verdict: "refused", reason: "UnknownDestination" },
    });
    expect(await verdicts(watch)).toMatchObject({
      "old-a": { verdict: "refused", reason: "StreamingNotAllowed" },
    });
    expect(peer.executed).toEqual([]);
  });

  it("answers many tasks at once, in any order", async () => {
    const waiting: (() => void)[] = [];
    const peer: OldPeer = await dial("old-a", {
      shim: ({ id, uri }) => {
        waiting.unshift(() => {
          const head = { id, command: 8, cluster: "old-a" };
          peer.say(head, Buffer.concat([Buffer.from("10c8011a", "hex"), lengthOf(uri)]));
        });
        return undefined;
      },
    });
    await online("old-a");
    const urls = ["/one", "/two", "/three", "/four"];
    const names = await Promise.all(urls.map((url) => task({ clusterSelector: "old-a", url })));
    await eventually(() => waiting.length === urls.length);
    for (const answer of waiting) answer();
    for (const [at, name] of names.entries())
      expect(await verdicts(name)).toMatchObject({
        "old-a": { verdict: "done", code: 200, body: urls[at] },
      });
  });

  it("that is killed is offline; what it was asked is failed at once, and never asked again", async () => {
    const peer = await dial("old-a", { shim: () => undefined });
    await online("old-a");
    const name = await task({ clusterSelector: "old-a" });
    await eventually(() => peer.executed.length === 1);
    peer.kill();
    expect(await verdicts(name)).toMatchObject({
      "old-a": { verdict: "failed", reason: "OutcomeUnknown" },
    });
    await offline("old-a");
    const again = await dial("old-a");
    await online("old-a");
    expect(await verdicts(await task({ clusterSelector: "old-a" }))).toMatchObject({
      "old-a": { verdict: "done" },
    });
    expect(again.executed).toHaveLength(1);
  });

  it("executes each task at most once, however often its connection breaks", async () => {
    const peers = [await dial("old-weak")];
    await online("old-weak");
    const names: string[] = [];
    for (let round = 0; round < 10; round++) {
      for (let count = 0; count < 3; count++)
        names.push(await task({ clusterSelector: "old-weak", url: `/${round}/${count}` }));
      // It breaks before the first of them, between two, and after all.
      await eventually(() => (peers.at(-1)?.executed.length ?? 0) >= round % 4);
      for (let turn = Math.random() * 50; turn > 0; turn--) await setImmediate();
      peers.at(-1)?.kill();
      peers.push(await eventually(() => dial("old-weak").catch(() => undefined)));
    }
    const words = new Set<string>();
    for (const name of names) {
      const { "old-weak": verdict } = (await verdicts(name)) as Record<string, { reason?: string }>;
      words.add(verdict?.reason ?? "done");
    }
    expect([...words].filter((word) => !["done", "OutcomeUnknown"].includes(word))).toEqual([]);
    const executed = peers.flatMap((peer) => peer.executed.map(({ uri }) => uri));
    expect(new Set(executed).size).toBe(executed.length);
    expect(executed.length).toBeGreaterThan(0);
  });

  it("gets a task that was written while it was away", async () => {
    await dial("old-away").then((peer) => peer.kill());
    await offline("old-away");
    const name = await task({ clusterSelector: "old-away" });
    await dial("old-away");
    expect(await verdicts(name)).toMatchObject({ "old-away": { verdict: "done" } });
  });
});

function lengthOf(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
}

describe("clusters below an old one", () => {
  it("are clusters, too, each below its parent", async () => {
    const peer = await dial("old-mid", { below: { "old-leaf": { "old-deep": {} } } });
    await online("old-mid", "old-leaf", "old-deep");
    expect((await tree.cluster("old-deep"))?.status).toMatchObject({
      path: "root/region/old-mid/old-leaf/old-deep",
      version: "ote-v1",
    });
    const results = await verdicts(await task({ clusterSelector: "old-leaf,old-deep" }));
    expect(results).toMatchObject({
      "old-leaf": { verdict: "done", body: "old-leaf" },
      "old-deep": { verdict: "done", body: "old-deep" },
    });
    expect(peer.executed.map(({ cluster }) => cluster).sort()).toEqual(["old-deep", "old-leaf"]);
  });

  it("come and go with what it says", async () => {
    const peer = await dial("old-mid");
    peer.below = { "old-new": {} };
    peer.tell("clusterRegist", "old-new", "old-mid");
    await online("old-new");
    peer.below = {};
    peer.tell("clusterUnregist", "old-new", "old-mid");
    await offline("old-new");
    await online("old-mid");
  });

  it("are below a sibling of their old parent when that one is lost", async () => {
    const lost = await dial("old-mid", { below: { "old-orphan": {} } });
    const aunt = await dial("old-aunt");
    await online("old-mid", "old-orphan", "old-aunt");
    aunt.below = { "old-orphan": {}, "old-later": {} };
    aunt.tell("clusterRegist", "old-orphan", "old-aunt");
    aunt.tell("clusterRegist", "old-later", "old-aunt");
    const parentOf = async () => (await tree.cluster("old-orphan"))?.status?.parentName;
    // What the aunt says is heard in its order.
    await online("old-later");
    expect(await parentOf()).toBe("old-mid");
    lost.kill();
    await eventually(async () => (await parentOf()) === "old-aunt");
    await online("old-orphan");
    expect(await verdicts(await task({ clusterSelector: "old-orphan" }))).toMatchObject({
      "old-orphan": { verdict: "done" },
    });
    expect(aunt.executed).toHaveLength(1);
  });

  it("refuse a task that their old parents would spread to others", async () => {
    const peer = await dial("old-mid", { below: { "old-x": { "old-x1": {} }, "old-x2": {} } });
    await online("old-mid", "old-x", "old-x1", "old-x2");
    const results = await verdicts(await task({ clusterSelector: "old-x,old-x1" }));
    expect(results).toMatchObject({
      "old-x": { verdict: "refused", reason: "AmbiguousName" },
      "old-x1": { verdict: "done" },
    });
    expect(peer.executed.map(({ cluster }) => cluster)).toEqual(["old-x1"]);
  });

  it("that may not be in this tree are left out, and cost nobody else anything", async () => {
    const below = { root: {}, region: {}, "not-allowed": {}, "Not A Name": {}, "old-fine": {} };
    await dial("old-mid", { below });
    await online("old-mid", "old-fine");
    expect(await tree.cluster("not-allowed")).toBeUndefined();
    expect((await tree.cluster("root"))?.status?.parentName).toBeUndefined();
    expect((await tree.cluster("region"))?.status).toMatchObject({
      status: "online",
      parentName: "root",
    });
    expect(await readdir(adopted())).not.toContain("not-allowed");
  });
});

describe("somebody who dials like an old cluster", () => {
  it.each<[what: string, name: string, options: OldPeerOptions, answer: string]>([
    [
      "without an address",
      "old-a",
      { headers: { "listen-addr": "" } },
      "400 listenAddr is not specified, should set in header",
    ],
    [
      "without a name",
      "old-a",
      { headers: { name: "" } },
      "400 user-define name is not specified, should set in header",
    ],
    ["in two names", "old-a", { headers: { name: "old-b" } }, "400 the name in the header"],
    ["with a name that is none", "OLD", {}, "400 the name must be"],
    ["in our own name", "region", {}, "403 cluster name has been registered"],
    ["in the name of one above", "root", {}, "403 cluster name has been registered"],
    [
      "in a name that the token does not allow",
      "mine",
      {},
      "403 TOKEN_INVALID: Cannot join with this token",
    ],
    ["from a page", "old-a", { headers: { origin: "http://x" } }, "403 no pages here"],
  ])("%s is refused", async (_, name, options, answer) => {
    await expect(dial(name, options)).rejects.toThrow(answer);
    expect((await tree.cluster("mine"))?.status).toBeUndefined();
  });

  it("in the name of one that is there is refused, in its own words", async () => {
    await dial("old-a");
    await expect(dial("old-a")).rejects.toThrow("403 already build connection");
  });

  it("in the name of a new cluster is refused", async () => {
    await invite({ names: "*", uses: 100 });
    await tree.member("modern");
    await online("modern");
    await expect(dial("modern")).rejects.toThrow("403 cluster name has been registered");
    await online("modern");
    await invite({ names: "old-*", uses: 100 });
  });

  it("and says rubbish loses its connection, and nothing else happens", async () => {
    const fine = await dial("old-fine");
    const peer = await dial("old-a");
    peer.socket.send(Buffer.from("ff".repeat(100), "hex"));
    expect(await peer.closed()).toContain("PROTOCOL_ERROR");
    const text = await dial("old-b");
    text.socket.send("hello?");
    expect(await text.closed()).toContain("PROTOCOL_ERROR");
    const large = await dial("old-c");
    large.socket.send(Buffer.alloc(9 * 1024 * 1024));
    await large.closed();
    fine.say({ command: 99 }, new Uint8Array());
    fine.say({ command: 8, id: "made-up", cluster: "old-fine" }, new Uint8Array());
    fine.say({ command: 9 }, Buffer.from("[]"));
    fine.socket.send(Buffer.alloc(0));
    expect(await verdicts(await task({ clusterSelector: "old-fine" }))).toMatchObject({
      "old-fine": { verdict: "done" },
    });
  });

  it("finds no other door", async () => {
    const base = `http://127.0.0.1:${region.controller.oldPort}`;
    for (const path of ["/controller", "/", "/access/", "/access/a/b", "/ote/v1/join"])
      expect((await fetch(base + path)).status).toBe(404);
    expect((await fetch(`${base}/access/old-a`)).status).toBe(400);
  });
});

describe("an adopted cluster", () => {
  it("cannot be given the right to send tasks", async () => {
    await invite({ names: "old-*", uses: 1, origin: true });
    await expect(dial("old-proud")).rejects.toThrow("NOT_GRANTED");
    expect(await tree.cluster("old-proud").then((found) => found?.status)).toBeUndefined();
    await invite({ names: "old-*", uses: 100 });
  });

  it("is upgraded with a token that may replace it, and its old program is sent away", async () => {
    const old = await dial("old-up");
    await online("old-up");
    const token = await tree.token({ names: "old-up", replace: true });
    await tree.join("old-up", token, region);
    expect(await old.closed()).toContain("REVOKED");
    const modern = await tree.launch("old-up", region);
    await eventually(async () => (await tree.cluster("old-up"))?.status?.version === "test");
    await online("old-up");
    await expect(dial("old-up")).rejects.toThrow("403");
    await modern[Symbol.asyncDispose]();
  });

  it("moves to another tier with a token that may replace it", async () => {
    const files = { directory: join(tree.folder, "adopted-2"), tokenFile: `${tokenFile()}-2` };
    await tree.join("region-2", await tree.token({ names: "region-2" }));
    const listen = { host: "127.0.0.1", port: 0 };
    const other = await tree.launch("region-2", tree.root, undefined, { listen, ...files });
    const here = await dial("old-moving");
    await online("old-moving");
    const rights = { names: "old-moving", parent: false, origin: false, tags: [] };
    await writeFile(files.tokenFile, await tree.token(rights));
    const there = () => OldPeer.dial(other.controller.oldPort, "old-moving");
    await expect(there()).rejects.toThrow("403 cluster name has been registered");
    await other[Symbol.asyncDispose]();
    await writeFile(files.tokenFile, await tree.token({ ...rights, replace: true }));
    const again = await tree.launch("region-2", tree.root, undefined, { listen, ...files });
    const moved = await eventually(() =>
      OldPeer.dial(again.controller.oldPort, "old-moving").catch(() => undefined),
    );
    open.push(moved);
    expect(await here.closed()).toContain("REVOKED");
    await eventually(
      async () => (await tree.cluster("old-moving"))?.status?.parentName === "region-2",
    );
    await online("old-moving");
    expect(await verdicts(await task({ clusterSelector: "old-moving" }))).toMatchObject({
      "old-moving": { verdict: "done" },
    });
    await again[Symbol.asyncDispose]();
  });

  it("that was removed does not come back by itself", async () => {
    const peer = await dial("old-gone", { below: { "old-gone-too": {} } });
    await online("old-gone", "old-gone-too");
    await tree.client.delete(CLUSTER, { namespace: SYSTEM_NAMESPACE, name: "old-gone-too" });
    await eventually(async () => (await tree.cluster("old-gone-too")) === undefined);
    await tree.client.delete(CLUSTER, { namespace: SYSTEM_NAMESPACE, name: "old-gone" });
    expect(await peer.closed()).toContain("REVOKED");
    await expect(dial("old-gone")).rejects.toThrow("403");
  });

  it("is there again after a restart of the one that adopted it, without a token; what was asked is not asked again", async () => {
    const before = await dial("old-kept", { shim: () => undefined });
    await online("old-kept");
    const { spec } = (await tree.cluster("old-kept")) ?? {};
    const name = await task({ clusterSelector: "old-kept" });
    await eventually(() => before.executed.length === 1);
    await writeFile(tokenFile(), "none");
    await region[Symbol.asyncDispose]();
    region = await launchRegion();
    const after = await dial("old-kept");
    await online("old-kept");
    expect((await tree.cluster("old-kept"))?.spec.identity).toEqual(spec?.identity);
    expect(await verdicts(name)).toMatchObject({
      "old-kept": { verdict: "failed", reason: "OutcomeUnknown" },
    });
    expect(after.executed).toEqual([]);
    await expect(dial("old-fresh")).rejects.toThrow(
      "403 TOKEN_INVALID: Cannot read the join token",
    );
    await invite({ names: "old-*", uses: 100 });
  });
});
