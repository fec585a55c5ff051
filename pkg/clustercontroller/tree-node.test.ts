import { describe, expect, it } from "vitest";
import { type ClusterName, clusterName } from "../wire/names.ts";
import { TreeWorld } from "./tree-world.fixture.ts";

const root = clusterName("root");

/** root, `regions` below it, `edges` below each. */
function tree(world: TreeWorld, regions: number, edges: number): ClusterName[] {
  const names = [world.add("root")];
  for (let region = 1; region <= regions; region++) {
    names.push(world.add(`r${region}`, "root"));
    for (let edge = 1; edge <= edges; edge++)
      names.push(world.add(`r${region}-e${edge}`, `r${region}`));
  }
  world.run(5000);
  return names;
}

function verdictsOf(world: TreeWorld, id: string): Record<string, string> {
  const { verdicts } = world.tasks.get(id) ?? { verdicts: new Map() };
  return Object.fromEntries(
    [...verdicts].map(([name, [first]]) => [
      name,
      first.by === "answer" ? first.result.verdict : first.verdict,
    ]),
  );
}

function executed(world: TreeWorld, id: string): string[] {
  return [...world.executions]
    .filter(([key]) => key.startsWith(`${id}@`))
    .flatMap(([key, times]) => Array<string>(times).fill(key.slice(id.length + 1)))
    .sort();
}

describe("a tree of controllers", () => {
  it("knows every cluster at its top, however deep", () => {
    const world = new TreeWorld();
    world.add("root");
    for (let depth = 1; depth <= 12; depth++)
      world.add(`d${depth}`, depth === 1 ? "root" : `d${depth - 1}`);
    world.run(10_000);
    const deepest = world.node(clusterName("d12"));
    expect(world.node(root)?.subtreeSize).toBe(12);
    expect(deepest?.path.join("/")).toBe("root/d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/d11/d12");
  });

  it("executes a task once in each of 500 selected clusters and nowhere else", () => {
    const world = new TreeWorld();
    const names = tree(world, 20, 50);
    const selected = names.filter((name) => name.endsWith("1") || name === "root" || name === "r7");
    world.task("t1", root, selected);
    world.run(3000);
    expect(executed(world, "t1")).toEqual([...selected].sort());
    expect(Object.keys(verdictsOf(world, "t1")).sort()).toEqual([...selected].sort());
  });

  it("sends one message to each child concerned", () => {
    const world = new TreeWorld();
    const names = tree(world, 4, 25);
    const before = world.messages;
    world.task(
      "t1",
      root,
      names.filter((name) => name.startsWith("r1-") || name.startsWith("r2-")),
    );
    world.run(100);
    // Two regions get one message each, their 50 edges one each; each answer takes two hops.
    expect(world.messages - before).toBe(2 + 50 + 100);
  });

  it("serves a task written at a middle tier and keeps its answers from the root", () => {
    const world = new TreeWorld();
    tree(world, 2, 3);
    const region = clusterName("r1");
    world.task("t1", region, [clusterName("r1-e1"), region]);
    const before = world.messages;
    world.run(2000);
    expect(executed(world, "t1")).toEqual(["r1", "r1-e1"]);
    expect(world.messages - before).toBeLessThanOrEqual(2);
  });

  it("gives a task to a cluster that joins late, and gives up at the deadline on one that does not", () => {
    const world = new TreeWorld();
    tree(world, 1, 1);
    const late = clusterName("late");
    const never = clusterName("never");
    world.task("t1", root, [late, never], { deadline: world.now + 60_000 });
    world.run(30_000);
    expect(verdictsOf(world, "t1")).toEqual({});
    world.add("late", "r1");
    world.run(10_000);
    expect(verdictsOf(world, "t1")).toEqual({ late: "done" });
    world.run(30_000);
    expect(verdictsOf(world, "t1")).toEqual({ late: "done", never: "unreachable" });
  });

  it("lets no more clusters work on a task than it allows", () => {
    const world = new TreeWorld();
    const names = tree(world, 4, 10);
    world.runMs = 1000;
    world.task("t1", root, names, { parallelism: 3 });
    let most = 0;
    for (let step = 0; step < 4000; step++) {
      world.run(10);
      const running = [...world.members.values()].filter(
        (member) => member.disk.get("t1") === "started",
      );
      most = Math.max(most, running.length);
    }
    expect(most).toBe(3);
    expect(Object.keys(verdictsOf(world, "t1"))).toHaveLength(names.length);
  });

  it("re-parents the children of a lost parent and still reaches them", () => {
    const world = new TreeWorld();
    tree(world, 3, 4);
    world.kill(clusterName("r1"));
    world.run(6000);
    const child = clusterName("r1-e1");
    expect(["r2", "r3", "root"]).toContain(world.parentOf(child));
    expect(world.node(root)?.route(child)).toBeDefined();
    world.task("t1", root, [child]);
    world.run(1000);
    expect(verdictsOf(world, "t1")).toEqual({ "r1-e1": "done" });
  });

  it.each(["root", "r1", "r1-e1"])(
    "executes once and answers once although %s dies in the middle",
    (victim) => {
      for (let delay = 0; delay < 120; delay += 5) {
        const world = new TreeWorld(delay + 1);
        tree(world, 2, 2);
        const target = clusterName("r1-e1");
        world.task("t1", root, [target]);
        world.run(delay);
        world.kill(clusterName(victim));
        world.run(2000);
        world.start(clusterName(victim));
        world.run(60_000);
        expect([delay, executed(world, "t1").length <= 1]).toEqual([delay, true]);
        expect([delay, world.tasks.get("t1")?.verdicts.get(target)?.length]).toEqual([delay, 1]);
        const [verdict] = Object.values(verdictsOf(world, "t1"));
        if (verdict === "done") expect(executed(world, "t1")).toEqual(["r1-e1"]);
      }
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "loses nothing and does nothing twice under random faults, seed %i",
    (seed) => {
      const world = new TreeWorld(seed);
      const names = tree(world, 5, 8);
      for (let step = 0; step < 150; step++) {
        const name = names[world.random(names.length)] as ClusterName;
        const fault = world.random(4);
        if (fault === 0) world.kill(name);
        else if (fault === 1) world.cut(world.uplink(name));
        else if (fault === 2)
          for (const dead of names) if (world.random(2) === 0) world.start(dead);
        if (step % 5 === 0 && world.node(root) !== undefined) world.task(`t${step}`, root, names);
        world.run(world.random(400));
      }
      for (const name of names) world.start(name);
      world.run(20 * 60_000);
      for (const [key, times] of world.executions) expect([key, times]).toEqual([key, 1]);
      for (const [id, { verdicts, order }] of world.tasks) {
        expect([id, verdicts.size]).toEqual([id, order.waiting.length]);
        for (const [name, settled] of verdicts)
          expect([id, name, settled.length]).toEqual([id, name, 1]);
      }
      expect(world.node(root)?.subtreeSize).toBe(names.length - 1);
      for (const name of names) expect(world.node(name)?.path[0]).toBe("root");
    },
  );
});
