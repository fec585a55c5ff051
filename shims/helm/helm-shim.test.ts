import { readdir } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import type { ShimTask } from "../../pkg/shim/shim.ts";
import { colorChart } from "../../test/support/chart.ts";
import { eventually } from "../../test/support/eventually.ts";
import { FakeHelm, type HelmBehaviour, isRunning } from "../../test/support/fake-helm.ts";
import { HelmShim } from "./helm-shim.ts";

const forever = new AbortController().signal;
let tasks = 0;

function task(body: object | string, part: Partial<ShimTask> = {}): ShimTask {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const id = `task-${++tasks}`;
  return { id, destination: "helm", method: "GET", url: "", body: text, ...part };
}

async function world(behaviour: Readonly<Record<string, HelmBehaviour>> = {}, atOnce?: number) {
  const fake = await FakeHelm.create(behaviour);
  const { file: helm, temporary } = fake;
  const options = { helm, kubeconfig: "/etc/ote/kubeconfig", temporary, atOnce };
  const shim = await HelmShim.open(options);
  return {
    fake,
    shim,
    async [Symbol.asyncDispose]() {
      await shim[Symbol.asyncDispose]();
      expect(await readdir(temporary)).toEqual([]);
      await fake[Symbol.asyncDispose]();
    },
  };
}

const repository = { repository: "https://charts.example.com/stable", name: "shop" };
const install = { action: "install", release: "shop", chart: repository };

describe("The helm shim", () => {
  it.each<[string, object, string]>([
    [
      "installs from a repository",
      { ...install, chart: { ...repository, version: "^1.2" }, wait: true, atomic: true },
      "install KUBE --namespace=default --atomic --wait --timeout=300s --description=ote task ID --repo=https://charts.example.com/stable --version=^1.2 --output=json -- shop shop",
    ],
    [
      "installs from a registry",
      { ...install, chart: { repository: "oci://example.com/charts/", name: "shop" } },
      "install KUBE --namespace=default --timeout=300s --description=ote task ID --output=json -- shop oci://example.com/charts/shop",
    ],
    [
      "upgrades from a url, or installs",
      {
        ...{ action: "upgrade", release: "shop", namespace: "shops", timeoutSeconds: 20 },
        ...{ chart: { url: "https://example.com/a.tgz" }, install: true, createNamespace: true },
        reuseValues: true,
      },
      "upgrade KUBE --namespace=shops --create-namespace --install --reuse-values --timeout=20s --description=ote task ID --output=json -- shop https://example.com/a.tgz",
    ],
    [
      "rolls back to a revision",
      { action: "rollback", release: "shop", revision: 3, waitForJobs: true },
      "rollback KUBE --namespace=default --wait-for-jobs --timeout=300s -- shop 3",
    ],
    [
      "rolls back to the one before",
      { action: "rollback", release: "shop" },
      "rollback KUBE --namespace=default --timeout=300s -- shop",
    ],
    [
      "uninstalls",
      { action: "uninstall", release: "shop", keepHistory: true },
      "uninstall KUBE --namespace=default --keep-history --timeout=300s -- shop",
    ],
    [
      "shows a release",
      { action: "status", release: "shop" },
      "status KUBE --namespace=default --output=json -- shop",
    ],
    [
      "lists everywhere",
      { action: "list" },
      "list KUBE --all-namespaces --deployed --failed --pending --uninstalled --uninstalling --max=256 --offset=0 --output=json",
    ],
    [
      "lists a page of a namespace",
      { action: "list", namespace: "shops", max: 5, offset: 10 },
      "list KUBE --namespace=shops --deployed --failed --pending --uninstalled --uninstalling --max=5 --offset=10 --output=json",
    ],
  ])("%s", async (_what, body, wanted) => {
    await using at = await world();
    const asked = task(body);
    expect(await at.shim.run(asked, forever)).toMatchObject({ verdict: "done" });
    const [call] = await at.fake.calls();
    const line = call?.argv.join(" ").replace(asked.id, "ID");
    expect(line?.replace("--kubeconfig=/etc/ote/kubeconfig", "KUBE")).toBe(wanted);
  });

  it.each<[string, Partial<ShimTask>, string]>([
    ["list", { url: "/tiller/v2/releases/json" }, "list KUBE --all-namespaces"],
    ["status", { url: "/tiller/v2/releases/shop/status/json?namespace=a" }, "--namespace=a "],
    ["uninstall", { method: "DELETE", url: "/tiller/v2/releases/shop/json" }, "uninstall KUBE"],
    ["rollback", { url: "/tiller/v2/releases/shop/rollback/json?version=2" }, "-- shop 2"],
    [
      "install",
      {
        method: "POST",
        url: "/tiller/v2/releases/shop/json",
        body: '{"chart_url": "https://example.com/a.tgz", "namespace": "b", "values": {"raw": "a: 1"}}',
      },
      "-- shop https://example.com/a.tgz",
    ],
  ])("understands the %s of the old proxy", async (action, part, wanted) => {
    await using at = await world();
    expect(await at.shim.run(task("", part), forever)).toMatchObject({ verdict: "done" });
    const [call] = await at.fake.calls();
    expect(call?.argv[0]).toBe(action);
    const line = call?.argv.join(" ").replace("--kubeconfig=/etc/ote/kubeconfig", "KUBE");
    expect(line).toContain(wanted);
  });

  it("gives chart and values in files that only it can read, and nothing of others' settings", async () => {
    vi.stubEnv("OTE_SECRET", "a");
    vi.stubEnv("HELM_NAMESPACE", "b");
    vi.stubEnv("HELM_KUBETOKEN", "c");
    await using at = await world();
    const archive = colorChart();
    const values = { password: "$(reboot)", list: [1, true, null] };
    const { verdict } = await at.shim.run(
      task({ ...install, chart: { archive }, values }),
      forever,
    );
    expect(verdict).toBe("done");
    const [call] = await at.fake.calls();
    expect(call?.directoryMode).toBe(0o700);
    expect(Object.values(call?.files ?? {}).map(({ mode }) => mode)).toEqual([0o600, 0o600]);
    expect(JSON.parse(call?.files["values.json"]?.text ?? "")).toEqual(values);
    const chart = Buffer.from(call?.files["chart.tgz"]?.text ?? "", "latin1");
    expect(chart.toString("base64")).toBe(archive);
    expect(call?.argv.join(" ")).not.toContain("reboot");
    const foreign = Object.keys(call?.env ?? {}).filter((name) => /^OTE_|^HELM_/.test(name));
    expect(foreign).toEqual([]);
    expect(await readdir(call?.cwd ?? "").catch((error) => error.code)).toBe("ENOENT");
  });

  it.each<[string, object | string, RegExp]>([
    ["nothing", "", /is empty/],
    ["no YAML", "{", /Cannot use body/],
    ["a list", "[]", /must be an object/],
    ["another kind", { kind: "Pod", action: "list" }, /apiVersion/],
    ["another action", { action: "template" }, /action must be one of/],
    ["an unknown field", { ...install, postRenderer: "/bin/sh" }, /"postRenderer"/],
    ["a field of another action", { action: "list", chart: repository }, /"chart"/],
    ["a flag as release", { ...install, release: "--kube-token=x" }, /release must/],
    ["a list as release", { ...install, release: ["a"] }, /release must be text/],
    ["no release", { ...install, release: undefined }, /release must be set/],
    ["a flag as namespace", { ...install, namespace: "-A" }, /namespace must/],
    ["a flag as chart", { ...install, chart: { ...repository, name: "--debug" } }, /chart.name/],
    ["a path as chart", { ...install, chart: { ...repository, name: "../../etc" } }, /chart.name/],
    ["no chart", { action: "install", release: "shop" }, /chart must be an object/],
    [
      "two charts",
      { ...install, chart: { ...repository, url: "https://a/b.tgz" } },
      /exactly one of/,
    ],
    ["a path as url", { ...install, chart: { url: "/etc/passwd" } }, /chart.url must/],
    ["a file as url", { ...install, chart: { url: "file:///etc/passwd" } }, /chart.url must/],
    ["plain http", { ...install, chart: { url: "http://a/b.tgz" } }, /https: or oci:/],
    ["a password", { ...install, chart: { url: "https://u:p@a/b.tgz" } }, /user or password/],
    [
      "a flag as version",
      { ...install, chart: { ...repository, version: "-v=9 --debug" } },
      /chart.version/,
    ],
    ["what is no base64", { ...install, chart: { archive: "!!!!" } }, /base64/],
    ["what is no archive", { ...install, chart: { archive: "aGVsbG8=" } }, /\.tgz/],
    ["values that are text", { ...install, values: "a=b" }, /values must be an object/],
    ["a flag that is no flag", { ...install, wait: "yes" }, /wait must be true or false/],
    ["no number", { ...install, timeoutSeconds: "5m" }, /timeoutSeconds must be a whole number/],
    ["too large a number", { action: "list", max: 1e9 }, /max must be/],
  ])("refuses %s without a run of helm", async (_what, body, why) => {
    await using at = await world();
    const result = await at.shim.run(task(body), forever);
    expect(result).toMatchObject({ verdict: "refused", reason: "BadBody" });
    expect(result.body).toMatch(why);
    expect(await at.fake.calls()).toEqual([]);
  });

  it("refuses what only the old proxy could do", async () => {
    await using at = await world();
    const result = await at.shim.run(task("", { url: "/tiller/v2/releases/a/b/c" }), forever);
    expect(result).toMatchObject({ verdict: "refused", reason: "BadUrl" });
  });

  it("refuses with HelmMissing where there is no helm", async () => {
    await using fake = await FakeHelm.create();
    const { temporary } = fake;
    await using shim = await HelmShim.open({ helm: "no-helm-here", kubeconfig: "/k", temporary });
    const result = await shim.run(task({ action: "list" }), forever);
    expect(result).toMatchObject({ verdict: "refused", reason: "HelmMissing" });
    expect(result.body).toMatch(/^Cannot run helm as "no-helm-here": .*--helm/);
  });

  it.each([
    ["Error: Kubernetes cluster unreachable: Get ...", 503, "ApiUnreachable"],
    ["Error: INSTALLATION FAILED: cannot re-use a name that is still in use", 409, "AlreadyExists"],
    ["Error: another operation (install/upgrade/rollback) is in progress", 409, "ReleaseBusy"],
    ["Error: uninstall: Release not loaded: a: release: not found", 404, "NotFound"],
    ["Error: failed to fetch https://a/b.tgz : 404 Not Found", 500, "HelmFailed"],
    ["", 500, "HelmFailed"],
  ])("says what failed: %s", async (stderr, code, reason) => {
    await using at = await world({ install: { code: 1, stderr } });
    const result = await at.shim.run(task(install), forever);
    expect(result).toMatchObject({ verdict: "failed", code, reason });
    expect(result.body).toBe(stderr || "helm ended with code 1");
  });

  it("tells of a release neither values nor manifests", async () => {
    const release = { name: "shop", version: 3, info: { status: "deployed", notes: "hello" } };
    const stdout = JSON.stringify({ ...release, config: { password: "hush" }, manifest: "hush" });
    await using at = await world({ status: { stdout } });
    const { body } = await at.shim.run(task({ action: "status", release: "shop" }), forever);
    expect(JSON.parse(body)).toEqual({
      ...{ name: "shop", revision: 3, status: "deployed", notes: "hello" },
    });
  });

  it("reads no more of an answer than it can hold", async () => {
    await using at = await world({
      status: { chatter: 20 << 20, stdout: "hush" },
      list: { chatter: 20 << 20 },
    });
    const one = await at.shim.run(task({ action: "status", release: "shop" }), forever);
    expect(one).toMatchObject({ verdict: "done", body: expect.not.stringContaining("x") });
    const all = await at.shim.run(task({ action: "list" }), forever);
    expect(all).toMatchObject({ verdict: "done", truncated: true });
    expect(all.body.length).toBe(128 * 1024);
  });

  it.each([true, "stubborn"] as const)(
    "ends helm and its children at the deadline (hangs: %s)",
    async (hangs) => {
      await using at = await world({ install: { hangs, leavesChild: true } });
      const stop = new AbortController();
      const result = at.shim.run(task({ ...install, values: { a: 1 } }), stop.signal);
      const [call] = await eventually("helm runs", async () => {
        const calls = await at.fake.calls();
        return calls.length > 0 && calls;
      });
      stop.abort();
      expect(await result).toMatchObject({
        ...{ verdict: "failed", code: 504, reason: "DeadlineExceeded" },
        body: expect.stringContaining("may be half done"),
      });
      const pids = [call?.pid ?? 0, ...(await at.fake.children())];
      expect(pids).toHaveLength(2);
      for (const pid of pids) await eventually("it is gone", async () => !(await isRunning(pid)));
    },
  );

  it("ends helm when it is disposed itself, and waits for that", async () => {
    await using fake = await FakeHelm.create({ install: { hangs: "stubborn" } });
    const { file: helm, temporary } = fake;
    const shim = await HelmShim.open({ helm, kubeconfig: "/k", temporary });
    const result = shim.run(task(install), forever);
    await eventually("helm runs", async () => (await fake.calls()).length === 1);
    await shim[Symbol.asyncDispose]();
    const [call] = await fake.calls();
    expect(await isRunning(call?.pid ?? 0)).toBe(false);
    expect(await readdir(temporary)).toEqual([]);
    expect(await result).toMatchObject({ verdict: "failed" });
    expect(await shim.run(task(install), forever)).toMatchObject({ verdict: "failed" });
    expect(await fake.calls()).toHaveLength(1);
  });

  it("makes no directory before it needs one, and says what is wrong where it cannot", async () => {
    await using at = await world();
    expect(await readdir(at.fake.temporary)).toEqual([]);
    await using shim = await HelmShim.open({
      ...{ helm: at.fake.file, kubeconfig: "/k", temporary: `${at.fake.file}/none` },
    });
    const result = await shim.run(task(install), forever);
    expect(result).toMatchObject({ verdict: "failed", code: 500, reason: "ShimFailed" });
    expect(result.body).toContain("ENOTDIR");
  });

  it("ends what helm leaves behind", async () => {
    await using at = await world({ install: { leavesChild: true } });
    expect(await at.shim.run(task(install), forever)).toMatchObject({ verdict: "done" });
    const [child = 0] = await at.fake.children();
    await eventually("it is gone", async () => !(await isRunning(child)));
  });

  it("gives helm less time than the task has", async () => {
    await using at = await world();
    await at.shim.run(task(install, { ttlMs: 30_000 }), forever);
    const [call] = await at.fake.calls();
    const limit = call?.argv.find((text) => text.startsWith("--timeout="));
    const seconds = Number(/^--timeout=(\d+)s$/.exec(limit ?? "")?.[1]);
    expect([limit, seconds > 0 && seconds <= 25]).toEqual([limit, true]);
  });

  it("runs no more at once than it may, and those that wait give up at their deadline", async () => {
    await using at = await world({ install: { hangs: true }, list: {} }, 2);
    const stop = new AbortController();
    const held = [1, 2].map(() => at.shim.run(task(install), stop.signal));
    await eventually("two run", async () => (await at.fake.calls()).length === 2);
    const late = at.shim.run(task({ action: "list" }), AbortSignal.timeout(50));
    expect(await late).toMatchObject({ verdict: "failed", reason: "DeadlineExceeded" });
    expect(await at.fake.calls()).toHaveLength(2);
    const waits = at.shim.run(task({ action: "list" }), forever);
    stop.abort();
    await Promise.all(held);
    expect(await waits).toMatchObject({ verdict: "done" });
    expect(await at.fake.calls()).toHaveLength(3);
  });
});
