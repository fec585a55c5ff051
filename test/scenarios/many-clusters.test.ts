import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLUSTER_CONTROLLER, type ClusterController } from "../../pkg/apis/cluster-controller.ts";
import { noMetrics } from "../../pkg/base/metrics.ts";
import { TUNNEL_PATH } from "../../pkg/tunnel/cloud-tunnel.ts";
import { dialLink } from "../../pkg/tunnel/edge-tunnel.ts";
import type { Link } from "../../pkg/tunnel/link.ts";
import { helloOf } from "../../pkg/tunnel/tunnel.fixture.ts";
import type { Task } from "../../pkg/wire/message.ts";
import { eventually } from "../support/eventually.ts";
import { ProcessTree } from "../support/process-tree.ts";

const COUNT = 200;
const NAMES = Array.from({ length: COUNT }, (_, index) => `shop-${index}`);

/** A child that answers every task at once, as a controller with a very fast cluster would. */
class FastChild {
  readonly tasks: string[] = [];
  /** Resolves when it may answer. */
  static mayAnswer = Promise.resolve();
  readonly #link: Link;

  private constructor(link: Link) {
    this.#link = link;
    void link.receive((message) => {
      if (message.kind === "task") void this.#answer(message);
    });
  }

  static async join(address: string, name: string): Promise<FastChild> {
    const hello = helloOf(name, { tags: { tier: "edge" } });
    const options = {
      address,
      path: TUNNEL_PATH,
      hello: () => hello,
      side: "up",
      metrics: noMetrics,
    } as const;
    const { link } = await dialLink(options, AbortSignal.timeout(60_000));
    const child = new FastChild(link);
    link.send({ kind: "routes", reset: true, changed: [], removed: [], digest: "" });
    return child;
  }

  async leave(): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }

  async #answer({ id, origin, targets }: Task): Promise<void> {
    this.tasks.push(id);
    await FastChild.mayAnswer;
    for (const cluster of targets) {
      const body = new TextEncoder().encode('{"kind":"ConfigMap"}');
      const head = { kind: "result", id, origin, cluster, verdict: "done", code: 201 } as const;
      this.#link.send({ ...head, reason: "", truncated: false, timestamp: Date.now(), body });
    }
  }
}

describe(`A root with ${COUNT} children`, () => {
  let tree: ProcessTree;
  let children: FastChild[] = [];

  beforeAll(async () => {
    tree = await ProcessTree.start({ root: {} }, { insecure: true });
    children = await Promise.all(NAMES.map((name) => FastChild.join(tree.address("root"), name)));
    await tree.online(...NAMES);
  });
  afterAll(async () => {
    await Promise.all(children.map((child) => child.leave()));
    await tree?.[Symbol.asyncDispose]();
  });

  /** Runs a task that all of them answer at the same time; says how often its object was written. */
  async function run(name: string) {
    const client = await tree.client();
    const { metadata } = await client.list<ClusterController>(CLUSTER_CONTROLLER);
    const { resourceVersion } = metadata;
    let answer = (): void => {};
    FastChild.mayAnswer = new Promise((resolve) => {
      answer = resolve;
    });
    const spec = { clusterSelector: "tier=edge", method: "POST", url: "/", body: "{}" };
    const task = await tree.task(name, spec);
    await eventually("all are asked", () =>
      children.every(({ tasks }) => tasks.includes(task.uid)),
    );
    answer();
    let writes = 0;
    let last: ClusterController | undefined;
    const stop = AbortSignal.timeout(60_000);
    for await (const event of client.watch(CLUSTER_CONTROLLER, { resourceVersion }, stop)) {
      const object = event.object as ClusterController;
      if (event.type === "BOOKMARK" || object.metadata.name !== name) continue;
      writes++;
      last = object;
      if (object.status?.phase === "Completed") break;
    }
    const grown = Number(last?.metadata.resourceVersion) - Number(resourceVersion);
    return { task, status: last?.status, writes, grown };
  }

  it("has every verdict in a handful of writes", async () => {
    await run("warm-up");
    const { task, status, writes, grown } = await run("measured");
    expect(status?.summary).toMatchObject({ selected: COUNT, done: COUNT, pending: 0 });
    expect(Object.keys(await task.results()).sort()).toEqual([...NAMES].sort());
    expect(Object.keys(status?.clusters ?? {})).toHaveLength(COUNT);
    expect(children.map(({ tasks }) => tasks.filter((id) => id === task.uid).length)).toEqual(
      NAMES.map(() => 1),
    );
    expect(writes).toBeLessThan(COUNT / 10);
    expect(grown).toBeLessThan(COUNT / 5);
  });

  it("has every verdict of fifty tasks at once", async () => {
    const specs = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    const spec = { clusterSelector: "shop-*", method: "POST", url: "/", body: "{}" };
    const tasks = await Promise.all(specs.map((name) => tree.task(name, spec)));
    for (const task of tasks) {
      const { status } = await task.completed();
      expect(status?.summary).toMatchObject({ selected: COUNT, done: COUNT, pending: 0 });
    }
    for (const child of children) expect(child.tasks).toHaveLength(52);
  });
});
