import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { startShim } from "../../pkg/shim/streams/remote-api.fixture.ts";
import { KitApi } from "../../tools/shim-conformance/kit-api.ts";
import { CASES, type CaseOutcome, tryShim } from "../../tools/shim-conformance/run.ts";
import { echoTarget, type Target } from "../../tools/shim-conformance/target.ts";
import { BrokenProxy, type ProxyFault } from "../support/broken-proxy.ts";
import { BrokenShim, type ShimFault } from "../support/broken-shim.ts";
import { NodeProgram } from "../support/node-program.ts";
import { ProcessTree } from "../support/process-tree.ts";
import { freePort } from "../support/program.ts";
import { PYTHON, PythonShim } from "../support/python-shim.ts";

/** The kit waits for heartbeats and deadlines. */
const LIMIT_MS = 180_000;

if (PYTHON === undefined) process.stdout.write("skipped: no python3 of 3.11 or newer\n");

async function outcomes(
  endpoint: string,
  target: Target,
  names?: readonly string[],
): Promise<CaseOutcome[]> {
  const cases = CASES.filter(({ name }) => names?.includes(name) ?? true);
  expect(cases.length).toBe(names?.length ?? CASES.length);
  const all: CaseOutcome[] = [];
  for await (const outcome of tryShim(endpoint, target, cases)) all.push(outcome);
  return all;
}

function notPassed(all: readonly CaseOutcome[]): string[] {
  return all
    .filter(({ verdict }) => verdict !== "PASS")
    .map(({ verdict, name, seen }) => `${verdict} ${name}: ${seen}`);
}

/** The kit's API for a shim whose tasks do not reach it. */
function taskless(api: KitApi): Target {
  return { ...echoTarget(), quick: api.quick.bind(api), seen: (key) => api.seen(key) };
}

describe("The conformance kit for shims", () => {
  it.concurrent.each(["k8s-cluster-shim", "k3s-cluster-shim"])(
    "is passed by %s, with every case that is not for others",
    async (name) => {
      await using folder = await temporaryDirectory();
      await using api = await KitApi.listen("127.0.0.1", 0);
      const kubeconfig = join(folder.path, "kubeconfig");
      await writeFile(
        kubeconfig,
        JSON.stringify({
          clusters: [{ name: "a", cluster: { server: `http://127.0.0.1:${api.port}` } }],
          contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
          ...{ "current-context": "a", users: [{ name: "a", user: {} }] },
        }),
      );
      const endpoint = `127.0.0.1:${await freePort()}`;
      const flags = ["--listen", endpoint, "--kube-config", kubeconfig];
      await using shim = new NodeProgram(name, [...flags, "--heartbeat-interval", "1"]);
      await shim.says("ready");
      expect(notPassed(await outcomes(endpoint, api))).toEqual([
        'SKIP proxy: no user: the shim announces "reports"',
      ]);
    },
    LIMIT_MS,
  );

  it.concurrent.each<[ProxyFault, string]>([
    ["acts as whom the headers name", "proxy: as that user"],
    ["forgets the groups", "proxy: as that user"],
    ["goes on for those who have left", "proxy: cancelled early"],
    ["goes on for those who have left", "proxy: connection that ends"],
    ["reads an answer to its end first", "proxy: what comes, comes at once"],
    ["reads an answer to its end first", "proxy: reader who stands still"],
    ["one at a time", "proxy: side by side"],
  ])(
    "finds a proxy that %s",
    async (fault, name) => {
      await using api = await KitApi.listen("127.0.0.1", 0);
      for (const present of ["none", fault] as const) {
        await using shim = await startShim({ proxy: new BrokenProxy(api.port, present) });
        const [outcome] = await outcomes(`127.0.0.1:${shim.port}`, taskless(api), [name]);
        expect(outcome).toMatchObject({ verdict: present === "none" ? "PASS" : "FAIL" });
        if (present !== "none") expect(outcome?.seen).not.toMatch(/^(the kit:|$)/);
      }
    },
    LIMIT_MS,
  );

  it("leaves out the cases of a capability that is not announced", async () => {
    await using api = await KitApi.listen("127.0.0.1", 0);
    await using shim = await startShim({});
    const names = CASES.filter(({ capability }) => capability !== undefined).map((c) => c.name);
    const all = await outcomes(`127.0.0.1:${shim.port}`, taskless(api), names);
    expect(new Set(all.map(({ verdict, seen }) => `${verdict} ${seen}`))).toEqual(
      new Set(["proxy", "reports"].map((word) => `SKIP the shim does not announce "${word}"`)),
    );
  });

  it.concurrent.each<[ShimFault, string]>([
    ["executes anew what comes again", "sent again when done"],
    ["forgets tasks with the connection", "result while nobody listens"],
    ["does one task after the other", "tasks side by side"],
    ["ignores deadlines", "own deadlines"],
    ["serves every destination", "unknown destination"],
    ["answers twice", "many tasks"],
    ["never cuts an answer", "large answer"],
    ["keeps older connections", "newer connection"],
    ["dies of a damaged task", "damaged task body"],
  ])(
    "finds a shim that %s",
    async (fault, name) => {
      await using sound = await BrokenShim.listen("none");
      expect(notPassed(await outcomes(sound.endpoint, echoTarget(), [name]))).toEqual([]);
      await using broken = await BrokenShim.listen(fault);
      const [outcome] = await outcomes(broken.endpoint, echoTarget(), [name]);
      expect(outcome).toMatchObject({ name, verdict: "FAIL", seen: expect.stringMatching(/./) });
      expect(outcome?.seen).not.toMatch(/^the kit:/);
    },
    LIMIT_MS,
  );

  it("leaves out what it cannot try, and says why", async () => {
    await using shim = await BrokenShim.listen("none");
    const { quick, about } = echoTarget();
    const [outcome] = await outcomes(shim.endpoint, { quick, about }, ["own deadlines"]);
    expect(outcome).toMatchObject({ verdict: "SKIP", seen: "needs slow tasks" });
  });

  it("is a program: a table and an exit code", async () => {
    await using sound = await BrokenShim.listen("none");
    const good = await kit("--only", "destination", sound.endpoint);
    expect(good).toMatchObject({ code: 0 });
    expect(good.out).toMatch(/^PASS {2}unknown destination +a task for a destination/m);
    expect(good.out).toMatch(/\n1 passed, 0 failed, 0 left out\n$/);
    await using broken = await BrokenShim.listen("serves every destination");
    const bad = await kit("--only", "destination", broken.endpoint);
    expect(bad).toMatchObject({ code: 1 });
    expect(bad.out).toMatch(/^FAIL {2}unknown destination .*\n +but done 200/m);
    const absent = await kit(`127.0.0.1:${await freePort()}`);
    expect(absent).toMatchObject({ code: 2, out: expect.stringMatching(/^shim:conformance: /) });
    expect(await kit()).toMatchObject({ code: 2, out: expect.stringMatching(/^Usage: /) });
  });
});

describe.skipIf(PYTHON === undefined)("The example shim in Python", () => {
  it(
    "passes the kit, with every case of tasks",
    async () => {
      await using api = await KitApi.listen("127.0.0.1", 0);
      await using shim = await PythonShim.start(["--api", `http://127.0.0.1:${api.port}`]);
      const rest = CASES.flatMap(({ name, capability }) =>
        capability === undefined
          ? []
          : [`SKIP ${name}: the shim does not announce "${capability}"`],
      );
      expect(rest.length).toBeGreaterThan(10);
      expect(notPassed(await outcomes(shim.endpoint, api))).toEqual(rest);
    },
    LIMIT_MS,
  );

  it("takes a task from the root, also when it was away, and is killed meanwhile", async () => {
    const port = await freePort();
    const flags = ["--remote-shim-endpoint", `127.0.0.1:${port}`];
    await using tree = await ProcessTree.start({ root: {}, shop: { parent: "root", flags } });
    const echo = { clusterSelector: "shop", destination: "echo", url: "/", body: "hello" };
    const waiting = await tree.task("waiting", echo);
    await tree.program("shop").says("task started", { task: waiting.uid });
    expect((await waiting.read()).status?.summary).toMatchObject({ pending: 1 });
    const slow = { ...echo, url: "/?delay=3000", body: "slow" };
    const first = await PythonShim.start([], port);
    await waiting.completed();
    const done = { verdict: "done", code: 200 };
    expect(await waiting.results()).toMatchObject({ shop: { ...done, body: "hello" } });
    const cutOff = await tree.task("cut-off", slow);
    await tree.program("shop").says("task started", { task: cutOff.uid });
    await first[Symbol.asyncDispose]();
    await using _second = await PythonShim.start([], port);
    await cutOff.completed();
    expect(await cutOff.results()).toMatchObject({ shop: { ...done, body: "slow" } });
    const other = await tree.task("other", { ...echo, destination: "api" });
    await other.completed();
    expect(await other.results()).toMatchObject({ shop: { reason: "UnknownDestination" } });
  });
});

function kit(...args: string[]): Promise<{ readonly code: number; readonly out: string }> {
  const script = fileURLToPath(new URL("../../tools/shim-conformance/main.ts", import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { timeout: 60_000 }, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out }),
    );
  });
}
