import { describe, expect, it } from "vitest";
import { clusterName } from "../wire/names.ts";
import { evenTree } from "./tree-plan.ts";
import { planOf, regions, TestWorld } from "./world.fixture.ts";

function joined(plan: ReturnType<typeof planOf>, seed = 1): TestWorld {
  const world = new TestWorld(plan, seed);
  world.run(12_000);
  return world;
}

describe("a tree of controllers", () => {
  it("knows every cluster at its top, however deep", () => {
    const parents: Record<string, string> = { root: "" };
    for (let depth = 1; depth <= 12; depth++)
      parents[`d${depth}`] = depth === 1 ? "root" : `d${depth - 1}`;
    const world = joined(planOf(parents));
    expect(world.root.node?.subtreeSize).toBe(12);
    expect(world.pathOf("d12")).toBe("root/d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/d11/d12");
  });

  it("comes together within seconds when all of 60 tiers start at the same moment", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const world = joined(evenTree(60, 60), seed);
      expect([seed, world.root.node?.subtreeSize]).toEqual([seed, 59]);
    }
  });

  it("executes a task once in each of 500 selected clusters and nowhere else", () => {
    const world = joined(regions(20, 50));
    const selected = world.names.filter(
      (name) => name.endsWith("1") || name === "root" || name === "r7",
    );
    const task = world.task(selected);
    world.run(3000);
    expect([...task.verdicts.keys()].sort()).toEqual([...selected].sort());
    expect(world.checks.executions).toBe(selected.length);
  });

  it("sends one message to each child concerned", () => {
    const world = joined(regions(4, 25));
    const before = world.messages;
    world.task(world.names.filter((name) => name.startsWith("r1-") || name.startsWith("r2-")));
    world.run(1500);
    // Two regions get one message each, their 50 edges one each; each answer takes two hops.
    expect(world.messages - before).toBe(2 + 50 + 100);
  });

  it("serves a task written at a middle tier and keeps its answers from the root", () => {
    const world = joined(regions(2, 3));
    const before = world.messages;
    const task = world.task(["r1-e1", "r1"], 60_000, "r1");
    world.run(2000);
    expect([...task.verdicts.keys()].sort()).toEqual(["r1", "r1-e1"]);
    expect(world.messages - before).toBe(2);
  });

  it("gives a task to a cluster that comes late, and gives up at the deadline on one that does not", () => {
    const world = joined(planOf({ root: "", r1: "root", late: "r1", never: "r1" }));
    world.kill(world.member("late"));
    world.kill(world.member("never"));
    world.run(1000);
    const task = world.task(["late", "never"], 60_000);
    world.run(30_000);
    expect(task.verdicts.size).toBe(0);
    world.start(world.member("late"));
    world.run(10_000);
    expect([...task.verdicts]).toEqual([["late", "done"]]);
    world.run(30_000);
    expect(Object.fromEntries(task.verdicts)).toEqual({ late: "done", never: "unreachable" });
  });

  it("lets no more clusters work on a task than it allows", () => {
    const world = joined(regions(4, 10));
    world.executor.longestMs = 1000;
    const task = world.tasks.create(world.root, world.names, 3_600_000, 3);
    let most = 0;
    for (let step = 0; step < 4000; step++) {
      world.run(10);
      const entries = [...world.members.values()].map(({ disk }) => disk.ledger.get(task.id));
      most = Math.max(most, entries.filter((entry) => entry && entry.result === undefined).length);
    }
    expect(most).toBe(3);
    expect(task.verdicts.size).toBe(world.names.length);
  });

  it.each(["root", "r1", "r1-e1"])(
    "executes once and answers once although %s dies in the middle",
    (victim) => {
      for (let delay = 0; delay < 300; delay += 10) {
        const world = joined(regions(2, 2), delay + 1);
        const task = world.task(["r1-e1"], 600_000);
        world.run(delay);
        world.kill(world.member(victim));
        world.run(2000);
        world.start(world.member(victim));
        world.run(60_000);
        expect([delay, task.verdicts.size]).toEqual([delay, 1]);
      }
    },
  );

  it.each([86_400_000, 4_000_000_000, -86_400_000])(
    "executes once although a clock jumps by %i ms while the process is dead",
    (jump) => {
      const world = joined(regions(2, 2));
      const leaf = world.member("r1-e1");
      leaf.crashAt = "written";
      world.checks.onCrash = (member) => world.kill(member);
      const task = world.task(["r1-e1"], 600_000);
      world.run(2000);
      expect([leaf.alive, world.checks.executions]).toEqual([false, 1]);
      leaf.wallOffset += jump;
      leaf.unplugged = true;
      world.start(leaf);
      world.run(3000);
      leaf.unplugged = false;
      world.run(60_000);
      expect([...task.verdicts]).toEqual([["r1-e1", "done"]]);
    },
  );
});

describe("a tree that loses a parent", () => {
  it("gives its children other parents and still reaches them", () => {
    const world = joined(regions(3, 4));
    world.kill(world.member("r1"));
    world.run(6000);
    expect(["r2", "r3", "root"]).toContain(world.parentOf("r1-e1"));
    const task = world.task(["r1-e1"]);
    world.run(1000);
    expect([...task.verdicts]).toEqual([["r1-e1", "done"]]);
  });

  it("counts everybody below as lost at once", () => {
    const world = joined(planOf({ root: "", a: "root", b: "a", c: "b", d: "c" }));
    world.member("b").unplugged = true;
    world.kill(world.member("b"));
    world.links.look(world.member("a"));
    world.links.look(world.member("c"));
    while (world.root.node?.nextHop(clusterName("b")) !== undefined) world.run(5);
    expect(world.time.now).toBeLessThan(12_000 + 3600);
    const ways = ["c", "d"].map((name) => world.root.node?.hopsTo(clusterName(name)).join());
    expect(ways.filter((way) => way?.includes("b"))).toEqual([]);
  });

  it("takes everybody home again, and nobody is out of reach meanwhile", () => {
    const world = joined(regions(3, 4));
    world.kill(world.member("r1"));
    world.run(8000);
    world.start(world.member("r1"));
    world.run(3000);
    world.checks.outages.length = 0;
    world.run(40_000);
    for (const edge of ["r1-e1", "r1-e2", "r1-e3", "r1-e4"])
      expect(world.parentOf(edge)).toBe("r1");
    expect(world.checks.outages).toEqual([]);
    expect(world.root.node?.subtreeSize).toBe(15);
  });

  it("does not go home before home has been well for a while", () => {
    const world = joined(regions(3, 4));
    world.kill(world.member("r1"));
    world.run(30_000);
    world.start(world.member("r1"));
    world.run(9000);
    expect(world.parentOf("r1")).toBe("root");
    expect(world.parentOf("r1-e1")).not.toBe("r1");
  });

  it("moves ever less often when home comes and goes", () => {
    const world = joined(regions(3, 4));
    const home = world.member("r1");
    let moves = 0;
    let parent = world.parentOf("r1-e1");
    for (let round = 0; round < 10; round++) {
      world.kill(home);
      for (let second = 0; second < 30; second++) {
        world.run(1000);
        if (second === 3) world.start(home);
        if (world.parentOf("r1-e1") !== parent) moves++;
        parent = world.parentOf("r1-e1");
      }
    }
    // Away and home again would be two moves in each round.
    expect(moves).toBeLessThan(14);
    world.run(60_000);
    expect(world.parentOf("r1-e1")).toBe("r1");
  });

  it("builds no tree without a root: regions keep their own, and look for it", () => {
    const world = joined(regions(4, 3));
    world.kill(world.root);
    world.run(60_000);
    for (const region of ["r1", "r2", "r3", "r4"]) expect(world.pathOf(region)).toBe(region);
    expect(world.pathOf("r1-e1")).toBe("r1/r1-e1");
    const task = world.task(["r1-e1", "r1-e2"], 60_000, "r1");
    world.run(2000);
    expect(task.verdicts.size).toBe(2);
    world.start(world.root);
    world.run(10_000);
    expect(world.root.node?.subtreeSize).toBe(16);
  });

  it("lets an edge that restarts come home to its region while there is no root", () => {
    const world = joined(regions(2, 2));
    world.kill(world.root);
    world.run(5000);
    world.kill(world.member("r1-e1"));
    world.run(1000);
    world.start(world.member("r1-e1"));
    world.run(8000);
    expect(world.pathOf("r1-e1")).toBe("r1/r1-e1");
  });

  it("leaves a parent that has lost the root for somebody who has not", () => {
    const world = joined(regions(3, 3));
    const lost = world.member("r1");
    const below = ["r1-e1", "r1-e2", "r1-e3"];
    const outside = new Set(
      [...world.members.values()].filter(({ name }) => !below.includes(name)),
    );
    world.network.partitions.push({
      inside: new Set([lost]),
      outside,
      blocks: "both",
      endedAt: undefined,
    });
    world.links.look(lost);
    world.run(15_000);
    for (const name of below) expect(world.root.node?.route(clusterName(name)), name).toBeDefined();
    expect(world.root.node?.route(clusterName("r1"))).toBeUndefined();
  });

  it("makes no ring of three that were cut off together and look for each other", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = joined(
        planOf({ root: "", a: "root", b: "root", c: "root", a1: "a", b1: "b", c1: "c" }),
        seed,
      );
      for (const name of ["a", "b", "c"]) world.cut(world.member(name));
      world.run(8000);
      expect(world.root.node?.subtreeSize).toBe(6);
    }
  });
});
