import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClusterControllerSpec } from "../../pkg/apis/cluster-controller.ts";
import { NodeProgram } from "../support/node-program.ts";
import { ObjectApi } from "../support/object-api.ts";
import { ProcessTree, type TaskHandle } from "../support/process-tree.ts";
import { freePort } from "../support/program.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const DONE = { shop: { verdict: "done", code: 201 } };

function create(name: string): ClusterControllerSpec {
  const body = `metadata: {name: ${name}}`;
  return { clusterSelector: "shop", method: "POST", url: CONFIG_MAPS, body };
}

function patch(name: string): ClusterControllerSpec {
  return { ...create(name), method: "PATCH", url: `${CONFIG_MAPS}/${name}`, body: "data: {}" };
}

describe("A cluster whose shim is a process of its own", () => {
  let tree: ProcessTree;
  let api: ObjectApi;
  let endpoint = "";
  let shim: NodeProgram;

  beforeEach(async () => {
    api = await ObjectApi.listen();
    endpoint = `127.0.0.1:${await freePort()}`;
    launchShim();
    tree = await ProcessTree.start({
      root: {},
      shop: { parent: "root", flags: ["--remote-shim-endpoint", endpoint] },
    });
  });
  afterEach(async () => {
    await tree?.[Symbol.asyncDispose]();
    await shim?.kill();
    await api?.[Symbol.asyncDispose]();
  });

  function launchShim(): void {
    shim = new NodeProgram("k8s-cluster-shim", [
      ...["--listen", endpoint, "--kube-config", api.kubeconfig],
      ...["--health-listen", "127.0.0.1:0", "--heartbeat-interval", "1"],
    ]);
  }

  function requests(): string[] {
    return api.api.requests.map(({ method }) => method);
  }

  async function expectDone(task: TaskHandle): Promise<void> {
    expect((await task.completed()).status?.summary).toMatchObject({ selected: 1, done: 1 });
    expect(await task.results()).toMatchObject(DONE);
    expect(api.effects(task.name)).toBe(1);
  }

  it("executes tasks, and keeps those that come while the shim is away", async () => {
    await expectDone(await tree.task("a", create("a")));
    expect(await shim.stop()).toEqual({ code: 0, signal: null });
    await tree.program("shop").says("shim lost");
    const task = await tree.task("b", create("b"));
    await tree.program("shop").says("task started", { task: task.uid });
    expect((await task.read()).status?.summary).toMatchObject({ pending: 1 });
    launchShim();
    await expectDone(task);
    expect(requests()).toEqual(["POST", "POST"]);
  });

  it("fails a task whose deadline passes while the shim is away, and does not execute it later", async () => {
    await shim.kill();
    const task = await tree.task("a", { ...create("a"), deadlineSeconds: 1 });
    await task.completed();
    const unreachable = { verdict: "failed", code: 503, reason: "ShimUnreachable" };
    expect(await task.results()).toMatchObject({ shop: unreachable });
    launchShim();
    await expectDone(await tree.task("b", create("b")));
    expect(api.effects("a")).toBe(0);
  });

  it.each(["SIGKILL", "SIGTERM"] as const)(
    "finds out what was done when the shim gets %s meanwhile",
    async (signal) => {
      api.hold("after");
      const created = await tree.task("created", create("created"));
      const patched = await tree.task("patched", patch("patched"));
      await api.holds(2);
      shim.signal(signal);
      await shim.ended;
      api.release();
      launchShim();
      await expectDone(created);
      await patched.completed();
      const unknown = { verdict: "failed", code: 500, reason: "OutcomeUnknown" };
      expect(await patched.results()).toMatchObject({ shop: unknown });
      expect(requests().sort()).toEqual(["GET", "PATCH", "POST"]);
    },
  );

  it("executes after a crash of the shim what its API has not done", async () => {
    api.hold("before");
    const task = await tree.task("a", create("a"));
    await api.holds();
    await shim.kill();
    api.release("forget");
    launchShim();
    await expectDone(task);
    expect(requests()).toEqual(["POST", "GET", "POST"]);
  });

  it.each(["away", "back"])(
    "takes the answer from the shim's memory when the API answers while it is %s",
    async (when) => {
      api.hold("after");
      const created = await tree.task("created", create("created"));
      const patched = await tree.task("patched", patch("patched"));
      await api.holds(2);
      await tree.program("shop").kill();
      if (when === "away") api.release();
      tree.launch("shop");
      await tree.program("shop").says("shim connected");
      api.release();
      await expectDone(created);
      await patched.completed();
      expect(await patched.results()).toMatchObject({ shop: { verdict: "done", code: 200 } });
      expect(requests().sort()).toEqual(["PATCH", "POST"]);
    },
  );

  it("serves one controller after another", async () => {
    await expectDone(await tree.task("a", create("a")));
    await tree.program("shop").stop();
    await tree.prepare("branch", {
      parent: "root",
      flags: ["--remote-shim-endpoint", endpoint, "--data-dir", join(tree.folder, "other")],
    });
    tree.launch("branch");
    const task = await tree.task("b", { ...create("b"), clusterSelector: "branch" });
    await task.completed();
    expect(await task.results()).toMatchObject({ branch: { verdict: "done", code: 201 } });
    expect(api.effects("b")).toBe(1);
    await shim.says("cluster controller connected", { cluster: "branch" });
    expect(shim.logged("cluster controller connected").map(({ cluster }) => cluster)).toEqual([
      "shop",
      "branch",
    ]);
  });

  it("loses nothing when shim and controller are killed together, again and again", async () => {
    const tasks: TaskHandle[] = [];
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 5; index++) {
        const name = `a-${round}-${index}`;
        tasks.push(await tree.task(name, create(name)));
      }
      await Promise.all([shim.kill(), tree.program("shop").kill()]);
      launchShim();
      tree.launch("shop");
      await tree.program("shop").says("shim connected");
    }
    for (const task of tasks) await expectDone(task);
  });
});
