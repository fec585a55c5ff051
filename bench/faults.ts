import { setTimeout as sleep } from "node:timers/promises";
import {
  CLUSTERS,
  childrenOf,
  FAULTS,
  type Fault,
  FaultWorld,
  PARENTS,
} from "../test/support/fault-world.ts";
import { HostNetwork } from "../test/support/host-network.ts";
import type { Row } from "./row.ts";

/** How long a fault lasts where nobody has to find another parent. */
const FAULT_MS = 6000;
/** Pause between two faults, so that what one has left behind is not taken for the other's. */
const PAUSE_MS = 3000;

/** What is measured, and the milliseconds that no sample may exceed. */
const MEASURES = {
  noticed: ["noticed by its neighbours", 3500],
  reachable: ["its children elsewhere and reached by a task", 6000],
  home: ["home again and reached by a task, after its return", 60_000],
} as const;

type Measure = keyof typeof MEASURES;
type Samples = Map<string, number[]>;

/** The hosts of each tier that are hit in the same moment, round by round. */
const TIERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  root: [["root"]],
  region: [["north"], ["south"]],
  edge: [
    ["north-1", "south-2"],
    ["south-1", "north-2"],
  ],
};

/** What the bench is to do. */
export interface FaultPlan {
  readonly repetitions: number;
  readonly quietMinutes: number;
  /** Only faults whose "TIER: FAULT" contains this. */
  readonly only: string;
}

/**
 * Torments a tree of real processes in network namespaces, one fault after the other. Needs root and nft,
 * else there are no rows and it says why.
 */
export async function faultRows(plan: FaultPlan): Promise<Row[]> {
  const reason = HostNetwork.whyNot();
  if (reason !== undefined) {
    process.stderr.write(`faults are not measured: ${reason}\n`);
    return [];
  }
  // Leaving runs the exit handlers, which remove the namespaces; the processes in them end with this one.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  await using world = await FaultWorld.start();
  try {
    return await torment(world, plan);
  } catch (error) {
    process.stderr.write(`what the clusters said is in ${await world.saveLogs()}\n`);
    throw error;
  }
}

async function torment(world: FaultWorld, plan: FaultPlan): Promise<Row[]> {
  const samples: Samples = new Map();
  let [tasks, broken] = [0, 0];
  const verify = async (when: string): Promise<void> => {
    const seen = await world.verify();
    tasks += seen.tasks;
    broken += seen.wrong.length;
    for (const wrong of seen.wrong) process.stderr.write(`${when}: ${wrong}\n`);
  };
  const alarms = await quiet(world, plan.quietMinutes);
  await verify("2 % loss");
  for (const { what, fault, hosts } of strikes(plan)) {
    process.stderr.write(`${what} (${hosts.join(" and ")})\n`);
    await strike(world, fault, hosts, (measure, ms) => {
      process.stderr.write(`  ${MEASURES[measure][0]}: ${ms} ms\n`);
      add(samples, what, measure, ms);
    });
    await sleep(PAUSE_MS);
    await verify(what);
  }
  return [
    ...rowsOf(samples),
    countRow(`lost or repeated tasks of ${tasks.toLocaleString("en")}`, broken),
    countRow(`links lost in ${plan.quietMinutes} quiet minutes with 2 % loss`, alarms.length),
  ];
}

/** One fault and the hosts that it hits. */
interface Strike {
  readonly what: string;
  readonly fault: Fault;
  readonly hosts: readonly string[];
}

function* strikes({ repetitions, only }: FaultPlan): Generator<Strike> {
  for (let round = 0; round < repetitions; round++) {
    for (const [tier, choices] of Object.entries(TIERS)) {
      for (const [name, fault] of Object.entries(FAULTS)) {
        const what = `${tier}: ${name}`;
        const hosts = choices[round % choices.length] ?? [];
        if (what.includes(only)) yield { what, fault, hosts };
      }
    }
  }
}

async function quiet(world: FaultWorld, minutes: number): Promise<string[]> {
  const hosts = ["root", ...CLUSTERS];
  for (const host of hosts) world.network.lose(host, "out", 0.02);
  const since = Date.now();
  process.stderr.write(`${minutes} quiet minutes with 2 % loss\n`);
  await sleep(minutes * 60_000);
  const alarms = world.alarms(since);
  for (const host of hosts) world.network.heal(host);
  for (const alarm of alarms) process.stderr.write(`false alarm: ${alarm}\n`);
  return alarms;
}

type Note = (measure: Measure, ms: number) => void;

async function strike(
  world: FaultWorld,
  fault: Fault,
  hosts: readonly string[],
  note: Note,
): Promise<void> {
  const began = Date.now();
  for (const host of hosts) await fault.inflict(world, host);
  const noticed = hosts.map((host) => world.noticed(host, began));
  for (const at of (await Promise.all(noticed)).flat()) note("noticed", at - began);
  // The root's children have nobody to go to.
  const movers = hosts.flatMap((host) => (host === "root" ? [] : childrenOf(host)));
  const moved = await Promise.all(movers.map((mover) => world.joinedAndExecutes(mover, began)));
  for (const at of moved) note("reachable", at - began);
  await sleep(Math.max(0, began + FAULT_MS - Date.now()));
  const healed = Date.now();
  for (const host of hosts) fault.heal(world, host);
  const back = hosts.flatMap((host) => [
    ...(host === "root" ? [] : [world.joinedAndExecutes(host, healed, PARENTS[host])]),
    ...childrenOf(host).map((child) => world.joinedAndExecutes(child, healed, host)),
  ]);
  for (const at of await Promise.all(back)) note("home", at - healed);
}

function add(samples: Samples, what: string, measure: Measure, ms: number): void {
  const key = `${what}: ${measure}`;
  samples.set(key, [...(samples.get(key) ?? []), ms]);
}

function rowsOf(samples: Samples): Row[] {
  return [...samples].map(([key, values]) => {
    const at = key.lastIndexOf(": ");
    const [meaning, bound] = MEASURES[key.slice(at + 2) as Measure];
    const sorted = values.toSorted((a, b) => a - b);
    return {
      what: `${key.slice(0, at)}: ${meaning} (${values.length} times)`,
      unit: "ms",
      ours: sorted[sorted.length >> 1] ?? Number.NaN,
      worst: sorted.at(-1) ?? Number.NaN,
      bound,
    };
  });
}

function countRow(what: string, count: number): Row {
  return { what, unit: "", ours: count, worst: count, bound: 0 };
}
