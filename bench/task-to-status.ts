import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CLUSTER_CONTROLLER,
  type ClusterController as Task,
} from "../pkg/apis/cluster-controller.ts";
import { OTE_CRDS } from "../pkg/apis/crds.ts";
import { EmbeddedApi } from "../pkg/apiserver/embedded-api.ts";
import { silentLog } from "../pkg/base/log.ts";
import { MemoryRecordStore } from "../pkg/base/memory-record-store.ts";
import { noMetrics } from "../pkg/base/metrics.ts";
import { Scope } from "../pkg/base/scope.ts";
import { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import { TransportResourceClient } from "../pkg/kube/transport-resource-client.ts";
import { TUNNEL_PATH } from "../pkg/tunnel/cloud-tunnel.ts";
import { dialLink } from "../pkg/tunnel/edge-tunnel.ts";
import { clusterName } from "../pkg/wire/names.ts";

/**
 * Milliseconds from the creation of a ClusterController object to its status Completed, with `children`
 * direct children that answer at once: links, tree, result pages and status writes together. The
 * children live in the same process, so this is an upper bound.
 */
export async function taskToStatus(children: number): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), "ote-bench-"));
  const scope = new Scope(silentLog);
  try {
    const parts = { log: silentLog, metrics: noMetrics };
    const options = {
      name: "root",
      dataDir: join(home, "api"),
      listen: "127.0.0.1:0",
      crds: OTE_CRDS,
    };
    const api = scope.use(await EmbeddedApi.open(options, parts));
    const client = new TransportResourceClient(api.transport);
    const root = await ClusterController.start(
      scope,
      {
        name: clusterName("root"),
        tags: {},
        version: "bench",
        listen: { host: "127.0.0.1", port: 0 },
        advertise: "127.0.0.1:0",
        parents: [],
        heartbeatMs: 30_000,
      },
      { ...parts, store: new MemoryRecordStore(), client },
    );
    for (let index = 0; index < children; index++) await joinChild(index, root.port);
    const times: number[] = [];
    for (let round = 0; round < 5; round++)
      times.push(await oneTask(client, `task-${round}`, children));
    return times.sort((a, b) => a - b)[2] ?? Number.NaN;
  } finally {
    await scope[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  }
}

async function oneTask(
  client: TransportResourceClient,
  name: string,
  children: number,
): Promise<number> {
  const began = performance.now();
  const key = { namespace: "kube-system", name };
  const task: Task = {
    apiVersion: "ote.baidu.com/v1",
    kind: "ClusterController",
    metadata: key,
    spec: { clusterSelector: "c*", destination: "api", method: "GET", url: "/version" },
  };
  const created = await client.create(CLUSTER_CONTROLLER, task);
  const stop = new AbortController();
  const options = {
    namespace: "kube-system",
    resourceVersion: created.metadata.resourceVersion ?? "",
  };
  for await (const event of client.watch<Task>(CLUSTER_CONTROLLER, options, stop.signal)) {
    const { metadata, status } = event.object as Task;
    if (metadata.name !== name || status?.phase !== "Completed") continue;
    if (status.summary.done !== children)
      throw new Error(`Cannot measure: ${JSON.stringify(status.summary)}`);
    break;
  }
  stop.abort();
  return performance.now() - began;
}

async function joinChild(index: number, port: number): Promise<void> {
  const name = clusterName(`c${index}`);
  const { link } = await dialLink(
    {
      address: `127.0.0.1:${port}`,
      path: TUNNEL_PATH,
      side: "up",
      metrics: noMetrics,
      hello: () => ({
        kind: "hello",
        name,
        instance: `i${index}`,
        session: 1,
        tags: { tier: "edge" },
        listen: "",
        version: "bench",
        capabilities: [],
        heartbeatMs: 30_000,
        preferredParent: "",
        rank: 0,
        anchored: false,
      }),
    },
    new AbortController().signal,
  );
  void link.receive((message) => {
    if (message.kind !== "task") return;
    const { id, origin } = message;
    const answer = {
      verdict: "done",
      code: 200,
      reason: "",
      truncated: false,
      timestamp: 1,
    } as const;
    link.send({
      kind: "result",
      id,
      origin,
      cluster: name,
      ...answer,
      body: Buffer.from('{"major":"1"}'),
    });
  });
}
