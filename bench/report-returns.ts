import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject, ResourceType } from "../pkg/apis/object.ts";
import { temporaryDirectory } from "../pkg/base/temporary-directory.ts";
import { mirrorType } from "../pkg/reporting/mirror-objects.ts";
import { CutOffEdge } from "../test/support/cut-off-edge.ts";
import { eventually } from "../test/support/eventually.ts";
import { ProcessTree } from "../test/support/process-tree.ts";
import { kubeconfigText } from "../test/support/scripted-api.ts";
import { BurstApi } from "./burst-api.ts";
import type { Row } from "./row.ts";
import { Crowd, memoryOf } from "./storm.ts";

const OBJECTS = 10_000;
const EDGES = 200;
/** Objects of each of the many edges. */
const OBJECTS_EACH = 20;
/** Milliseconds in which everything that a return leads to has happened. */
const WINDOW_MS = 10_000;
const LIMIT_MS = 180_000;
const TYPE = mirrorType("deployments") as ResourceType;
const REPORT = ["--report", "deployments"];

/** What it costs when a cluster returns whose many objects are the same as before. */
export async function oneReturns(): Promise<Row[]> {
  await using api = await BurstApi.start(OBJECTS);
  await using directory = await temporaryDirectory();
  const kubeconfig = await kubeconfigIn(directory.path, api);
  await using world = await CutOffEdge.start({ edge: { kubeconfig, flags: REPORT } });
  const { tree } = world;
  await mirrors(tree, OBJECTS, 0);
  await sleep(WINDOW_MS);
  const cpu = (name: string) => tree.metric(name, "process_cpu_seconds_total");
  const spend = async (work: () => Promise<unknown>): Promise<number[]> => {
    const [bytes, root, edge] = [world.bytes, await cpu("root"), await cpu("edge")];
    await work();
    await sleep(WINDOW_MS);
    return [(world.bytes - bytes) / 1000, (await cpu("root")) - root, (await cpu("edge")) - edge];
  };
  const quiet = await spend(async () => {});
  await world.cut();
  const busy = await spend(() => world.restore());
  const what = ["bytes on its link", "processor time of the root", "processor time of the edge"];
  return what.map((text, at) => ({
    what: `return of an edge with ${OBJECTS.toLocaleString("en")} equal objects: ${text} in ten seconds, beside quiet ones`,
    ...{ unit: at === 0 ? "kB" : "s", ours: busy[at] ?? 0, yardstick: quiet[at] ?? 0 },
  }));
}

/** What it costs when many clusters return at once because the root was killed. */
export async function manyReturn(): Promise<Row[]> {
  await using api = await BurstApi.start(OBJECTS_EACH);
  await using directory = await temporaryDirectory();
  const kubeconfig = await kubeconfigIn(directory.path, api);
  await using tree = await ProcessTree.start({ root: {} });
  await using crowd = await Crowd.start(tree, "root", "edge", EDGES, kubeconfig);
  await crowd.settled();
  await mirrors(tree, EDGES * OBJECTS_EACH, 0);
  await sleep(WINDOW_MS);
  const [cpu, before] = [
    await tree.metric("root", "process_cpu_seconds_total"),
    memoryOf(tree, "root"),
  ];
  const killed = Date.now();
  await tree.program("root").kill();
  api.burst(1);
  tree.launch("root");
  await mirrors(tree, EDGES * OBJECTS_EACH, 1);
  const took = Date.now() - killed;
  const spent = await tree.metric("root", "process_cpu_seconds_total");
  process.stderr.write(`  before it had taken ${cpu.toFixed(1)} s of processor time\n`);
  const row = (text: string, unit: string, ours: number): Row => ({
    what: `return of ${EDGES} edges with ${OBJECTS_EACH} objects each after a kill of the root: ${text}`,
    ...{ unit, ours },
  });
  return [
    row("until the centre equals all, of which every object has changed", "s", took / 1000),
    row("processor time of the new root until then", "s", spent),
    {
      ...row("its memory at most, beside before", "MB", memoryOf(tree, "root", "VmHWM")),
      yardstick: before,
    },
  ];
}

async function kubeconfigIn(directory: string, api: BurstApi): Promise<string> {
  const file = join(directory, "kubeconfig");
  await writeFile(file, kubeconfigText(api.url));
  return file;
}

/** Resolves when the root has so many objects of clusters, all of that round. */
async function mirrors(tree: ProcessTree, count: number, round: number): Promise<void> {
  type Mirrored = KubeObject & { readonly status?: { readonly observedGeneration?: number } };
  const client = await tree.client();
  await eventually(
    `${count} objects are mirrored`,
    async () => {
      await sleep(500);
      const { items } = await client.list<Mirrored>(TYPE);
      const isNew = ({ status }: Mirrored): boolean => status?.observedGeneration === round;
      return items.length === count && items.every(isNew);
    },
    LIMIT_MS,
  );
}
