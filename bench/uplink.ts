import { setTimeout as sleep } from "node:timers/promises";
import { HostNetwork } from "../test/support/host-network.ts";
import { SlowUplink } from "../test/support/slow-uplink.ts";
import type { Row } from "./row.ts";

/** Bytes a second: two megabits. */
const RATE = 250_000;
const READERS = 8;
const TASKS = 30;
/** Milliseconds until every queue on the way is as full as it gets. */
const FILLING_MS = 10_000;

/** What tasks and readers get of a slow uplink that they share. */
export async function uplinkRows(): Promise<Row[]> {
  const reason = HostNetwork.whyNot();
  if (reason !== undefined) {
    process.stderr.write(`a slow uplink is not measured: ${reason}\n`);
    return [];
  }
  await using world = await SlowUplink.start();
  world.slow(RATE);
  await taskTimes(world);
  const quiet = await taskTimes(world);
  world.fill(READERS);
  await sleep(FILLING_MS);
  const [read, began] = [world.read, performance.now()];
  const busy = await taskTimes(world);
  const rate = ((world.read - read) * 1000) / (performance.now() - began);
  const what = `task over an uplink of 2 Mbit/s that ${READERS} readers fill`;
  return [
    { what: `${what}, median`, unit: "ms", ours: at(busy, 0.5), yardstick: at(quiet, 0.5) },
    { what: `${what}, p90`, unit: "ms", ours: at(busy, 0.9), yardstick: at(quiet, 0.9) },
    { what: "read over it meanwhile", unit: "kB/s", ours: rate / 1000, yardstick: RATE / 1000 },
  ];
}

async function taskTimes(world: SlowUplink): Promise<number[]> {
  const times: number[] = [];
  for (let task = 0; task < TASKS; task++) {
    const began = performance.now();
    await world.task();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
