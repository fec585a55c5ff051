import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CLUSTERS, childrenOf, FAULTS, FaultWorld } from "../support/fault-world.ts";
import { HostNetwork } from "../support/host-network.ts";

const reason = HostNetwork.whyNot();
if (reason !== undefined) process.stderr.write(`network faults are not tested: ${reason}\n`);

/** Executions at a cluster that are traffic enough for many packets to be lost. */
const MUCH = 100;
const LIMIT_MS = 300_000;

// How soon is what `npm run bench -- faults` measures.
describe.skipIf(reason !== undefined)("A tree on a network that fails", () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.start();
  }, LIMIT_MS);
  afterAll(() => world?.[Symbol.asyncDispose]());
  // Whatever happens, nothing is lost and nothing is done twice.
  afterEach(async () => {
    const { tasks, wrong } = await world.verify();
    expect(wrong).toEqual([]);
    expect(tasks).toBeGreaterThan(0);
  }, LIMIT_MS);

  it("takes 2 % loss for no fault", async () => {
    const hosts = ["root", ...CLUSTERS];
    for (const host of hosts) world.network.lose(host, "out", 0.02);
    const since = Date.now();
    await Promise.all(CLUSTERS.map((host) => world.executed(host, MUCH)));
    expect(world.alarms(since)).toEqual([]);
    for (const host of hosts) world.network.heal(host);
  });

  it.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])(
    "notices that an edge is gone while it is, and takes it back: %s",
    async (name) => {
      const began = Date.now();
      await FAULTS[name].inflict(world, "south-1");
      await world.noticed("south-1", began);
      const healed = Date.now();
      FAULTS[name].heal(world, "south-1");
      await world.joinedAndExecutes("south-1", healed, "south");
    },
    LIMIT_MS,
  );

  it(
    "brings the edges of a region without a link to another region, and home again",
    async () => {
      const began = Date.now();
      world.network.cut("north");
      for (const edge of childrenOf("north")) await world.joinedAndExecutes(edge, began);
      const healed = Date.now();
      world.network.heal("north");
      for (const edge of childrenOf("north")) await world.joinedAndExecutes(edge, healed, "north");
    },
    LIMIT_MS,
  );

  it(
    "has its regions back when the root was gone",
    async () => {
      const began = Date.now();
      await FAULTS["kill -9"].inflict(world, "root");
      await world.noticed("root", began);
      const healed = Date.now();
      FAULTS["kill -9"].heal(world, "root");
      for (const region of childrenOf("root")) await world.joinedAndExecutes(region, healed);
    },
    LIMIT_MS,
  );
});
