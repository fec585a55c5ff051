import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClusterControllerSpec } from "../../pkg/apis/cluster-controller.ts";
import { eventually } from "../support/eventually.ts";
import { FakeHelm, isRunning } from "../support/fake-helm.ts";
import { NodeProgram } from "../support/node-program.ts";
import { ObjectApi } from "../support/object-api.ts";
import { ProcessTree } from "../support/process-tree.ts";
import { freePort } from "../support/program.ts";

const install: ClusterControllerSpec = {
  clusterSelector: "shop",
  destination: "helm",
  body: "{action: install, release: a, values: {password: hush}, chart: {url: 'https://example.com/a.tgz'}}",
};

describe("A cluster whose shim has helm", () => {
  let tree: ProcessTree;
  let api: ObjectApi;
  let fake: FakeHelm;
  let shim: NodeProgram;
  let endpoint = "";

  beforeEach(async () => {
    api = await ObjectApi.listen();
    fake = await FakeHelm.create();
    endpoint = `127.0.0.1:${await freePort()}`;
    tree = await ProcessTree.start({
      root: {},
      shop: { parent: "root", flags: ["--remote-shim-endpoint", endpoint] },
    });
  });
  afterEach(async () => {
    await tree?.[Symbol.asyncDispose]();
    await shim?.kill();
    await fake?.[Symbol.asyncDispose]();
    await api?.[Symbol.asyncDispose]();
  });

  function launchShim(name = "k8s-cluster-shim", helm = fake.file): void {
    const flags = ["--listen", endpoint, "--kube-config", api.kubeconfig];
    const own = name === "k8s-cluster-shim" ? ["--helm", helm] : [];
    shim = new NodeProgram(name, [...flags, ...own], ["env", `TMPDIR=${fake.temporary}`]);
  }

  async function firstCall() {
    return eventually("helm runs", async () => (await fake.calls())[0]);
  }

  it("executes tasks with it, beside those for its API", async () => {
    launchShim();
    await fake.behaves({ install: { stdout: '{"name": "a", "info": {"status": "deployed"}}' } });
    const release = await tree.task("release", install);
    const body = "metadata: {name: b}";
    const url = "/api/v1/namespaces/default/configmaps";
    const object = await tree.task("b", { clusterSelector: "shop", method: "POST", url, body });
    await Promise.all([release.completed(), object.completed()]);
    expect(await object.results()).toMatchObject({ shop: { verdict: "done", code: 201 } });
    const told = { verdict: "done", code: 201, body: '{"name":"a","status":"deployed"}' };
    expect(await release.results()).toMatchObject({ shop: told });
    const [call] = await fake.calls();
    expect(call?.argv).toContain(`--description=ote task ${release.uid}`);
    expect(call?.argv).toContain(`--kubeconfig=${api.kubeconfig}`);
  });

  it("executes them in the controller that knows its API, too", async () => {
    await tree.prepare("inn", {
      parent: "root",
      kubeconfig: api.kubeconfig,
      flags: ["--helm", fake.file],
    });
    tree.launch("inn");
    const task = await tree.task("release", { ...install, clusterSelector: "inn" });
    await task.completed();
    expect(await task.results()).toMatchObject({ inn: { verdict: "done", code: 201 } });
    expect((await firstCall()).argv).toContain(`--kubeconfig=${api.kubeconfig}`);
  });

  it("refuses them where there is no helm, and where the shim is the light one", async () => {
    launchShim("k8s-cluster-shim", join(fake.folder, "none"));
    const missing = await tree.task("missing", install);
    await missing.completed();
    expect(await missing.results()).toMatchObject({ shop: { reason: "HelmMissing" } });
    await shim.stop();
    launchShim("k3s-cluster-shim");
    const unknown = await tree.task("unknown", install);
    await unknown.completed();
    expect(await unknown.results()).toMatchObject({ shop: { reason: "UnknownDestination" } });
  });

  it.each([
    ["done", "deployed", { verdict: "done", code: 201 }],
    ["half done", "pending-install", { verdict: "failed", reason: "OutcomeUnknown" }],
  ])(
    "finds it %s after the shim was killed, and leaves no helm and no values behind",
    async (_what, status, verdict) => {
      launchShim();
      await fake.behaves({ install: { hangs: "stubborn" } });
      const task = await tree.task("a", install);
      const { pid, cwd } = await firstCall();
      await shim.kill();
      expect(await isRunning(pid)).toBe(true);
      expect(await readdir(cwd)).toEqual(["values.json"]);
      await mkdir(join(fake.temporary, "ote-helm-of-somebody-else"));
      const description = `ote task ${task.uid}`;
      const revision = { revision: 1, updated: new Date().toISOString(), status, description };
      await fake.behaves({ history: { stdout: JSON.stringify([revision]) } });
      launchShim();
      await task.completed();
      expect(await task.results()).toMatchObject({ shop: verdict });
      expect((await fake.calls()).map(({ argv }) => argv[0])).toEqual(["install", "history"]);
      expect(await isRunning(pid)).toBe(false);
      expect(await readdir(cwd).catch((error) => error.code)).toBe("ENOENT");
      expect(await readdir(fake.temporary)).toContain("ote-helm-of-somebody-else");
    },
  );

  it("runs it once more where nothing has happened yet", async () => {
    launchShim();
    await fake.behaves({ install: { hangs: true } });
    const task = await tree.task("a", install);
    await firstCall();
    await shim.stop();
    await fake.behaves({ history: { code: 1, stderr: "Error: release: not found" } });
    launchShim();
    await task.completed();
    expect(await task.results()).toMatchObject({ shop: { verdict: "done" } });
    const actions = (await fake.calls()).map(({ argv }) => argv[0]);
    expect(actions).toEqual(["install", "history", "install"]);
  });
});
