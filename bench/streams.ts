import { setTimeout as sleep } from "node:timers/promises";
import { ControlPlane } from "../test/support/control-plane.ts";
import { PodSession } from "../test/support/pod-session.ts";
import { MEMBERS, PodWorld } from "../test/support/pod-world.ts";
import { RealPodWorld } from "../test/support/real-pod-world.ts";
import { median, p99 } from "./quantile.ts";
import type { Row } from "./row.ts";
import { copyRows } from "./stream-copies.ts";
import { changesSeen } from "./stream-watches.ts";
import { inTurns } from "./turns.ts";

const WATCHES = 200;
const CHANGES = 30;
const SESSIONS = 50;
const ECHOES = 40;
const CYCLES = 500;

/** What is measured in a world of pods, as rows; those with a yardstick take turns with it. */
const STREAM_BENCHMARKS: Readonly<
  Record<string, (world: PodWorld, repetitions: number) => Promise<Row[]>>
> = {
  watches: watchRows,
  sessions: sessionRows,
  flood: floodRows,
  stalled: stalledRows,
  copy: copyRows,
  cycles: cycleRows,
};

/** What is measured how often, and if every tier has a kube-apiserver of its own or only the edge. */
export interface StreamPlan {
  readonly repetitions: number;
  readonly only: string;
  readonly allReal: boolean;
}

/** kubectl and its like through three tiers, beside direct access to the same kube-apiserver. */
export async function streamRows(plan: StreamPlan): Promise<Row[]> {
  if ((process.env.KUBEBUILDER_ASSETS ?? "") === "") {
    process.stderr.write("streams are not measured: KUBEBUILDER_ASSETS is not set\n");
    return [];
  }
  await using parts = new AsyncDisposableStack();
  const plane = parts.use(await ControlPlane.start());
  const world = plan.allReal
    ? parts.use(await RealPodWorld.start(plane)).pods
    : parts.use(await PodWorld.start(plane));
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(STREAM_BENCHMARKS)) {
    if (!name.includes(plan.only)) continue;
    process.stderr.write(`  ${name}\n`);
    rows.push(...(await measure(world, plan.repetitions)));
  }
  return rows;
}

async function watchRows(world: PodWorld, repetitions: number): Promise<Row[]> {
  const delays = await inTurns(world, repetitions, (kubeconfig) =>
    changesSeen({ kubeconfig, direct: world.direct, watches: WATCHES, changes: CHANGES }),
  );
  return [
    {
      what: `change to event at ${WATCHES} watches, p99`,
      unit: "ms",
      ours: p99(delays.ours),
      yardstick: p99(delays.direct),
    },
  ];
}

async function sessionRows(world: PodWorld, repetitions: number): Promise<Row[]> {
  const openings: Record<string, number[]> = { [world.direct]: [], [world.through()]: [] };
  const echoes = await inTurns(world, repetitions, async (kubeconfig) => {
    const began = performance.now();
    const sessions = await openMany(kubeconfig, SESSIONS);
    openings[kubeconfig]?.push(performance.now() - began);
    const times = await Promise.all(sessions.map((session) => echoTimes(session, ECHOES)));
    for (const session of sessions) session.cut();
    return times.flat();
  });
  const opening = (kubeconfig: string) => median(openings[kubeconfig] ?? []);
  return [
    {
      what: `${SESSIONS} exec sessions begun at once, until all answer, median`,
      unit: "ms",
      ours: opening(world.through()),
      yardstick: opening(world.direct),
    },
    {
      what: `a line and its echo in ${SESSIONS} exec sessions at once, p99`,
      unit: "ms",
      ours: p99(echoes.ours),
      yardstick: p99(echoes.direct),
    },
  ];
}

async function floodRows(world: PodWorld, repetitions: number): Promise<Row[]> {
  const echoes = await inTurns(world, repetitions, async (kubeconfig) => {
    const sessions = await openMany(kubeconfig, 5);
    const flood = await open(kubeconfig, ["cat", "/dev/zero"], () => {});
    await sleep(500);
    const times = await Promise.all(sessions.map((session) => echoTimes(session, 2 * ECHOES)));
    for (const session of [...sessions, flood]) session.cut();
    return times.flat();
  });
  return [
    {
      what: "a line and its echo beside a session that sends all it can, p99",
      unit: "ms",
      ours: p99(echoes.ours),
      yardstick: p99(echoes.direct),
    },
  ];
}

async function stalledRows(world: PodWorld, repetitions: number): Promise<Row[]> {
  const rounds = 4 * repetitions;
  return [
    {
      what: "p99 of a line and its echo, by how much longer while another reader stands still",
      unit: "x",
      ours: await stalledFactor(world.through(), rounds),
      yardstick: await stalledFactor(world.direct, rounds),
      limit: 1.1,
    },
  ];
}

/** In short turns with and without the one who stands still; client and pods share a process, so it is not 1 without a tree either. */
async function stalledFactor(kubeconfig: string, rounds: number): Promise<number> {
  const sessions = await openMany(kubeconfig, 4);
  const measure = async (): Promise<number> => {
    // What the beginning and the end of a session cost is not what is asked for here.
    await sleep(4000);
    const times: number[] = [];
    for (const session of sessions) times.push(...(await echoTimes(session, 2 * ECHOES)));
    return p99(times);
  };
  await measure();
  const [alone, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    alone.push(await measure());
    const stalled = await open(kubeconfig, ["cat", "/dev/zero"], () => {});
    stalled.pause();
    beside.push(await measure());
    stalled.cut();
  }
  for (const session of sessions) session.cut();
  return median(beside) / median(alone);
}

/** How much each tier has grown after many sessions that ended in every way. */
async function cycleRows(world: PodWorld): Promise<Row[]> {
  const kubeconfig = world.through();
  const cycle = async (at: number): Promise<void> => {
    const session = await open(kubeconfig, at % 4 === 0 ? ["true"] : ["cat"]);
    if (at % 4 === 1) session.cut();
    else if (at % 4 === 2) session.sayNoMore();
    else if (at % 4 === 3) {
      await session.say(Buffer.alloc(300_000));
      session.cut();
    }
    await session.ended;
  };
  const many = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at += 4) await Promise.all([0, 1, 2, 3].map((k) => cycle(at + k)));
    await world.quiet();
  };
  await many(CYCLES / 2);
  const before = await sizes(world);
  await many(CYCLES);
  const after = await sizes(world);
  const growth = (key: "descriptors" | "heap") =>
    after.map((size, at) => size[key] - (before[at]?.[key] ?? 0));
  const row = (what: string, unit: string, grown: readonly number[], bound: number): Row => ({
    ...{ what: `${what} that ${CYCLES} sessions left at a tier`, unit, bound },
    ...{ ours: median(grown), worst: Math.max(...grown) },
  });
  const megabytes = growth("heap").map((bytes) => bytes / 1e6);
  return [row("descriptors", "", growth("descriptors"), 4), row("heap", "MB", megabytes, 8)];
}

/** The heap is that after the smallest of many looks: what was garbage counts for nobody. */
async function sizes(world: PodWorld): Promise<{ descriptors: number; heap: number }[]> {
  const looks = Array.from({ length: 40 }, (_, at) => at);
  const heaps = MEMBERS.map(() => Number.POSITIVE_INFINITY);
  for (const _ of looks) {
    for (const [at, member] of MEMBERS.entries())
      heaps[at] = Math.min(heaps[at] ?? 0, await world.meter(member, "heap"));
    await sleep(250);
  }
  return Promise.all(
    MEMBERS.map(async (member, at) => ({
      ...{ descriptors: await world.meter(member, "descriptors"), heap: heaps[at] ?? 0 },
    })),
  );
}

function open(
  kubeconfig: string,
  command: readonly string[],
  onOutput?: (bytes: Buffer) => void,
): Promise<PodSession> {
  const more = onOutput === undefined ? {} : { onOutput };
  return PodSession.open(kubeconfig, { pod: "modern", command, ...more });
}

/** Sessions that have answered once. */
function openMany(kubeconfig: string, count: number): Promise<PodSession[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const session = await open(kubeconfig, ["cat"]);
      await echoTimes(session, 1);
      return session;
    }),
  );
}

/** Milliseconds from a line to its echo, one line after the other. */
async function echoTimes(session: PodSession, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const began = performance.now();
    const echo = session.more();
    await session.say(Buffer.from("a line of some words, as people type them\n"));
    await echo;
    times.push(performance.now() - began);
  }
  return times;
}
