import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { HostNetwork } from "../support/host-network.ts";
import { SlowUplink } from "../support/slow-uplink.ts";

const reason = HostNetwork.whyNot();
if (reason !== undefined) process.stderr.write(`a slow uplink is not tested: ${reason}\n`);

/** Bytes a second: half a megabit. */
const RATE = 64_000;

describe.skipIf(reason !== undefined)("An edge with a slow uplink that is full", () => {
  let world: SlowUplink;
  beforeAll(async () => {
    world = await SlowUplink.start();
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  it("does its tasks between what people read from it, and stays where it is", async () => {
    world.slow(RATE);
    world.fill(6);
    await eventually("much was read", () => world.read > 10 * RATE, 60_000);
    const between: number[] = [];
    for (let task = 0; task < 7; task++) {
      const before = world.read;
      await world.task();
      between.push(world.read - before);
    }
    // In seconds of the uplink; in sockets and queues there is room for ten and more.
    between.sort((a, b) => a - b);
    expect((between[3] ?? 0) / RATE).toBeLessThan(3);
    expect(world.losses).toBe(0);
  }, 120_000);
});
