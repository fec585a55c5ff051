import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { QueryEvent } from "../pkg/apis/cluster-query.ts";
import { silentLog } from "../pkg/base/log.ts";
import { noMetrics } from "../pkg/base/metrics.ts";
import { Scope } from "../pkg/base/scope.ts";
import type { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import { ClusterQueries } from "../pkg/clustercontroller/query/cluster-queries.ts";
import { parseQuery } from "../pkg/clustercontroller/query/query-request.ts";
import { median } from "./quantile.ts";
import { type ClustersOrder, type ClustersTold, startCluster } from "./query-clusters.ts";
import type { Row } from "./row.ts";

const CLUSTERS = 1000;
const PODS = 20;
/** What a Kubernetes API takes for a list, with the way to a distant site. */
const THINK_MS = 20;
const ROUNDS = 5;
/** Clusters that would send much, and rows of each: some 20 MB. */
const HEAVY = 256;
const HEAVY_ROWS = 100_000;
/** How long a reader stands still. */
const STALL_MS = 3000;

/** One question to many clusters: this process is the entry, below it are a region and clusters in processes of their own. */
export async function queryRows(): Promise<Row[]> {
  return [...(await timeRows()), ...(await memoryRows())];
}

async function timeRows(): Promise<Row[]> {
  await using tree = await QueryTree.start(CLUSTERS, PODS, THINK_MS);
  const [first, all, single]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const times = await tree.timed("c*", CLUSTERS);
    first.push(times.first);
    all.push(times.all);
  }
  const began = performance.now();
  for (let index = 0; index < CLUSTERS; index += 10) {
    const times = await tree.timed(`c${index}`, 1);
    single.push(times.all);
  }
  const oneByOne = (performance.now() - began) * 10;
  const what = `${CLUSTERS.toLocaleString("en")} clusters, ${PODS} pods each`;
  return [
    { what: `${what}: first row`, unit: "ms", ours: median(first), yardstick: median(single) },
    { what: `${what}: all rows`, unit: "ms", ours: median(all), yardstick: oneByOne, limit: 0.1 },
  ];
}

async function memoryRows(): Promise<Row[]> {
  await using tree = await QueryTree.start(HEAVY, HEAVY_ROWS, 0);
  const before = await tree.memory();
  const events = tree.ask("c*", new AbortController().signal);
  for (let count = 0; count < 10; count++) await events.next();
  await sleep(STALL_MS);
  const during = await tree.memory();
  await events.return();
  const what = `held for a reader who stands still, ${HEAVY} clusters with 20 MB each`;
  const mb = (at: "entry" | "region") => (during[at] - before[at]) / 1e6;
  return [
    { what: `${what}: at the entry`, unit: "MB", ours: mb("entry") },
    { what: `${what}: at the region`, unit: "MB", ours: mb("region") },
  ];
}

class QueryTree implements AsyncDisposable {
  readonly #scope: Scope;
  readonly #queries: ClusterQueries;
  readonly #region: ChildProcess;

  private constructor(scope: Scope, root: ClusterController, region: ChildProcess) {
    const { streams: clusters, directory } = root;
    this.#scope = scope;
    this.#region = region;
    this.#queries = new ClusterQueries({ clusters, directory, log: silentLog, metrics: noMetrics });
  }

  static async start(count: number, rows: number, thinkMs: number): Promise<QueryTree> {
    const scope = new Scope(silentLog);
    const root = await startCluster(scope, "root", []);
    const above = `127.0.0.1:${root.port}`;
    const region = clusters(scope, { names: ["region"], parent: above, rows: 0, thinkMs: 0 });
    const { port } = await heard(region);
    const names = Array.from({ length: count }, (_, index) => `c${index}`);
    await heard(clusters(scope, { names, parent: `127.0.0.1:${port}`, rows, thinkMs }));
    while ([...root.directory.known()].length < count + 2) await sleep(50);
    return new QueryTree(scope, root, region);
  }

  ask(selector: string, signal: AbortSignal): AsyncGenerator<QueryEvent, void> {
    const url = `/api/v1/query?clusters=${encodeURIComponent(selector)}&resource=pods&deadline=2m`;
    const caller = {
      user: { name: "bench", groups: [] },
      mayReach: async () => true,
      mayList: async () => true,
    };
    return this.#queries.ask(parseQuery(url, "stream"), caller, signal);
  }

  async timed(selector: string, count: number): Promise<{ first: number; all: number }> {
    const began = performance.now();
    let first = Number.NaN;
    let last: QueryEvent | undefined;
    for await (const event of this.ask(selector, new AbortController().signal)) {
      if (event.type === "ROWS" && Number.isNaN(first)) first = performance.now() - began;
      last = event;
    }
    if (last?.type !== "END" || last.answered !== count)
      throw new Error(`Cannot measure: ${JSON.stringify(last)}`);
    return { first, all: performance.now() - began };
  }

  async memory(): Promise<{ entry: number; region: number }> {
    globalThis.gc?.();
    this.#region.send({});
    const { rss } = await heard(this.#region);
    return { entry: process.memoryUsage().rss, region: rss };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }
}

/** A process with these clusters, until `scope` ends. */
function clusters(scope: Scope, order: ClustersOrder): ChildProcess {
  const script = fileURLToPath(new URL("query-clusters.ts", import.meta.url));
  const child = fork(script, ["clusters"], { execArgv: ["--expose-gc"] });
  child.send(order);
  scope.signal.addEventListener("abort", () => child.disconnect(), { once: true });
  return child;
}

async function heard(child: ChildProcess): Promise<ClustersTold> {
  const [told] = (await once(child, "message")) as [ClustersTold];
  return told;
}
