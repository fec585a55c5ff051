import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiProxy } from "../pkg/apis/cluster-proxy.ts";
import { silentLog } from "../pkg/base/log.ts";
import { MemoryRecordStore } from "../pkg/base/memory-record-store.ts";
import { noMetrics } from "../pkg/base/metrics.ts";
import { Scope } from "../pkg/base/scope.ts";
import { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import { clusterName } from "../pkg/wire/names.ts";

/** What a process is told that plays some clusters. */
export interface ClustersOrder {
  readonly names: readonly string[];
  readonly parent: string;
  /** Rows of their answers; none for clusters without an API. */
  readonly rows: number;
  /** How long their APIs think. */
  readonly thinkMs: number;
}

/** What it tells: the port of its first cluster, and what it holds now. */
export interface ClustersTold {
  readonly port: number;
  readonly rss: number;
}

if (process.send !== undefined && process.argv[2] === "clusters") {
  process.once("disconnect", () => process.exit());
  process.once("message", (order: ClustersOrder) => void play(order));
}

/** Runs a whole controller for each name; tells what it holds whenever it is asked. */
async function play({ names, parent, rows, thinkMs }: ClustersOrder): Promise<void> {
  const scope = new Scope(silentLog);
  const apiProxy = rows === 0 ? undefined : tableApi(rows, thinkMs);
  let port = 0;
  for (const name of names) {
    const controller = await startCluster(scope, name, [parent], apiProxy);
    port ||= controller.port;
  }
  const tell = (): void => {
    globalThis.gc?.();
    process.send?.({ port, rss: process.memoryUsage().rss } satisfies ClustersTold);
  };
  process.on("message", tell);
  tell();
}

/** A controller without identities, with everything in memory. */
export function startCluster(
  scope: Scope,
  name: string,
  parents: readonly string[],
  apiProxy?: ApiProxy,
): Promise<ClusterController> {
  return ClusterController.start(
    scope,
    {
      ...{ name: clusterName(name), tags: {}, version: "bench", parents, heartbeatMs: 30_000 },
      ...{ listen: { host: "127.0.0.1", port: 0 }, advertise: "127.0.0.1:0" },
    },
    { log: silentLog, metrics: noMetrics, store: new MemoryRecordStore(), apiProxy },
  );
}

/** An API that thinks for a while and then answers everything with one table of pods. */
function tableApi(count: number, thinkMs: number): ApiProxy {
  const names = ["Name", "Ready", "Status", "Restarts", "Age"];
  const rows = Array.from({ length: count }, (_, index) => ({
    cells: [`web-${index}`, "1/1", "Running", 0, "5d"],
    object: {
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata: {
        name: `web-${index}`,
        namespace: "shop",
        labels: { app: "web", "pod-template-hash": "7c5ddbdf54" },
      },
    },
  }));
  const columnDefinitions = names.map((name) => ({ name, type: "string", priority: 0 }));
  const table = { kind: "Table", apiVersion: "meta.k8s.io/v1", columnDefinitions, rows };
  const text = Buffer.from(JSON.stringify(table));
  return {
    serve: (_, body: Duplex, answer) => {
      body.resume();
      void sleep(thinkMs).then(() => {
        answer({ status: 200, headers: [["content-type", "application/json"]] });
        body.end(text);
      });
    },
  };
}
