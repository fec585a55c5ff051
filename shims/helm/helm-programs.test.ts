import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddedApi } from "../../pkg/apiserver/embedded-api.ts";
import { silentLog } from "../../pkg/base/log.ts";
import { noMetrics } from "../../pkg/base/metrics.ts";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { colorChart } from "../../test/support/chart.ts";
import { HelmShim } from "./helm-shim.ts";

/** Every helm that can be found: the one on PATH, and those that OTE_TEST_HELM names. */
const HELMS = ["helm", ...(process.env.OTE_TEST_HELM ?? "").split(":")].filter(isThere);
if (HELMS.length === 0)
  process.stdout.write("skipped: no helm on PATH, and none in OTE_TEST_HELM\n");

const chart = { archive: colorChart() };
let tasks = 0;

function isThere(file: string): boolean {
  try {
    execFileSync(file, ["version", "--short"], { stdio: "ignore" });
    return file !== "";
  } catch {
    return false;
  }
}

const NONE = HELMS.length === 0;

describe.skipIf(NONE).each(NONE ? ["helm"] : HELMS)("With the program %s", (helm) => {
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let api: EmbeddedApi;
  let shim: HelmShim;
  beforeAll(async () => {
    folder = await temporaryDirectory();
    process.env.HELM_CACHE_HOME = `${folder.path}/cache`;
    const options = { name: "test", dataDir: folder.path, listen: "127.0.0.1:0", crds: [] };
    api = await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
    const kubeconfig = `${folder.path}/kubeconfig`;
    await api.writeKubeconfig(kubeconfig);
    shim = await HelmShim.open({ helm, kubeconfig, temporary: folder.path });
  });
  afterAll(async () => {
    delete process.env.HELM_CACHE_HOME;
    await shim?.[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const task = (body: object, id = `task-${++tasks}`) => ({
    ...{ id, destination: "helm", method: "", url: "" },
    body: JSON.stringify({ namespace: "default", ...body }),
  });
  const run = (body: object, id?: string) =>
    shim.run({ ...task(body, id), ttlMs: 60_000 }, AbortSignal.timeout(60_000));
  const color = async (name: string): Promise<unknown> => {
    const path = `/api/v1/namespaces/default/configmaps/${name}`;
    const request = { method: "GET", path, headers: {} };
    const response = await api.transport.request(request, AbortSignal.timeout(5000));
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString()).data?.color;
  };

  it("a release lives its whole life", async () => {
    const name = "life";
    const before = new Date();
    const installed = await run({ action: "install", release: name, chart, wait: true }, "first");
    expect(installed).toMatchObject({ verdict: "done", code: 201 });
    const about = { name, namespace: "default", chart: "color", chartVersion: "0.1.0" };
    const shown = { ...about, revision: 1, status: "deployed" };
    expect(JSON.parse(installed.body)).toMatchObject(shown);
    expect(await color(name)).toBe("blue");

    const again = await run({ action: "install", release: name, chart });
    expect(again).toMatchObject({ verdict: "failed", code: 409, reason: "AlreadyExists" });

    const values = { color: "red; $(x) --debug", secret: "hush" };
    const upgraded = await run({ action: "upgrade", release: name, chart, values, atomic: true });
    expect(upgraded).toMatchObject({ verdict: "done", code: 200 });
    expect(upgraded.body).not.toContain("hush");
    expect(await color(name)).toBe("red; $(x) --debug");

    const broken = { ...values, broken: "as it should" };
    const failed = await run({ action: "upgrade", release: name, chart, values: broken });
    expect(failed).toMatchObject({ verdict: "failed", code: 500, reason: "HelmFailed" });
    expect(failed.body).toContain("as it should");

    const status = await run({ action: "status", release: name });
    expect(JSON.parse(status.body)).toMatchObject({ name, revision: 2, status: "deployed" });
    const list = await run({ action: "list", namespace: null });
    expect(JSON.parse(list.body)).toMatchObject([{ name, namespace: "default", revision: "2" }]);

    const rolledBack = await run({ action: "rollback", release: name, revision: 1 });
    expect(rolledBack).toMatchObject({ verdict: "done", code: 200 });
    expect(await color(name)).toBe("blue");

    const recovered = async (body: object, id?: string, at = before) =>
      shim.recover(task({ release: name, ...body }, id), at, AbortSignal.timeout(60_000));
    expect(await recovered({ action: "install", chart }, "first")).toMatchObject({
      ...{ verdict: "done", code: 201 },
    });
    expect(await recovered({ action: "rollback", revision: 1 })).toMatchObject({ verdict: "done" });
    expect(await recovered({ action: "uninstall" })).toMatchObject({ reason: "OutcomeUnknown" });
    const later = new Date(Date.now() + 60_000);
    expect(await recovered({ action: "uninstall" }, "x", later)).toBe("run");

    expect(await run({ action: "uninstall", release: name })).toMatchObject({ verdict: "done" });
    expect(await color(name)).toBeUndefined();
    expect(await recovered({ action: "uninstall" })).toMatchObject({ verdict: "done", code: 200 });
    expect(await recovered({ action: "install", chart }, "second")).toBe("run");
    const gone = await run({ action: "status", release: name });
    expect(gone).toMatchObject({ verdict: "failed", code: 404, reason: "NotFound" });
    const nothing = await run({ action: "uninstall", release: name });
    expect(nothing).toMatchObject({ verdict: "failed", code: 404, reason: "NotFound" });
  }, 120_000);

  it("upgrades or installs, into a namespace that it makes", async () => {
    const place = { release: "fresh", namespace: "fresh" };
    const order = { action: "upgrade", ...place, chart, install: true, createNamespace: true };
    expect(await run(order)).toMatchObject({ verdict: "done", code: 200 });
    expect(JSON.parse((await run({ action: "status", ...place })).body)).toMatchObject({
      ...{ name: "fresh", namespace: "fresh", revision: 1 },
    });
  });

  it("fetches charts of a repository and from a url, where plain http is allowed", async () => {
    const archive = Buffer.from(colorChart("0.2.0"), "base64");
    await using repository = await chartRepository("color", "0.2.0", archive);
    const { url } = repository;
    const kubeconfig = `${folder.path}/kubeconfig`;
    const options = { helm, kubeconfig, temporary: folder.path, plainHttp: true };
    await using open = await HelmShim.open(options);
    const named = { repository: url, name: "color", version: "~0.2" };
    for (const [release, from] of Object.entries({ named, direct: { url: `${url}/color.tgz` } })) {
      const order = task({ action: "install", release, chart: from });
      expect(await open.run(order, AbortSignal.timeout(60_000))).toMatchObject({ verdict: "done" });
      expect(await color(release)).toBe("blue");
    }
    const other = task({ action: "install", release: "no", chart: { ...named, version: "^7" } });
    const missing = await open.run(other, AbortSignal.timeout(60_000));
    expect(missing).toMatchObject({ verdict: "failed", reason: "HelmFailed" });
    expect(await shim.run(other, AbortSignal.timeout(60_000))).toMatchObject({ reason: "BadBody" });
  });

  it("says that the cluster cannot be reached", async () => {
    const closed = `${folder.path}/closed`;
    const text = await readFile(`${folder.path}/kubeconfig`, "utf8");
    await writeFile(closed, text.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"));
    await using other = await HelmShim.open({ helm, kubeconfig: closed, temporary: folder.path });
    const result = await other.run(task({ action: "list" }), AbortSignal.timeout(60_000));
    expect(result).toMatchObject({ verdict: "failed", code: 503, reason: "ApiUnreachable" });
  });
});

/** A chart repository on loopback with one chart. */
async function chartRepository(name: string, version: string, archive: Buffer) {
  const index = {
    apiVersion: "v1",
    entries: { [name]: [{ apiVersion: "v2", name, version, urls: [`${name}.tgz`] }] },
  };
  const server = createServer(({ url }, response) => {
    response.end(url?.endsWith("index.yaml") ? JSON.stringify(index) : archive);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
