import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CLUSTER_CONTROLLER, type ClusterController } from "../pkg/apis/cluster-controller.ts";
import { NAMESPACE } from "../pkg/apis/namespace.ts";
import type { KubeObject, ResourceType } from "../pkg/apis/object.ts";
import { temporaryDirectory } from "../pkg/base/temporary-directory.ts";
import { Informer } from "../pkg/kube/informer.ts";
import type { TransportResourceClient } from "../pkg/kube/transport-resource-client.ts";
import { versionOf } from "../pkg/replication/digest.ts";
import {
  mirrored,
  mirrorName,
  mirrorNamespace,
  mirrorType,
} from "../pkg/reporting/mirror-objects.ts";
import { pick } from "../pkg/reporting/pick.ts";
import { REPORTED_TYPES } from "../pkg/reporting/reported-types.ts";
import { eventually } from "../test/support/eventually.ts";
import type { LogLine } from "../test/support/node-program.ts";
import { ProcessTree } from "../test/support/process-tree.ts";
import { kubeconfigText } from "../test/support/scripted-api.ts";
import { BurstApi, burstName, burstObject } from "./burst-api.ts";
import { median } from "./quantile.ts";
import { manyReturn, oneReturns } from "./report-returns.ts";
import type { Row } from "./row.ts";
import { memoryOf } from "./storm.ts";

const OBJECTS = 10_000;
/** Bursts that are measured; each changes every object. */
const BURSTS = 3;
/** Milliseconds after a burst until memory is looked at. */
const REST_MS = 20_000;
/** How long anything may take before the bench gives up. */
const LIMIT_MS = 180_000;
/** As many at a time as the mirror of one cluster. */
const WRITERS = 8;

/** Many, so that enough fall into a burst. */
const HEARTBEATS = ["--heartbeat-interval", "0.1"];
/** Seconds within which a heartbeat should be answered. */
const ANSWERED_S = 0.1;

const TYPE = mirrorType("deployments") as ResourceType;
const MEMBERS = ["root", "region"] as const;

/** What reports cost; `only` names a part of it. */
export async function reportRows(only: string): Promise<Row[]> {
  const parts = { burst: burstRows, "one returns": oneReturns, "many return": manyReturn };
  const rows: Row[] = [];
  for (const [name, part] of Object.entries(parts))
    if (name.includes(only)) rows.push(...(await part()));
  return rows;
}

/** 10,000 objects of one cluster change in one moment: when the centre shows it, and what it costs. */
async function burstRows(): Promise<Row[]> {
  await using directory = await temporaryDirectory();
  await using api = await BurstApi.start(OBJECTS);
  const kubeconfig = join(directory.path, "kubeconfig");
  await writeFile(kubeconfig, kubeconfigText(api.url));
  const began = performance.now();
  await using tree = await ProcessTree.start({
    root: { flags: HEARTBEATS },
    region: { parent: "root", flags: HEARTBEATS },
    edge: { parent: "region", kubeconfig, flags: ["--report", "deployments"] },
  });
  const root = await tree.client();
  await showsAll(root, 0);
  const first = performance.now() - began;
  await sleep(REST_MS);
  const before = MEMBERS.map((name) => memoryOf(tree, name));
  const idleSince = Date.now();
  const idle = await probing(root, () => sleep(15_000));
  const lag = (): Promise<number> => tree.metric("root", "nodejs_eventloop_lag_p99_seconds");
  // Reading it begins a new measurement.
  const calm = await lag();
  const calmBeats = await heartbeats(tree);
  const times: number[] = [];
  const busySince = Date.now();
  const busy = await probing(root, async () => {
    for (let round = 1; round <= BURSTS; round++) {
      const at = performance.now();
      api.burst(round);
      await showsLast(root, round);
      times.push(performance.now() - at);
      await sleep(2000);
    }
  });
  const pause = await lag();
  const beats = await heartbeats(tree, calmBeats);
  const messages = delays(tree, busySince, Date.now());
  const calmMessages = delays(tree, idleSince, busySince);
  await showsAll(root, BURSTS);
  const peak = MEMBERS.map((name) => memoryOf(tree, name, "VmHWM"));
  await sleep(REST_MS);
  const after = MEMBERS.map((name) => memoryOf(tree, name));
  const direct = await directly(root);
  const took = median(times);
  const rows: Row[] = [
    row("start of the tree until the centre has them for the first time", "s", first / 1000),
    row("a burst that changes all of them until the centre equals the cluster", "s", took / 1000),
    {
      ...row("the same, beside as many direct writes by 8 writers", "/s", (OBJECTS / took) * 1000),
      ...{ yardstick: direct, floor: 0.5 },
    },
    {
      ...row(
        `task to the same cluster meanwhile, p99 (of ${busy.length}), beside before`,
        "ms",
        most(busy),
      ),
      yardstick: most(idle),
    },
  ];
  rows.push({
    ...row(
      "a task's way down to the cluster and onto its disk meanwhile, p99, beside before",
      "ms",
      most(messages),
    ),
    yardstick: most(calmMessages),
  });
  rows.push({
    ...row("what the root's event loop is late meanwhile, p99, beside before", "ms", pause * 1000),
    yardstick: calm * 1000,
  });
  rows.push({
    ...row(
      `heartbeats of the region (${beats.all}) answered within 100 ms meanwhile`,
      "%",
      (beats.soon / beats.all) * 100,
    ),
    yardstick: (calmBeats.soon / calmBeats.all) * 100,
    floor: 0.99,
  });
  for (const [at, name] of MEMBERS.entries())
    rows.push(
      {
        ...row(`memory of the ${name}, at most, beside before`, "MB", peak[at] ?? 0),
        yardstick: before[at] ?? 0,
      },
      {
        ...row(`memory of the ${name} 20 s later, beside before`, "MB", after[at] ?? 0),
        yardstick: before[at] ?? 0,
      },
    );
  return rows;
}

/** Heartbeats of the region that the root has answered since `before`, and how many of them soon. */
async function heartbeats(
  tree: ProcessTree,
  before = { all: 0, soon: 0 },
): Promise<{ readonly all: number; readonly soon: number }> {
  const name = "ote_link_round_trip_seconds";
  const all = await tree.metric("region", `${name}_count`, { side: "up" });
  const labels = { side: "up", le: ANSWERED_S };
  const soon = await tree.metric("region", `${name}_bucket`, labels);
  return { all: all - before.all, soon: soon - before.soon };
}

function row(what: string, unit: string, ours: number): Row {
  return { what: `reports of ${OBJECTS.toLocaleString("en")} objects: ${what}`, unit, ours };
}

type Mirrored = KubeObject & { readonly status?: { readonly observedGeneration?: number } };

/** Resolves when the centre has the object that is sent last as it is in that round. */
async function showsLast(root: TransportResourceClient, round: number): Promise<void> {
  const key = `shop-${(OBJECTS - 1) % 50}/${burstName(OBJECTS - 1)}`;
  const at = { namespace: mirrorNamespace("edge"), name: mirrorName(key) };
  await eventually(
    `the last object is of round ${round}`,
    async () => {
      await sleep(50);
      const { status } = await root.get<Mirrored>(TYPE, at);
      return status?.observedGeneration === round;
    },
    LIMIT_MS,
  );
}

/** Resolves when the centre has every object as it is in that round. */
async function showsAll(root: TransportResourceClient, round: number): Promise<void> {
  await showsLast(root, round);
  await eventually(
    `all objects are of round ${round}`,
    async () => {
      const { items } = await root.list<Mirrored>(TYPE, { namespace: mirrorNamespace("edge") });
      const isThere = ({ status }: Mirrored): boolean => status?.observedGeneration === round;
      return items.length === OBJECTS && items.every(isThere);
    },
    LIMIT_MS,
  );
}

/** Objects a second that writers get into the same API themselves. */
async function directly(root: TransportResourceClient): Promise<number> {
  const owner = { cluster: "direct", path: ["root", "direct"] };
  const namespace = mirrorNamespace(owner.cluster);
  await root.create(NAMESPACE, {
    ...{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  });
  const { keep } = REPORTED_TYPES.deployments ?? { keep: {} };
  const rates: number[] = [];
  for (let round = 0; round < 2; round++) {
    const began = performance.now();
    let next = 0;
    const write = async (): Promise<void> => {
      for (let at = next++; at < OBJECTS; at = next++) {
        const object = burstObject(at, round) as KubeObject;
        const { metadata } = object;
        const reported = { metadata, ...(pick(object, keep) as object) };
        const key = `${metadata.namespace}/${metadata.name}`;
        const body = mirrored(TYPE, owner, key, versionOf(String(round)), reported);
        const options = { fieldManager: "bench", force: true };
        await root.patch(TYPE, body.metadata, "apply", body, options);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    rates.push((OBJECTS / (performance.now() - began)) * 1000);
  }
  // The first round makes them, the second changes them, as a burst does.
  return rates[1] ?? Number.NaN;
}

/** How long tasks that the root accepted in that time took until the edge had noted them, in milliseconds. */
function delays(tree: ProcessTree, from: number, until: number): number[] {
  const at = ({ time }: LogLine): number => Date.parse(String(time));
  const started = new Map(
    tree
      .program("edge")
      .logged("task started")
      .map((line) => [line.task, at(line)]),
  );
  return tree
    .program("root")
    .logged("task accepted")
    .filter((line) => at(line) >= from && at(line) < until)
    .flatMap((line) => {
      const there = started.get(line.task);
      return there === undefined ? [] : [there - at(line)];
    });
}

let probes = 0;

/** How long tasks to the edge took, sent one after the other while `work` was done, in milliseconds. */
async function probing(
  root: TransportResourceClient,
  work: () => Promise<unknown>,
): Promise<number[]> {
  const ended = new AbortController();
  const waiting = new Map<string, () => void>();
  const informer = new Informer<ClusterController>(root, CLUSTER_CONTROLLER, {
    onChange: (_, task) => {
      if (task?.status?.phase === "Completed") waiting.get(task.metadata.name)?.();
    },
  });
  const following = informer.run(ended.signal);
  const times: number[] = [];
  const sending = (async () => {
    while (!ended.signal.aborted) {
      const name = `probe-${probes++}`;
      const done = new Promise<void>((resolve) => waiting.set(name, resolve));
      const began = performance.now();
      await root.create<ClusterController>(CLUSTER_CONTROLLER, {
        ...{ apiVersion: "ote.baidu.com/v1", kind: "ClusterController" },
        metadata: { name, namespace: "kube-system" },
        spec: { destination: "api", clusterSelector: "edge", method: "GET", url: "/version" },
      });
      await done;
      times.push(performance.now() - began);
      waiting.delete(name);
      await sleep(50);
    }
  })();
  await work();
  ended.abort();
  await Promise.race([sending, sleep(1000)]);
  await following;
  return times;
}

function most(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
