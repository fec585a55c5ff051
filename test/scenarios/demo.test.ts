import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { doMainJob, expectMainJobDone } from "../support/main-job.ts";
import { NodeProgram } from "../support/node-program.ts";

const [KUBECTL = ""] = KUBECTLS;
const NO_KUBECTL = "no kubectl on PATH nor in OTE_TEST_KUBECTLS";
const EDGES = ["north-1", "north-2", "south-1", "south-2"];
const CLUSTERS = ["north", "north-1", "north-2", "root", "south", "south-1", "south-2"];

/** A demonstration that has been started. */
function startDemo(home: string, ...flags: string[]): NodeProgram {
  return new NodeProgram("demo", ["--home", home, "--port-base", "0", ...flags]);
}

/** The line that says that all clusters are online. */
function ready(demo: NodeProgram): Promise<string> {
  return eventually("the demonstration is ready", () => {
    if (!demo.running) throw new Error(demo.stderr.join("\n"));
    return demo.stdout.find((line) => line.startsWith("ready "));
  });
}

/** Command lines of all processes that have something to do with a directory. */
function processesOf(home: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((command) => command.includes(home));
}

/** The ports of a demonstration on which somebody listens. */
async function openPorts(home: string): Promise<number[]> {
  const text = await readFile(join(home, "ports.json"), "utf8");
  const rows = Object.values(JSON.parse(text) as Record<string, Record<string, number>>);
  const ports = rows.flatMap((row) => Object.values(row));
  const open = await Promise.all(ports.map(isOpen));
  return ports.filter((_, index) => open[index]);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function pidOf(home: string, name: string): Promise<number> {
  return Number(await readFile(join(home, "run", `${name}.pid`), "utf8"));
}

/** How often each edge cluster has started a task, in all its lives. */
async function tasksStarted(home: string): Promise<number[]> {
  const logs = EDGES.map((name) => readFile(join(home, "logs", `${name}.log`), "utf8"));
  return (await Promise.all(logs)).map((log) => log.split('"msg":"task started"').length - 1);
}

async function expectNothingLeft(home: string): Promise<void> {
  expect(processesOf(home)).toEqual([]);
  expect(await openPorts(home)).toEqual([]);
}

if (KUBECTL === "") process.stderr.write(`skipped: demonstration with kubectl: ${NO_KUBECTL}\n`);

describe("The demonstration", () => {
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let home = "";
  let demo: NodeProgram;
  let line = "";
  const kubeconfig = (name: string) =>
    name === "root" ? join(home, "root.kubeconfig") : join(home, "clusters", `${name}.kubeconfig`);
  const root = () => new Kubectl(KUBECTL, kubeconfig("root"));

  /** The identity of all objects that a restart must find again. */
  const identities = async () => {
    const path = '{range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\\n"}{end}';
    const objects = await root().ok("get", "cs,ccs,ccr", "-A", "-o", `jsonpath=${path}`);
    return objects.trim().split("\n").sort();
  };
  const tasks = () => root().ok("get", "ccs", "-o", "jsonpath={.items[*].status}");

  beforeAll(async () => {
    folder = await temporaryDirectory();
    home = join(folder.path, "home");
    demo = startDemo(home, "--restart-after", "1");
    line = await ready(demo);
  });
  afterAll(async () => {
    await demo?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  it("says in one line on stdout where everything is", () => {
    expect(line).toMatch(/^ready home=\S+ kubeconfig=\S+( gateway=https:\/\/127\.0\.0\.1:\d+)?$/);
    expect(line).toContain(`home=${home} kubeconfig=${home}/root.kubeconfig`);
    expect(demo.stdout).toHaveLength(1);
  });

  describe.skipIf(KUBECTL === "")(`with kubectl${KUBECTL === "" ? ` (${NO_KUBECTL})` : ""}`, () => {
    it.each(KUBECTLS)("shows its seven clusters to %s", async (kubectl) => {
      const rows = await new Kubectl(kubectl, kubeconfig("root")).table("get", "clusters");
      const row = (NAME: string, PARENT: string, TAGS: string, PATH: string) => ({
        ...{ NAME, STATUS: "online", PARENT, TAGS, PATH },
        // Nothing until the cluster has reported.
        NODES: expect.stringMatching(/^(0\/0)?$/),
        AGE: expect.stringMatching(/^\d+m?\d*s?$/),
      });
      expect(rows).toEqual([
        row("north", "root", "tier=region", "root/north"),
        row("north-1", "north", "region=north,tier=edge", "root/north/north-1"),
        row("north-2", "north", "region=north,tier=edge", "root/north/north-2"),
        row("root", "", "", "root"),
        row("south", "root", "tier=region", "root/south"),
        row("south-1", "south", "region=south,tier=edge", "root/south/south-1"),
        row("south-2", "south", "region=south,tier=edge", "root/south/south-2"),
      ]);
    });

    it("deploys the examples to exactly the clusters they name", async () => {
      await doMainJob({ kubectl: KUBECTL, kubeconfig, clusters: CLUSTERS });
      await expectMainJobDone({ kubectl: KUBECTL, kubeconfig, clusters: CLUSTERS });
    });

    it("selects clusters by their labels", async () => {
      const names = await root().ok("get", "cs", "-l", "region=south", "-o", "name");
      expect(
        names
          .trim()
          .split("\n")
          .map((name) => name.split("/")[1]),
      ).toEqual(["south-1", "south-2"]);
    });
  });

  it.each<[string, string[]]>([
    ["the same flags", []],
    ["other ports", ["--port-base", "31000"]],
    ["other clusters", ["--clusters", "FILE"]],
  ])("is not disturbed by a second one in its home with %s", async (_what, flags) => {
    const file = join(folder.path, "other.yaml");
    await writeFile(file, "- {name: north, tags: {tier: other}}\n- {name: new}\n");
    const files = readdirSync(join(home, "run")).sort();
    const pids = await Promise.all(CLUSTERS.map((name) => pidOf(home, name)));
    const second = startDemo(home, ...flags.map((flag) => (flag === "FILE" ? file : flag)));
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.stderr.join("\n")).toMatch(/^demo: Cannot use home "[^"]+" .*is running there$/m);
    expect(second.stdout).toEqual([]);
    expect(readdirSync(join(home, "run")).sort()).toEqual(files);
    expect(await Promise.all(CLUSTERS.map((name) => pidOf(home, name)))).toEqual(pids);
    for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
  });

  it("starts a controller and an API again that were killed", async () => {
    for (const name of ["north", "south-2-api"]) {
      const before = await pidOf(home, name);
      process.kill(before, "SIGKILL");
      await eventually(`${name} runs again`, async () => {
        const pid = await pidOf(home, name);
        return pid !== before && process.kill(pid, 0);
      });
    }
    expect(demo.stderr.join("\n")).toContain("north died (SIGKILL), it is started again in 1 s");
  });

  it("stops cleanly on SIGINT and finds everything again", async () => {
    const before = KUBECTL === "" ? [] : [await identities(), await tasks()];
    const started = await tasksStarted(home);
    demo.signal("SIGINT");
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    await expectNothingLeft(home);
    expect(readdirSync(join(home, "run")).filter((name) => name.endsWith(".pid"))).toEqual([]);
    demo = startDemo(home);
    expect(await ready(demo)).toBe(line);
    if (KUBECTL !== "") {
      expect([await identities(), await tasks()]).toEqual(before);
      await expectMainJobDone({ kubectl: KUBECTL, kubeconfig, clusters: CLUSTERS });
    }
    expect(await tasksStarted(home)).toEqual(started);
  });

  it("leaves nothing running when it is killed, and can be started again at once", async () => {
    await demo.kill();
    demo = startDemo(home);
    await ready(demo);
    expect(processesOf(home).length).toBe(CLUSTERS.length + EDGES.length + 1);
    await demo.kill();
    await eventually("no process is left", () => processesOf(home).length === 0);
    await expectNothingLeft(home);
  });
});

it("A demonstration shows a tree of the user's own, four tiers deep", async () => {
  await using folder = await temporaryDirectory();
  const home = join(folder.path, "home");
  const file = join(folder.path, "clusters.yaml");
  await writeFile(
    file,
    [
      "- {name: shop-1, parent: beijing, tags: {tier: edge, size: 3}}",
      "- {name: beijing, parent: china}",
      "- {name: china, tags: {tier: country}}",
      "- {name: root, tags: {tier: top}}",
    ].join("\n"),
  );
  await using demo = startDemo(home, "--clusters", file);
  await ready(demo);
  if (KUBECTL !== "") {
    const root = new Kubectl(KUBECTL, join(home, "root.kubeconfig"));
    const rows = await root.table("get", "clusters");
    expect(rows.map(({ NAME, TAGS, PATH }) => [NAME, TAGS, PATH])).toEqual([
      ["beijing", "", "root/china/beijing"],
      ["china", "tier=country", "root/china"],
      ["root", "tier=top", "root"],
      ["shop-1", "size=3,tier=edge", "root/china/beijing/shop-1"],
    ]);
    const task = join(folder.path, "task.yaml");
    const spec = "{clusterSelector: size=3, destination: api, method: GET, url: /version}";
    const meta = "{name: version, namespace: kube-system}";
    const head = "apiVersion: ote.baidu.com/v1\nkind: ClusterController";
    await writeFile(task, `${head}\nmetadata: ${meta}\nspec: ${spec}\n`);
    await root.ok("apply", "-f", task);
    await root.ok("wait", "--for=condition=Completed", "ccs/version");
    const path = "jsonpath={.status.clusters.shop-1.verdict}";
    expect(await root.ok("get", "ccs", "version", "-o", path)).toBe("done");
  }
  expect((await demo.stop()).code).toBe(0);
  await expectNothingLeft(home);
});

describe("A demonstration that is not understood", () => {
  async function fails(...flags: string[]) {
    await using folder = await temporaryDirectory();
    await writeFile(join(folder.path, "list.yaml"), "a: b");
    await writeFile(join(folder.path, "orphan.yaml"), "- {name: a, parent: b}");
    await writeFile(
      join(folder.path, "circle.yaml"),
      "[{name: a, parent: b}, {name: b, parent: a}]",
    );
    await writeFile(join(folder.path, "twice.yaml"), "[{name: a}, {name: a}]");
    await writeFile(join(folder.path, "name.yaml"), "[{name: A_b}]");
    await writeFile(join(folder.path, "nothing.yaml"), "[null]");
    await writeFile(join(folder.path, "api.yaml"), "[{name: a, api: other}]");
    await writeFile(join(folder.path, "yaml.yaml"), "[{name: a}\n - b: {");
    await writeFile(join(folder.path, "file"), "");
    await mkdir(join(folder.path, "folder"));
    const words = flags.map((flag) => flag.replace("HERE", folder.path));
    const demo = startDemo(join(folder.path, "home"), ...words);
    const { code } = await demo.ended;
    expect(demo.stdout).toEqual([]);
    return { code, lines: demo.stderr.map((line) => line.replaceAll(folder.path, "HERE")) };
  }

  it.each<[RegExp, string[]]>([
    [
      /^demo: option '--port-base <port>' argument 'x' is invalid. it must be 0 to 65000/,
      ["--port-base", "x"],
    ],
    [/'-1' is invalid/, ["--port-base=-1"]],
    [/'99999' is invalid/, ["--port-base", "99999"]],
    [/'soon' is invalid/, ["--restart-after", "soon"]],
    [/'loud' is invalid/, ["--log-level", "loud"]],
    [/unknown option '--colour'/, ["--colour"]],
    [/too many arguments/, ["extra"]],
  ])("ends with 2 and says %s", async (text, flags) => {
    const { code, lines } = await fails(...flags);
    expect({ code, lines }).toEqual({ code: 2, lines: [expect.stringMatching(text)] });
  });

  it.each<[string, RegExp]>([
    ["missing.yaml", /no such file/],
    ["folder", /EISDIR/],
    ["list.yaml", /it must be a list of clusters/],
    ["orphan.yaml", /the parents of a are not there/],
    ["circle.yaml", /the parents of a, b are not there/],
    ["twice.yaml", /"a" is there twice/],
    ["name.yaml", /Cannot use "A_b" as a cluster name/],
    ["nothing.yaml", /Cannot use "" as a cluster name/],
    ["api.yaml", /api of "a" must be own or embedded/],
    ["yaml.yaml", /./],
  ])("ends with 1 and one line for a topology in %s", async (file, text) => {
    const { code, lines } = await fails("--clusters", `HERE/${file}`);
    expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringMatching(text)] });
    expect(lines[0]).toContain(`demo: Cannot use "HERE/${file}" as a topology: `);
  });

  it("ends with 1 and one line for a home that cannot be one", async () => {
    const { code, lines } = await fails("--home", "HERE/file");
    expect(code).toBe(1);
    expect(lines.filter((line) => line.startsWith("demo: "))).toHaveLength(1);
  });
});
