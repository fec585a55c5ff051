import type { ClientRequest } from "node:http";
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeconfigFile } from "../pkg/kube/kubeconfig.ts";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../pkg/kube/transport-resource-client.ts";
import { eventually } from "../test/support/eventually.ts";

const CONFIG_MAP = {
  ...{ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" },
  namespaced: true,
};
const KEY = { namespace: "default", name: "watched" };
/** Between two changes; all watchers have seen one before the next comes. */
const GAP_MS = 60;

/** Who watches what, and how often it changes. */
export interface WatchPlan {
  /** By which way the watchers watch. */
  readonly kubeconfig: string;
  /** By which way it is changed. */
  readonly direct: string;
  readonly watches: number;
  readonly changes: number;
}

/** Milliseconds from each change of an object to each of many watchers, every one with a connection of its own. */
export async function changesSeen(plan: WatchPlan): Promise<number[]> {
  await using transport = await KubeconfigTransport.open(plan.direct);
  const client = new TransportResourceClient(transport);
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: KEY };
  await client.create(CONFIG_MAP, object);
  const times: number[] = [];
  let [seen, sentAt] = [0, 0];
  const watchers = await Promise.all(
    Array.from({ length: plan.watches }, () =>
      watch(plan.kubeconfig, () => {
        seen++;
        times.push(performance.now() - sentAt);
      }),
    ),
  );
  // The first line of each says that the object is there.
  await eventually("all watch", () => seen >= plan.watches);
  times.length = 0;
  for (let change = 1; change <= plan.changes; change++) {
    sentAt = performance.now();
    await client.patch(CONFIG_MAP, KEY, "merge", { data: { change: String(change) } });
    await eventually("all have seen it", () => seen >= plan.watches * (change + 1));
    await sleep(GAP_MS);
  }
  for (const watcher of watchers) watcher.destroy();
  await client.delete(CONFIG_MAP, KEY);
  return times;
}

/** Resolves when the watch is on its way; `onLine` is called for each event. */
async function watch(kubeconfig: string, onLine: () => void): Promise<ClientRequest> {
  const { server, options } = await new KubeconfigFile(kubeconfig).access();
  const path = `${server.pathname.replace(/\/$/, "")}/api/v1/namespaces/default/configmaps?watch=1`;
  const { hostname: host, port } = server;
  const asking = request({ ...options, host, port, path, agent: new Agent({ keepAlive: false }) });
  asking.on("error", () => {});
  asking.on("response", (response) => {
    response.on("error", () => {});
    response.on("data", (bytes: Buffer) => {
      for (const byte of bytes) if (byte === NEWLINE) onLine();
    });
  });
  asking.end();
  return asking;
}

const NEWLINE = 10;
