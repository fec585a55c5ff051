import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLUSTER, SYSTEM_NAMESPACE } from "../../pkg/apis/cluster.ts";
import { NAMESPACE } from "../../pkg/apis/namespace.ts";
import type { KubeObject, ResourceType } from "../../pkg/apis/object.ts";
import { isStatus } from "../../pkg/apis/status.ts";
import type { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { mirrorNamespace, mirrorType } from "../../pkg/reporting/mirror-objects.ts";
import { REPORTED_TYPES } from "../../pkg/reporting/reported-types.ts";
import { CutOffEdge } from "../support/cut-off-edge.ts";
import { eventually } from "../support/eventually.ts";
import { untilMirrored } from "../support/mirror-view.ts";
import { MirrorWatch } from "../support/mirror-watch.ts";
import { ProcessTree } from "../support/process-tree.ts";
import {
  type Answer,
  json,
  ScriptedApi,
  type SeenRequest,
  status,
} from "../support/scripted-api.ts";

const KINDS = ["nodes", "deployments", "services"];
const REPORT = ["--report", `${KINDS.join()},pods:summary`];
const DEPLOYMENT = REPORTED_TYPES.deployments?.type as ResourceType;
const SERVICE = REPORTED_TYPES.services?.type as ResourceType;
const LIMIT_MS = 60_000;

type Client = TransportResourceClient;

/** Makes, changes and deletes objects until told to stop; some stay, some are others, some are gone. */
class Burst implements AsyncDisposable {
  readonly #done: Promise<void>;
  #isOver = false;
  #round = 0;

  constructor(client: () => Promise<Client>, prefix: string) {
    this.#done = this.#run(client, prefix);
  }

  /** Resolves when that many objects were made. */
  async reaches(count: number): Promise<void> {
    await eventually(`${count} objects were made`, () => this.#round >= count, LIMIT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }

  async #run(client: () => Promise<Client>, prefix: string): Promise<void> {
    while (!this.#isOver) {
      const at = this.#round;
      // The API ends with the process that it is in: what it did not take is tried again.
      const isDone = await change(await client(), prefix, at).then(
        () => true,
        () => false,
      );
      if (isDone) this.#round += 1;
      await new Promise((resolve) => setTimeout(resolve, isDone ? 2 : 100));
    }
  }
}

async function change(client: Client, prefix: string, at: number): Promise<void> {
  await create(client, DEPLOYMENT, deployment(`${prefix}-${at}`, 1));
  if (at % 3 === 0) {
    const key = { namespace: "default", name: `${prefix}-${Math.floor(at / 2)}` };
    await client.patch(DEPLOYMENT, key, "merge", { spec: { replicas: at } }).catch(absent);
  }
  if (at % 5 === 4) {
    const key = { namespace: "default", name: `${prefix}-${at - 2}` };
    await client.delete(DEPLOYMENT, key).catch(absent);
  }
}

async function create(client: Client, type: ResourceType, object: KubeObject): Promise<void> {
  await client.create(type, object).catch((error: unknown) => {
    if (!isStatus(error, "AlreadyExists")) throw error;
  });
}

function absent(error: unknown): undefined {
  if (!isStatus(error, "NotFound")) throw error;
}

function deployment(name: string, replicas: number): KubeObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "c:1" }] } };
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment" },
    metadata: { name, namespace: "default", labels },
    spec: { replicas, selector: { matchLabels: labels }, template },
  } as KubeObject;
}

function service(name: string): KubeObject {
  const spec = { type: "ExternalName", externalName: `${name}.example` };
  const metadata = { name, namespace: "default" };
  return { apiVersion: "v1", kind: "Service", metadata, spec } as KubeObject;
}

describe("Reports, while processes are killed", () => {
  let tree: ProcessTree;
  beforeAll(async () => {
    tree = await ProcessTree.start({
      root: {},
      region: { parent: "root", api: true, flags: ["--report", "none"] },
      south: { parent: "root" },
      edge: { parent: "region", api: true, flags: REPORT },
    });
  }, 120_000);
  afterAll(() => tree?.[Symbol.asyncDispose]());

  it.each(["root", "region", "edge"])(
    "of a burst, kill -9 of %s: nothing is lost",
    async (victim) => {
      const edge = await tree.client("edge");
      {
        await using burst = new Burst(() => tree.client("edge"), victim);
        await burst.reaches(60);
        await tree.program(victim).kill();
        tree.launch(victim);
        await tree.program(victim).says("ready", {}, LIMIT_MS);
        await burst.reaches(150);
      }
      await untilMirrored(await tree.client(), edge, "edge", KINDS, LIMIT_MS);
    },
    150_000,
  );

  it("of an edge that moves to another region: nothing is lost, and its path follows", async () => {
    const centre = await tree.client();
    await tree.below("region", "edge");
    await using watch = await MirrorWatch.start(centre, "edge", KINDS);
    const before = (await centre.list(mirrorType("deployments") as ResourceType)).items.length;
    await tree.program("region").kill();
    await eventually("it lives elsewhere", async () => {
      const { status } = (await tree.clusters()).get("edge") ?? {};
      return status?.status === "online" && status.parentName !== "region";
    });
    const edge = await tree.client("edge");
    await edge.create(SERVICE, service("moved"));
    await untilMirrored(centre, edge, "edge", KINDS, LIMIT_MS);
    const path = (await tree.clusters()).get("edge")?.status?.path?.replaceAll("/", "_");
    const onPath = () =>
      eventually("everything is on its path", async () => {
        const { items } = await centre.list(mirrorType("deployments") as ResourceType);
        const paths = new Set(items.map(({ metadata }) => metadata.labels?.["ote.baidu.com/path"]));
        const [now] = paths;
        return items.length === before && paths.size === 1 && now?.endsWith("_edge") && now;
      });
    expect(path).toBeTypeOf("string");
    await eventually("the path is the new one", async () => !(await onPath()).includes("region"));
    expect(watch.changes.filter((change) => change.startsWith("DELETED"))).toEqual([]);
    tree.launch("region");
    await tree.below("region", "edge");
    await eventually("the path is the old one", async () => (await onPath()).includes("region"));
    await untilMirrored(centre, edge, "edge", KINDS, LIMIT_MS);
    expect(watch.changes.filter((change) => change.startsWith("DELETED"))).toEqual([]);
  }, 180_000);

  it("make the statuses at a region's own API, and no objects there", async () => {
    const edge = await tree.client("edge");
    const total = (await edge.list(DEPLOYMENT)).items.length;
    await eventually("the region shows the edge's numbers", async () => {
      return (
        (await tree.clusters("region")).get("edge")?.status?.counts?.deployments?.total === total
      );
    });
    const region = await tree.client("region");
    const at = { name: mirrorNamespace("edge") };
    await expect(region.get(NAMESPACE, at)).rejects.toMatchObject({ status: { code: 404 } });
  });

  it("are others when the owner has said so: what is not reported any more goes, and its numbers stay", async () => {
    const centre = await tree.client();
    await tree.program("edge").stop();
    const before = await tree.clusters();
    expect(before.get("edge")?.status?.counts?.deployments?.total).toBeGreaterThan(0);
    tree.launch("edge", ["--report", "services,deployments:summary"]);
    await tree.program("edge").says("ready");
    await eventually("there are no Deployments", async () => {
      return (await centre.list(mirrorType("deployments") as ResourceType)).items.length === 0;
    });
    await untilMirrored(centre, await tree.client("edge"), "edge", ["services"], LIMIT_MS);
    const { counts } = (await tree.clusters()).get("edge")?.status ?? {};
    expect(counts?.deployments?.total).toBeGreaterThan(0);
  });

  it("go with their cluster's object, while the others stay", async () => {
    const centre = await tree.client();
    const edge = await tree.client("edge");
    await centre.delete(CLUSTER, { namespace: SYSTEM_NAMESPACE, name: "edge" });
    await eventually("the namespace is gone", () =>
      centre.get(NAMESPACE, { name: mirrorNamespace("edge") }).then(
        () => false,
        (error: unknown) => isStatus(error, "NotFound"),
      ),
    );
    expect((await edge.list(SERVICE)).items.length).toBeGreaterThan(0);
  });
});

describe("Reports, while the edge is cut off", () => {
  it("stay as they were, and are equal when it is back", async () => {
    await using world = await CutOffEdge.start({ edge: { api: true, flags: REPORT } });
    const [centre, edge] = [await world.tree.client(), await world.tree.client("edge")];
    for (const name of ["a", "b", "c"]) await edge.create(DEPLOYMENT, deployment(name, 1));
    await untilMirrored(centre, edge, "edge", KINDS);
    const counted = async () => (await world.tree.clusters()).get("edge")?.status?.counts;
    await eventually("they are counted", async () => (await counted())?.deployments?.total === 3);
    await using watch = await MirrorWatch.start(centre, "edge", KINDS);
    await world.cut();
    await edge.delete(DEPLOYMENT, { namespace: "default", name: "a" });
    // Deleted and made again: it is another object of that name.
    await edge.delete(DEPLOYMENT, { namespace: "default", name: "b" });
    await edge.create(DEPLOYMENT, deployment("b", 7));
    await edge.create(SERVICE, service("new"));
    const status = (await world.tree.clusters()).get("edge")?.status;
    expect(status).toMatchObject({ status: "offline", counts: { deployments: { total: 3 } } });
    expect(watch.changes).toEqual([]);
    await world.restore();
    await untilMirrored(centre, edge, "edge", KINDS);
    await eventually("everything was seen", () => watch.changes.length >= 3);
    expect([...watch.changes].sort()).toEqual([
      "ADDED services default/new",
      "DELETED deployments default/a",
      "MODIFIED deployments default/b",
    ]);
  }, 120_000);
});

/** A small API in which nobody may list Deployments. */
function answer({ url }: SeenRequest): Answer {
  if (url.startsWith("/version")) return json({ gitVersion: "v1.20.2" });
  if (url.includes("/deployments")) return status(403, "Forbidden");
  if (url.includes("watch=true")) return { body: Readable.from(forever()) };
  const items = url.includes("/services")
    ? [{ metadata: { name: "web", namespace: "default", uid: "u", resourceVersion: "7" } }]
    : [];
  return json({ kind: "List", apiVersion: "v1", metadata: { resourceVersion: "7" }, items });
}

async function* forever(): AsyncGenerator<string> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    yield "\n";
  }
}

describe("Reports of an edge", () => {
  it("whose API forbids a kind, and was away at first, are of all other kinds", async () => {
    await using api = await ScriptedApi.listen();
    api.answer = answer;
    await api.stop();
    await using tree = await ProcessTree.start({
      root: {},
      edge: { parent: "root", kubeconfig: api.kubeconfig, flags: REPORT },
    });
    const centre = await tree.client();
    const condition = async () => (await tree.clusters()).get("edge")?.status?.conditions?.[0];
    await eventually("it is said to be away", async () => (await condition())?.status === "False");
    await api.start();
    await eventually("it is back", async () => (await condition())?.status === "True");
    await eventually("its service is there", async () => {
      const { items } = await centre.list(mirrorType("services") as ResourceType);
      return items.map(({ metadata }) => metadata.name).join() === "default.web";
    });
    const { counts, kubernetesVersion } = (await tree.clusters()).get("edge")?.status ?? {};
    expect(kubernetesVersion).toBe("v1.20.2");
    expect(counts).toMatchObject({ services: { total: 1 }, nodes: { total: 0 } });
    expect(counts).not.toHaveProperty("deployments");
    const task = { clusterSelector: "edge", method: "GET", url: "/version" };
    await (await tree.task("still-works", task)).completed();
  });
});
