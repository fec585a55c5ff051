import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CLUSTERS, childrenOf, FAULTS, FaultWorld } from "../support/fault-world.ts";
import { HostNetwork } from "../support/host-network.ts";

const reason = HostNetwork.whyNot();
if (reason !== undefined) process.stderr.write(`network faults are not tested: ${reason}\n`);

// The bounds that `npm run bench -- faults` holds, and some room for a machine that does other things.
const NOTICED_MS = 3500 + 2000;
const REACHABLE_MS = 6000 + 4000;
const HOME_MS = 60_000;

describe.skipIf(reason !== undefined)("A tree on a network that fails", () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.start();
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());
  // Whatever happens, nothing is lost and nothing is done twice.
  afterEach(async () => {
    const { tasks, wrong } = await world.verify();
    expect(wrong).toEqual([]);
    expect(tasks).toBeGreaterThan(0);
  }, 60_000);

  it("takes 2 % loss for no fault", async () => {
    const hosts = ["root", ...CLUSTERS];
    for (const host of hosts) world.network.lose(host, "out", 0.02);
    const since = Date.now();
    await sleep(30_000);
    expect(world.alarms(since)).toEqual([]);
    for (const host of hosts) world.network.heal(host);
  }, 60_000);

  it.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])(
    "notices within three heartbeats that an edge is gone: %s",
    async (name) => {
      const began = Date.now();
      await FAULTS[name].inflict(world, "south-1");
      const noticed = await world.noticed("south-1", began);
      expect(Math.max(...noticed) - began).toBeLessThan(NOTICED_MS);
      const healed = Date.now();
      FAULTS[name].heal(world, "south-1");
      const back = await world.joinedAndExecutes("south-1", healed, "south");
      expect(back - healed).toBeLessThan(HOME_MS);
    },
    90_000,
  );

  it("brings the edges of a region without a link to another region, and home again", async () => {
    const began = Date.now();
    world.network.cut("north");
    for (const edge of childrenOf("north")) {
      const reached = await world.joinedAndExecutes(edge, began);
      expect(reached - began).toBeLessThan(REACHABLE_MS);
    }
    const healed = Date.now();
    world.network.heal("north");
    for (const edge of childrenOf("north")) {
      const home = await world.joinedAndExecutes(edge, healed, "north");
      expect(home - healed).toBeLessThan(HOME_MS);
    }
  }, 120_000);

  it("has its regions back when the root was gone", async () => {
    const began = Date.now();
    await FAULTS["kill -9"].inflict(world, "root");
    await world.noticed("root", began);
    const healed = Date.now();
    FAULTS["kill -9"].heal(world, "root");
    for (const region of childrenOf("root")) await world.joinedAndExecutes(region, healed);
  }, 90_000);
});
