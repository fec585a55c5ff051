import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SYSTEM_NAMESPACE } from "../../pkg/apis/cluster.ts";
import {
  CLUSTER_CONTROLLER,
  type ClusterController,
  type ClusterControllerSpec,
} from "../../pkg/apis/cluster-controller.ts";
import type { KubeObject, ResourceType } from "../../pkg/apis/object.ts";
import { eventually } from "../support/eventually.ts";
import { ObjectApi } from "../support/object-api.ts";
import { ProcessTree } from "../support/process-tree.ts";

const CONFIG_MAP: ResourceType = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const EDGES = ["edge-1", "edge-10", "west"] as const;

function create(name: string, clusterSelector?: string): ClusterControllerSpec {
  const body = `{"metadata":{"name":"${name}"}}`;
  return { clusterSelector, method: "POST", url: CONFIG_MAPS, body };
}

function conditions({ status }: ClusterController): Record<string, string> {
  return Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );
}

describe("A tree of root, a region, three edge clusters and one without an API", () => {
  let tree: ProcessTree;
  const apis = new Map<string, ObjectApi>();

  beforeAll(async () => {
    for (const name of [...EDGES, "late"]) apis.set(name, await ObjectApi.listen());
    const edge = (parent: string, name: string, tags: string) => ({
      parent,
      kubeconfig: api(name).kubeconfig,
      flags: ["--tags", tags],
    });
    tree = await ProcessTree.start({
      root: {},
      region: { parent: "root", api: true, flags: ["--tags", "tier=region"] },
      "edge-1": edge("region", "edge-1", "tier=edge,side=east"),
      "edge-10": edge("region", "edge-10", "tier=edge"),
      west: edge("root", "west", "tier=edge,side=west"),
      bare: { parent: "region", flags: ["--tunnel-listen", "none"] },
    });
    await tree.prepare("late", { parent: "region", kubeconfig: api("late").kubeconfig });
  });
  afterAll(async () => {
    await tree?.[Symbol.asyncDispose]();
    for (const api of apis.values()) await api[Symbol.asyncDispose]();
  });

  function api(name: string): ObjectApi {
    return apis.get(name) as ObjectApi;
  }

  /** How often an object was created, by cluster; clusters where it was not are left out. */
  function effects(name: string): Record<string, number> {
    const all = [...apis].map(([cluster, api]) => [cluster, api.effects(name)] as const);
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }

  /** Writes a task and waits for its end. */
  async function run(name: string, spec: ClusterControllerSpec, at?: object) {
    const task = await tree.task(name, spec, at);
    const object = await task.completed();
    return { task, object, summary: object.status?.summary, results: await task.results() };
  }

  it.each<[string, Partial<ClusterControllerSpec>, readonly string[]]>([
    ["an exact name that begins another", { clusterSelector: "edge-1" }, ["edge-1"]],
    ["a glob", { clusterSelector: "edge-*" }, ["edge-1", "edge-10"]],
    ["a tag and a name", { clusterSelector: "side=east,west" }, ["edge-1", "west"]],
    ["a tag's key", { clusterSelector: "side" }, ["edge-1", "west"]],
    ["a text inside", { clusterSelector: "*=ea*" }, ["edge-1"]],
    ["matchLabels", { selector: { matchLabels: { tier: "edge" } } }, EDGES],
    [
      "matchExpressions",
      { selector: { matchExpressions: [{ key: "side", operator: "DoesNotExist" }] } },
      ["bare", "edge-10", "region", "root"],
    ],
    [
      "both kinds of selector together",
      { clusterSelector: "edge-*", selector: { matchLabels: { side: "east" } } },
      ["edge-1"],
    ],
  ])("takes %s for exactly what it means", async (what, selecting, expected) => {
    const name = `by-${what.replaceAll(/[^a-z]+/gi, "-").toLowerCase()}`;
    const { object, summary, results } = await run(name, { ...create(name), ...selecting });
    expect(Object.keys(results).sort()).toEqual([...expected].sort());
    expect(Object.keys(object.status?.clusters ?? {}).sort()).toEqual([...expected].sort());
    expect(summary).toMatchObject({ selected: expected.length, pending: 0 });
    const executed = Object.keys(results).filter((cluster) => apis.has(cluster));
    expect(effects(name)).toEqual(Object.fromEntries(executed.map((cluster) => [cluster, 1])));
  });

  it("completes a task that selects nobody at once, and says so", async () => {
    const { object, summary } = await run("nobody", create("nobody", "nope-*"));
    expect(summary).toMatchObject({ selected: 0, done: 0, pending: 0 });
    expect(conditions(object)).toEqual({
      Accepted: "True Selected",
      Completed: "True NoClusterSelected",
    });
  });

  it.each<[string, ClusterControllerSpec, string, RegExp]>([
    ["selector", create("x", "edge-1,,west"), "InvalidSelector", /at character 8: a term is empty/],
    ["selector-character", create("x", "a b"), "InvalidSelector", /^Cannot read selector "a b"/],
    ["no-selector", create("x"), "InvalidSelector", /must be set/],
    ["destination", { ...create("x", "west"), destination: "" }, "InvalidTask", /destination/],
  ])("refuses a bad %s with a sentence and executes nothing", async (what, spec, reason, text) => {
    const { object, summary, results } = await run(`bad-${what}`, spec);
    expect(conditions(object)).toEqual({
      Accepted: `False ${reason}`,
      Completed: "True Refused",
    });
    expect(object.status?.conditions[0]?.message).toMatch(text);
    expect(summary).toMatchObject({ selected: 0 });
    expect(results).toEqual({});
    expect(effects("x")).toEqual({});
  });

  it("gives up clusters that never came when the deadline passes", async () => {
    const began = performance.now();
    const spec = { ...create("ghost", "ghost,edge-1"), deadlineSeconds: 5 };
    const { object, summary, results } = await run("ghost", spec);
    expect(summary).toMatchObject({ selected: 2, done: 1, unreachable: 1 });
    expect(results.ghost).toMatchObject({ verdict: "unreachable", reason: "NoRoute" });
    expect(conditions(object)).toMatchObject({ Completed: "True NotAllDone" });
    // Objects say only in which second they were created: nobody gets less time for that.
    expect(performance.now() - began).toBeGreaterThan(5000);
  });

  it("ends a task whose API does not answer before the deadline", async () => {
    api("west").hold("before");
    const { results } = await run("slow", { ...create("slow", "west"), deadlineSeconds: 5 });
    api("west").release("forget");
    expect(results).toMatchObject({
      west: { verdict: "failed", code: 504, reason: "DeadlineExceeded" },
    });
    expect(effects("slow")).toEqual({});
  });

  it("fails where the API is down, and is done elsewhere", async () => {
    await api("west").api.stop();
    const { summary, results } = await run("down", create("down", "west,edge-1"));
    await api("west").api.start();
    expect(summary).toMatchObject({ selected: 2, done: 1, failed: 1 });
    expect(results.west).toMatchObject({ verdict: "failed", code: 503, reason: "ApiUnreachable" });
  });

  it("is refused where there is no such destination, and where there is no API", async () => {
    const spec = { ...create("mars", "bare,west"), destination: "mars" };
    const { summary, results } = await run("mars", spec);
    expect(summary).toMatchObject({ selected: 2, refused: 2 });
    expect(results).toMatchObject({
      west: { verdict: "refused", reason: "UnknownDestination" },
      bare: { verdict: "refused", reason: "NoShim" },
    });
    expect(effects("mars")).toEqual({});
  });

  it("passes on what the cluster's API says against it", async () => {
    await run("twice-1", create("twice", "west"));
    const { results } = await run("twice-2", create("twice", "west"));
    expect(results).toMatchObject({
      west: { verdict: "failed", code: 409, reason: "AlreadyExists" },
    });
    expect(effects("twice")).toEqual({ west: 1 });
  });

  it("takes tasks from any namespace and writes the results beside them", async () => {
    const { task, results } = await run("elsewhere", create("elsewhere", "west"), {
      namespace: "default",
    });
    expect(results).toMatchObject({ west: { verdict: "done", code: 201 } });
    const [page] = await task.pages();
    expect(page?.metadata).toMatchObject({
      namespace: "default",
      ownerReferences: [{ kind: "ClusterController", name: "elsewhere", uid: task.uid }],
    });
  });

  it("executes tasks of one name in two namespaces apart", async () => {
    await run("same", create("same-1", "west"));
    const { results } = await run("same", create("same-2", "west"), { namespace: "default" });
    expect(results).toMatchObject({ west: { verdict: "done" } });
    expect(effects("same-2")).toEqual({ west: 1 });
  });

  it("lets no more clusters work on a task than its parallelism", async () => {
    for (const name of EDGES) api(name).hold("before");
    const spec = { ...create("few", "tier=edge"), parallelism: 1 };
    const task = await tree.task("few", spec);
    const held = () => EDGES.filter((name) => api(name).held > 0);
    for (const left of [3, 2, 1]) {
      const [busy = "west"] = await eventually("one works", () => held().length > 0 && held());
      // What had been sent before this one would have arrived before it.
      await run(`barrier-${left}`, { clusterSelector: "*", method: "GET", url: "/version" });
      expect(held()).toEqual([busy]);
      api(busy).release();
      await eventually(`${busy} is done`, async () => (await task.results())[busy] !== undefined);
    }
    expect((await task.completed()).status?.summary).toMatchObject({ selected: 3, done: 3 });
  });

  it("executes in root what is for root", async () => {
    const { results } = await run("in-root", create("in-root", "root"));
    expect(results).toMatchObject({ root: { verdict: "done", code: 201 } });
    const key = { namespace: "default", name: "in-root" };
    expect(await (await tree.client()).get(CONFIG_MAP, key)).toMatchObject({ kind: "ConfigMap" });
    const region = await tree.client("region");
    await expect(region.get<KubeObject>(CONFIG_MAP, key)).rejects.toMatchObject({
      reason: "NotFound",
    });
  });

  it("executes a region's own tasks in its subtree only", async () => {
    const { object, summary, results } = await run("from-region", create("from-region", "*"), {
      at: "region",
    });
    expect(summary).toMatchObject({ selected: 4, done: 3, refused: 1, pending: 0 });
    expect(results).toMatchObject({
      region: { verdict: "done" },
      "edge-1": { verdict: "done" },
      "edge-10": { verdict: "done" },
      bare: { verdict: "refused" },
    });
    expect(conditions(object)).toMatchObject({ Completed: "True NotAllDone" });
    expect(effects("from-region")).toEqual({ "edge-1": 1, "edge-10": 1 });
    const above = await tree.clusters("root");
    const below = await tree.clusters("region");
    expect([...below.keys()].sort()).toEqual(["bare", "edge-1", "edge-10", "region"]);
    expect([...above.keys()]).toContain("west");
    await expect(tree.found("from-region")).rejects.toMatchObject({ reason: "NotFound" });
  });

  it("waits for a cluster that was named before it first joined", async () => {
    const task = await tree.task("early", create("early", "late,edge-1"));
    await eventually("edge-1 is done", async () => (await task.results())["edge-1"] !== undefined);
    const { status } = await eventually("the status says so", async () => {
      const object = await task.read();
      return object.status?.summary.done === 1 && object;
    });
    expect(status).toMatchObject({ phase: "Running", summary: { selected: 2, pending: 1 } });
    tree.launch("late");
    expect((await task.completed()).status?.summary).toMatchObject({ selected: 2, done: 2 });
    expect(effects("early")).toEqual({ "edge-1": 1, late: 1 });
  });

  it("waits for a cluster that is known and offline, also when only a glob means it", async () => {
    await tree.program("late").stop();
    await eventually("late is offline", async () => {
      const late = (await tree.clusters()).get("late");
      return late?.status?.status === "offline";
    });
    const task = await tree.task("offline", create("offline", "lat*"));
    expect((await task.accepted()).status?.summary).toMatchObject({ selected: 1, pending: 1 });
    const dropped = await tree.task("dropped", create("dropped", "late"));
    await dropped.accepted();
    await dropped.delete();
    await tree.program("root").says("task deleted", { task: dropped.uid });
    tree.launch("late");
    expect((await task.completed()).status?.summary).toMatchObject({ selected: 1, done: 1 });
    expect(effects("offline")).toEqual({ late: 1 });
    expect(effects("dropped")).toEqual({});
    expect(await dropped.pages()).toEqual([]);
  });

  it("removes a task's result pages when it is deleted, and nobody else's", async () => {
    const { task } = await run("removed", create("removed", "west"));
    const { task: kept } = await run("kept", create("kept", "west"));
    expect(await task.pages()).toHaveLength(1);
    await task.delete();
    await eventually("its pages are gone", async () => (await task.pages()).length === 0);
    expect(await kept.pages()).toHaveLength(1);
  });

  it("executes a task again that was deleted and written anew, and not one that was edited", async () => {
    const spec = (name: string) => create(name, "west");
    const { task } = await run("anew", spec("anew-1"));
    const client = await tree.client();
    const edited = { ...(await task.read()), spec: { destination: "api", ...spec("anew-2") } };
    await client.update({ ...CLUSTER_CONTROLLER }, edited);
    await task.delete();
    const { task: second } = await run("anew", spec("anew-3"));
    expect(second.uid).not.toBe(task.uid);
    expect([effects("anew-1"), effects("anew-2"), effects("anew-3")]).toEqual([
      { west: 1 },
      {},
      { west: 1 },
    ]);
  });

  it("completes 300 tasks that are written at once", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `many-${index}`);
    const tasks = await Promise.all(names.map((name) => tree.task(name, create(name, "edge-*"))));
    const client = await tree.client();
    const summaries = await eventually("all are completed", async () => {
      const { items } = await client.list<ClusterController>(CLUSTER_CONTROLLER, {
        namespace: SYSTEM_NAMESPACE,
      });
      const many = items.filter(({ metadata }) => metadata.name.startsWith("many-"));
      return (
        many.every(({ status }) => status?.phase === "Completed") &&
        many.map(({ status }) => status?.summary)
      );
    });
    const both = { selected: 2, done: 2, pending: 0 };
    expect(summaries.filter((summary) => summary?.done === 2)).toHaveLength(300);
    expect(summaries[0]).toMatchObject(both);
    expect(await tasks.at(-1)?.results()).toMatchObject({
      "edge-1": { verdict: "done" },
      "edge-10": { verdict: "done" },
    });
    for (const name of names) expect(effects(name)).toEqual({ "edge-1": 1, "edge-10": 1 });
  });
});
