import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { OldPeer, type OldPeerOptions } from "../../pkg/otev1/old-peer.fixture.ts";
import { createToken } from "../../pkg/trust/create-token.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { NodeProgram } from "../support/node-program.ts";
import { ProcessTree } from "../support/process-tree.ts";
import { freePort } from "../support/program.ts";

const NO_KUBECTL = KUBECTLS.length === 0 ? " (there is no kubectl on PATH)" : "";

describe("A region with clusters of 2020 below it", () => {
  let tree: ProcessTree;
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let port: number;
  let rootPort: number;
  const open: OldPeer[] = [];

  beforeAll(async () => {
    [port, rootPort] = [await freePort(), await freePort()];
    folder = await temporaryDirectory();
    const tokenFile = join(folder.path, "old-token");
    const listenAt = (at: number): string[] => [
      ...["--ote-v1-listen", `127.0.0.1:${at}`, "--ote-v1-token-file", tokenFile],
    ];
    tree = await ProcessTree.start({ root: { flags: listenAt(rootPort) } });
    const rights = { names: "plant-*", tags: [], parent: false, origin: false, replace: false };
    const token = { ...rights, uses: 10, expires: Date.now() + 86_400_000 };
    await writeFile(tokenFile, await createToken(await tree.client(), token));
    await tree.prepare("region", { parent: "root", flags: listenAt(port) });
    tree.launch("region");
    await tree.online("region");
  });
  afterEach(async () => {
    for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await tree?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** As an old cluster does: again and again until somebody takes it. */
  async function dial(name: string, options: OldPeerOptions = {}, at = port): Promise<OldPeer> {
    const peer = await eventually(`${name} has joined`, () =>
      OldPeer.dial(at, name, { reportMs: 1000, ...options }).catch(() => undefined),
    );
    open.push(peer);
    return peer;
  }

  it("shows them at the root and gives them tasks", async () => {
    const peer = await dial("plant-1", { below: { "plant-2": {} } });
    await tree.below("region", "plant-1");
    await tree.below("plant-1", "plant-2");
    const task = await tree.task("hello", {
      clusterSelector: "plant-*",
      method: "POST",
      url: "/api/v1/namespaces/default/configmaps",
      body: '{"metadata":{"name":"hello"}}',
    });
    await task.completed();
    expect(await task.results()).toMatchObject({
      "plant-1": { verdict: "done", code: 200, body: "plant-1" },
      "plant-2": { verdict: "done", code: 200, body: "plant-2" },
    });
    expect(peer.executed.map(({ cluster }) => cluster).sort()).toEqual(["plant-1", "plant-2"]);
  });

  it("has others below the root itself", async () => {
    await dial("plant-9", {}, rootPort);
    await tree.below("root", "plant-9");
    const task = await tree.task("top", { clusterSelector: "plant-9", url: "/version" });
    await task.completed();
    expect(await task.results()).toMatchObject({ "plant-9": { verdict: "done" } });
  });

  it.skipIf(NO_KUBECTL !== "")(`shows them to kubectl${NO_KUBECTL}`, async () => {
    await dial("plant-1");
    await tree.online("plant-1");
    const kubectl = new Kubectl(KUBECTLS[0] ?? "", tree.kubeconfig("root"));
    const rows = await kubectl.table("get", "clusters", "-n", "kube-system");
    expect(rows.find(({ NAME }) => NAME === "plant-1")).toMatchObject({
      STATUS: "online",
      PARENT: "region",
    });
  });

  it("survives kill -9, and asks nobody a second time", async () => {
    const before = await dial("plant-1", { shim: () => undefined });
    await tree.online("plant-1");
    const task = await tree.task("once", { clusterSelector: "plant-1", url: "/version" });
    await eventually("the old cluster was asked", () => before.executed.length === 1);
    await tree.program("region").kill();
    await before.closed();
    tree.launch("region");
    const after = await dial("plant-1");
    await task.completed();
    expect(await task.results()).toMatchObject({
      "plant-1": { verdict: "failed", reason: "OutcomeUnknown" },
    });
    expect(after.executed).toEqual([]);
    const next = await tree.task("again", { clusterSelector: "plant-1", url: "/version" });
    await next.completed();
    expect(await next.results()).toMatchObject({ "plant-1": { verdict: "done" } });
  });

  it("ends in order while old clusters are connected, also one that does not listen", async () => {
    const [polite, deaf] = [await dial("plant-1"), await dial("plant-3")];
    await tree.online("plant-1", "plant-3");
    deaf.socket.pause();
    // One that took its limit for that would end with 1.
    expect(await tree.program("region").stop()).toEqual({ code: 0, signal: null });
    await polite.closed();
    deaf.socket.terminate();
    tree.launch("region");
    await tree.online("region");
  });
});

describe("cluster-controller", () => {
  it.each<[what: string, flags: readonly string[], says: string]>([
    ["a public address", ["--ote-v1-listen", "0.0.0.0:8288"], "public address"],
    ["every address", ["--ote-v1-listen", ":8288"], "public address"],
    ["no token", ["--ote-v1-listen", "127.0.0.1:0"], "needs --ote-v1-token-file"],
    ["a token alone", ["--ote-v1-token-file", "x"], "is for --ote-v1-listen"],
    [
      "no children",
      ["--ote-v1-listen", "127.0.0.1:0", "--tunnel-listen", "none"],
      "needs --tunnel-listen",
    ],
    [
      "a token and no identities",
      [
        ...["--ote-v1-listen", "127.0.0.1:0", "--ote-v1-token-file", "x"],
        ...["--insecure", "--tunnel-listen", "127.0.0.1:0"],
      ],
      "exclude each other",
    ],
  ])("refuses an old listener with %s", async (_, flags, says) => {
    await using program = new NodeProgram("cluster-controller", flags);
    expect(await program.ended).toMatchObject({ code: 2 });
    expect(program.stderr.join("\n")).toContain(says);
  });
});
