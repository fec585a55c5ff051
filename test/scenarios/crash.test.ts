import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ClusterControllerSpec } from "../../pkg/apis/cluster-controller.ts";
import { isStatus } from "../../pkg/apis/status.ts";
import { eventually } from "../support/eventually.ts";
import { ObjectApi } from "../support/object-api.ts";
import { ProcessTree, type TaskHandle } from "../support/process-tree.ts";

/** root, region and shop, and the API that counts what is executed in shop. */
class World implements AsyncDisposable {
  readonly tree: ProcessTree;
  readonly api: ObjectApi;

  private constructor(tree: ProcessTree, api: ObjectApi) {
    this.tree = tree;
    this.api = api;
  }

  static async start(): Promise<World> {
    const api = await ObjectApi.listen();
    const tree = await ProcessTree.start({
      root: {},
      region: { parent: "root" },
      shop: { parent: "region", kubeconfig: api.kubeconfig },
    });
    return new World(tree, api);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await this.tree[Symbol.asyncDispose]();
  }

  /** Kills a process and starts it again on the same data. */
  async crash(name: string): Promise<void> {
    await this.tree.program(name).kill();
    this.tree.launch(name);
  }

  /** The writes that reached the API for one object. */
  writes(name: string): string[] {
    return this.api.api.requests
      .filter(({ url, body }) => url.endsWith(`/${name}`) || body.includes(`"${name}"`))
      .map(({ method }) => method);
  }
}

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

function create(name: string): ClusterControllerSpec {
  const body = `metadata: {name: ${name}}`;
  return { clusterSelector: "shop", method: "POST", url: CONFIG_MAPS, body };
}

function patch(name: string): ClusterControllerSpec {
  const url = `${CONFIG_MAPS}/${name}`;
  return { clusterSelector: "shop", method: "PATCH", url, body: "data: {a: b}" };
}

const ALL_DONE = { selected: 1, done: 1, failed: 0, refused: 0, pending: 0 };

const DONE = { shop: { verdict: "done", code: 201 } };

/** What is promised wherever the crash: one execution, one verdict, and nobody waits any more. */
async function expectDoneOnce({ api }: World, task: TaskHandle): Promise<void> {
  expect((await task.completed()).status?.summary).toMatchObject(ALL_DONE);
  expect(await task.results()).toMatchObject(DONE);
  expect(api.effects(task.name)).toBe(1);
}

async function killedBeforeDelivery(world: World, victim: string): Promise<void> {
  const { tree } = world;
  const below = tree.program(victim === "shop" ? "shop" : "region");
  below.signal("SIGSTOP");
  const task = await tree.task(`${victim}-before`, create(`${victim}-before`));
  await task.accepted();
  await world.crash(victim);
  below.signal("SIGCONT");
  await expectDoneOnce(world, task);
  expect(world.writes(task.name)).toEqual(["POST"]);
}

async function killedAfterAnswer(world: World, victim: string): Promise<void> {
  const { tree, api } = world;
  api.hold("after");
  const task = await tree.task(`${victim}-after`, create(`${victim}-after`));
  await api.holds();
  // Nobody passes the answer on for now.
  const region = tree.program("region");
  region.signal("SIGSTOP");
  api.release();
  await tree.program("shop").says("task finished", { task: task.uid });
  await world.crash(victim);
  region.signal("SIGCONT");
  await expectDoneOnce(world, task);
  expect(world.writes(task.name)).toEqual(["POST"]);
}

async function killedMeanwhile(world: World, victim: string, answer: "away" | "back") {
  const { tree, api } = world;
  api.hold("after");
  const task = await tree.task(`${victim}-${answer}`, create(`${victim}-${answer}`));
  await api.holds();
  await tree.program(victim).kill();
  if (answer === "away") {
    api.release();
    await tree.program("shop").says("task finished", { task: task.uid });
  }
  tree.launch(victim);
  await tree.program(victim).says("ready");
  api.release();
  await expectDoneOnce(world, task);
  expect(world.writes(task.name)).toEqual(["POST"]);
}

describe("A task whose root or cluster is killed", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(() => world.tree.below("region", "shop"));

  it.each(["root", "shop"])("before delivery (%s) is done once", async (victim) => {
    await killedBeforeDelivery(world, victim);
  });

  it.each(["root", "shop"])("after the answer (%s) is done once", async (victim) => {
    await killedAfterAnswer(world, victim);
  });

  it("is done once when the API answers while root is away", async () => {
    await killedMeanwhile(world, "root", "away");
  });

  it("is done once when the API answers after root is back", async () => {
    await killedMeanwhile(world, "root", "back");
  });

  it("is done without a second request when the API had created the object", async () => {
    const { tree, api } = world;
    api.hold("after");
    const task = await tree.task("created", create("created"));
    await api.holds();
    await tree.program("shop").kill();
    api.release();
    tree.launch("shop");
    await expectDoneOnce(world, task);
    expect(world.writes("created")).toEqual(["POST", "GET"]);
  });

  it("is executed after the crash when the API had forgotten the request", async () => {
    const { tree, api } = world;
    api.hold("before");
    const task = await tree.task("forgotten", create("forgotten"));
    await api.holds();
    await tree.program("shop").kill();
    api.release("forget");
    tree.launch("shop");
    await expectDoneOnce(world, task);
    expect(world.writes("forgotten")).toEqual(["POST", "GET", "POST"]);
  });

  it("fails with OutcomeUnknown and is not repeated when it is a patch", async () => {
    const { tree, api } = world;
    api.hold("after");
    const task = await tree.task("patched", patch("patched"));
    await api.holds();
    await tree.program("shop").kill();
    api.release();
    tree.launch("shop");
    const summary = { selected: 1, done: 0, failed: 1, pending: 0 };
    expect((await task.completed()).status?.summary).toMatchObject(summary);
    const unknown = { verdict: "failed", code: 500, reason: "OutcomeUnknown" };
    expect(await task.results()).toMatchObject({ shop: unknown });
    expect(world.writes("patched")).toEqual(["PATCH"]);
  });

  it("is one of thirty that end once each while every process is killed in turn", async () => {
    const { tree, api } = world;
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    const written = (async () => {
      const tasks: TaskHandle[] = [];
      for (const name of names) tasks.push(await untilWritten(tree, name));
      return tasks;
    })();
    for (const victim of ["shop", "region", "root", "shop"]) {
      await world.crash(victim);
      await tree.program(victim).says("ready");
    }
    for (const task of await written) await expectDoneOnce(world, task);
    expect(api.held).toBe(0);
  });
});

// While its region is away shop lives below root, and goes home only after a while: each has its own tree.
describe("A task whose region is killed", () => {
  it("before delivery is done once", async () => {
    await using world = await World.start();
    await killedBeforeDelivery(world, "region");
  });

  it("after the answer is done once", async () => {
    await using world = await World.start();
    await killedAfterAnswer(world, "region");
  });

  it("while the API works on it is done once", async () => {
    await using world = await World.start();
    await killedMeanwhile(world, "region", "away");
  });
});

/** Writes a task to a root that may be away; one that was written before the answer was lost is found. */
function untilWritten(tree: ProcessTree, name: string): Promise<TaskHandle> {
  return eventually(`task ${name} is written`, async () => {
    try {
      return await tree.task(name, create(name));
    } catch (error) {
      if (isStatus(error, "AlreadyExists")) return tree.found(name);
      throw error;
    }
  });
}
