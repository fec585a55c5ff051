import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { Otectl } from "../support/otectl.ts";
import { ProcessTree } from "../support/process-tree.ts";

const [KUBECTL = ""] = KUBECTLS;
const EDGES = ["edge-1", "edge-2", "edge-3"];

if (KUBECTL === "")
  process.stderr.write("skipped: queries to many clusters: no kubectl is found\n");

/**
 * Ends of streams that stay open all the time, for reports and for what goes down: the root has two to the region and to each
 * edge; at the region its own two end, those to edges have two ends each, and it has two of its own to each edge.
 */
const OWN_STREAMS = new Map([
  ["root", 2 + 3 * 2],
  ["region", 2 + 3 * 2 * 2 + 3 * 2],
]);

describe.skipIf(KUBECTL === "")("queries through a tree of three tiers", () => {
  let tree: ProcessTree;
  let otectl: Otectl;

  beforeAll(async () => {
    const edge = (tags: string) => ({ parent: "region", api: true, flags: ["--tags", tags] });
    tree = await ProcessTree.start({
      root: {},
      region: { parent: "root", api: true },
      "edge-1": edge("tier=edge"),
      "edge-2": edge("tier=edge"),
      "edge-3": edge("tier=edge,old"),
    });
    otectl = new Otectl(tree.kubeconfig("root"));
    for (const name of EDGES) {
      await at(name).ok("create", "namespace", "shop");
      await at(name).ok("create", "deployment", "web", "-n", "shop", `--image=web:${name}`);
      await at(name).ok("label", "deployment", "web", "-n", "shop", `on=${name}`);
    }
    for (const [name, count] of OWN_STREAMS)
      await eventually(`the streams of ${name} are there`, async () => {
        return (await tree.metric(name, "ote_streams")) === count;
      });
  }, 90_000);
  afterAll(async () => {
    await tree?.[Symbol.asyncDispose]();
  });

  const at = (name: string) => new Kubectl(KUBECTL, tree.kubeconfig(name));
  const query = async (kubectl: Kubectl, parameters: string, ...flags: string[]) =>
    JSON.parse(await kubectl.ok("get", "--raw", `/api/v1/query?${parameters}`, ...flags));

  it.each(["root", "region"])("show at %s what kubectl shows at each cluster", async (entry) => {
    const { lines, code, err } = await new Otectl(tree.kubeconfig(entry)).get(
      ...["deploy", "-n", "shop", "--clusters", "tier=edge", "-o", "wide", "--sort-by", "cluster"],
    );
    expect([code, err]).toEqual([0, ""]);
    const [head = "", ...rows] = lines.map((line) => line.split(/ {2,}/));
    const { AGE: _, ...shown } =
      (await at("edge-2").table("get", "deploy", "-n", "shop", "-o", "wide"))[0] ?? {};
    const found = rows.map((row) =>
      Object.fromEntries(row.map((cell, index) => [head[index], cell])),
    );
    expect(found.map(({ CLUSTER }) => CLUSTER)).toEqual(EDGES);
    expect(found[1]).toMatchObject({ CLUSTER: "edge-2", ...shown });
  });

  it("select by labels, names, fields and tags, and print objects", async () => {
    const json = async (...args: string[]) => {
      const { out } = await otectl.get(...args, "-o", "json");
      return JSON.parse(out).items.map(
        ({ kind, metadata }: { kind: string; metadata: Record<string, Record<string, string>> }) =>
          `${metadata.annotations?.["ote.baidu.com/cluster"]} ${kind} ${metadata.name}`,
      );
    };
    const shop = ["-n", "shop"];
    expect(await json("deploy", ...shop, "--clusters", "edge-*", "-l", "on=edge-2")).toEqual([
      "edge-2 Deployment web",
    ]);
    expect(await json("deploy/web", ...shop, "--clusters", "edge-3*")).toEqual([
      "edge-3 Deployment web",
    ]);
    expect(
      await json("ns", "--clusters", "edge-1", "--field-selector", "metadata.name=shop"),
    ).toEqual(["edge-1 Namespace shop"]);
    const chosen = ["--cluster-selector", "tier in (edge),!old", "--limit", "1"];
    expect(await json("deploy", ...shop, ...chosen)).toEqual(["edge-1 Deployment web"]);
    const { out } = await otectl.get("deploy", ...shop, "--clusters", "old", "-o", "name");
    expect(out).toBe("edge-3/deployment.apps/web\n");
  });

  it.each([
    ["deploy", "-n", "shop"],
    ["deploy", "-A", "-o", "wide", "--show-labels"],
    ["deploy", "-n", "shop", "-L", "on,app", "--no-headers"],
    ["deploy/web", "-n", "shop", "-L", "on", "-L", "nothing"],
    ["deploy,ns", "-n", "shop"],
    ["all", "-n=shop"],
    ["ns", "--show-kind", "-o=wide"],
    ["ns", "--sort-by", ".metadata.name"],
    ["deploy/web", "ns/shop", "ns/default", "-n", "shop"],
    ["deploy", "-A", "-o", "custom-columns=NAME:.metadata.name,L:.metadata.labels,X:.spec.none"],
  ])("print in tables what kubectl prints: %s %s %s %s %s %s", async (...args) => {
    const { code, out, err } = await otectl.get(...args, "--clusters", "edge-2");
    const theirs = await at("edge-2").ok("get", ...args);
    const cells = (text: string, from: number) =>
      text.split("\n").map((line) => line.trimEnd().split(/ {2,}/).slice(from).map(ageless));
    expect([code, err]).toEqual([0, ""]);
    const namespace = args.includes("-A") && !args.some((arg) => arg.startsWith("custom"));
    expect(cells(out, 1)).toEqual(cells(theirs, 0).map((line) => (line[0] === "" ? [] : line)));
    expect(out.includes("NAMESPACE")).toBe(namespace);
  });

  it.each([
    ["deploy/web", "-o", "jsonpath={.metadata.name} {.spec.replicas} {.metadata.labels}"],
    ["deploy", "-o", 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'],
    ["deploy", "-o", "jsonpath={.items[0].spec.template.spec.containers[*].image}"],
    ["deploy,sa", "-o", "jsonpath={.items[*].metadata.name}"],
    ["deploy", "-o", "jsonpath-as-json={.items[*].metadata.labels}"],
    ["deploy/none", "-o", "jsonpath={.metadata.name}"],
  ])("print with a template what kubectl prints: %s %s %s", async (...args) => {
    const mine = await otectl.get(...args, "-n", "shop", "--clusters", "edge-2");
    const theirs = await at("edge-2").run("get", ...args, "-n", "shop");
    expect([mine.code, mine.out]).toEqual([theirs.code, theirs.out]);
  });

  it("print what files say, and refuse what cannot be meant", async () => {
    const [template, columns] = [`${tree.folder}/template`, `${tree.folder}/columns`];
    await writeFile(template, "{range .items[*]}{.metadata.name};{end}");
    await writeFile(columns, "NAME  KIND\nmetadata.name  kind\n");
    const deploy = ["deploy", "-n", "shop", "--clusters", "edge-*"];
    expect((await otectl.get(...deploy, "-o", `jsonpath-file=${template}`)).out).toBe(
      "web;web;web;",
    );
    const { lines } = await otectl.get(...deploy, "-o", `custom-columns-file=${columns}`);
    expect(lines.slice(1).sort()).toEqual(EDGES.map((name) => `${name}    web    Deployment`));
    for (const wrong of [
      ["-o", "jsonpath={.x"],
      ["-o", "jsonpath"],
      ["-o", "jsonpath-file=nowhere"],
      ["-o", "go-template={{.x}}"],
      ["-o", "json", "--show-labels"],
      ["--as-group", "ops"],
      ["--sort-by", "{.x"],
    ])
      expect((await otectl.get(...deploy, ...wrong)).code, wrong.join(" ")).toBe(2);
    expect((await otectl.get(...deploy, "-o", "jsonpath={.items[9]}")).err).toMatch(
      /array index out of bounds/,
    );
  });

  it("need not be able to be answered everywhere", async () => {
    const args = ["deploy/here", "-n", "shop", "--clusters", "edge-*", "-o", "name"];
    await at("edge-1").ok("create", "deployment", "here", "-n", "shop", "--image=x");
    const strict = await otectl.get(...args);
    const lenient = await otectl.get(...args, "--ignore-not-found");
    await at("edge-1").ok("delete", "deployment", "here", "-n", "shop");
    expect([strict.code, strict.out]).toEqual([1, "edge-1/deployment.apps/here\n"]);
    expect([lenient.code, lenient.out, lenient.err]).toEqual([0, strict.out, ""]);
  });

  it("find kinds where they are, and say where they are not", async () => {
    const { code, lines, err } = await otectl.get("clusters", "-A", "--clusters", "root,nowhere");
    expect(code).toBe(1);
    expect(lines).toHaveLength(6);
    expect(err).toContain('nowhere: Unknown: there is no cluster and no tag "nowhere"');
    const unknown = await otectl.get("unicorns", "--clusters", "edge-*");
    expect(unknown.err).toContain(
      'edge-1, edge-2, edge-3: NotFound: the cluster doesn\'t have a resource type "unicorns"',
    );
  });

  it.each([
    [["pods"], 2, /--clusters must say/],
    [["pods", "--clusters", "a,,b"], 1, /a term is empty/],
    [["pods", "--clusters", "nothing-*"], 1, /no cluster is selected/],
    [["pods", "--clusters", "*", "-o", "xml"], 2, /must be one of/],
    [["pods", "--clusters", "*", "--limit", "x"], 1, /limit must be/],
    [["pods", "--clusters", "*", "-n", "nowhere"], 0, /No resources found/],
  ])("%j ends with %i", async (args, code, text) => {
    const got = await otectl.get(...args);
    expect([got.code, got.err]).toEqual([code, expect.stringMatching(text)]);
  });

  it("reach a cluster only for those who may, as who they are", async () => {
    const parameters = "clusters=edge-*&resource=deploy&namespace=shop";
    const as = ["--as", "ann"];
    const nothing = await query(at("root"), parameters, ...as);
    expect(nothing).toMatchObject({ rows: [], failures: [], summary: { asked: 0 } });
    await at("root").ok(
      ...["create", "role", "to-edge-1", "-n", "kube-system", "--verb=get"],
      ...["--resource=clusters.ote.baidu.com/proxy", "--resource-name=edge-1"],
    );
    await at("root").ok(
      ...["create", "rolebinding", "ann", "-n", "kube-system", "--role=to-edge-1", "--user=ann"],
    );
    const refused = await query(at("root"), parameters, ...as);
    expect(refused.failures).toEqual([
      expect.objectContaining({
        cluster: "edge-1",
        reason: "Forbidden",
        code: 403,
        message: expect.stringContaining('User "ann" cannot list resource "deployments"'),
      }),
    ]);
    const deploy = ["deploy", "-n", "shop", "--clusters", "edge-*"];
    const mine = await otectl.get(...deploy, ...as);
    expect([mine.code, mine.err]).toEqual([
      1,
      expect.stringMatching(/^edge-1: Forbidden: .*User "ann" cannot list resource "deployments"/),
    ]);
    expect((await otectl.get(...deploy, ...as, "--as-group", "system:masters")).code).toBe(0);
    const view = ["--clusterrole=view", "--user=ann"];
    await at("edge-1").ok("create", "rolebinding", "ann", "-n", "shop", ...view);
    const allowed = await query(at("root"), parameters, ...as);
    expect(allowed).toMatchObject({
      failures: [],
      rows: [{ cells: expect.arrayContaining(["edge-1", "web"]) }],
    });
    expect((await otectl.get(...deploy, ...as, "-o", "name")).out).toBe(
      "edge-1/deployment.apps/web\n",
    );
  });

  it("are all answered when a script asks forty at once, and others meanwhile", async () => {
    const parameters = "clusters=edge-*&resource=deploy&namespace=shop";
    const all = Array.from({ length: 40 }, () => query(at("root"), parameters));
    const other = await query(at("root"), parameters, "--as", "ann");
    expect(other).toMatchObject({ summary: { asked: 1, answered: 1 } });
    for (const { summary } of await Promise.all(all))
      expect(summary).toMatchObject({ answered: 3 });
  });

  it("name a cluster that is killed, at once or in the middle", async () => {
    tree.program("edge-3").signal("SIGSTOP");
    const stuck = otectl.get("deploy", "-A", "--clusters", "tier=edge", "--deadline", "20s");
    let isOver = false;
    void stuck.then(() => {
      isOver = true;
    });
    // On a busy machine it may be known to be away before it is asked.
    await eventually("the stopped one is asked", async () => {
      const present = await tree.metric("region", "ote_streams");
      return isOver || present > (OWN_STREAMS.get("region") ?? 0);
    });
    await tree.program("edge-3").kill();
    const { code, lines, err } = await stuck;
    expect([code, lines.length]).toEqual([1, 3]);
    expect(err).toMatch(/^edge-3: (Unreachable|Offline): /);
    await eventually("it is offline", async () => {
      const { status } = (await tree.clusters()).get("edge-3") ?? {};
      return status?.status === "offline" || undefined;
    });
    const later = await otectl.get("deploy", "-A", "--clusters", "tier=edge");
    expect(later.err).toContain("edge-3: Offline: the cluster is offline");
    tree.launch("edge-3");
    await tree.online("edge-3");
    expect((await otectl.get("deploy", "-A", "--clusters", "tier=edge")).code).toBe(0);
  }, 90_000);

  it("leave no stream behind", async () => {
    for (const [name, count] of OWN_STREAMS)
      await eventually("no stream is left", async () => {
        return (await tree.metric(name, "ote_streams")) === count;
      });
    expect(await tree.metric("root", "ote_queries")).toBe(0);
    expect(
      await tree.metric("root", "ote_query_clusters_total", { outcome: "answered" }),
    ).toBeGreaterThan(9);
  });
});

/** A cell, if it is no age, which may be another a moment later. */
function ageless(cell: string): string {
  return /^(\d+[smhd])+$/.test(cell) ? "AGE" : cell;
}
