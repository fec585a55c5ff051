import { setTimeout as sleep } from "node:timers/promises";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";

/** How often it is looked whether the root has done its part. */
const LOOK_MS = 100;

/** Takes a cluster out of the tree; resolves when its key is trusted nowhere any more that can be reached. */
export async function removeCluster(
  client: ResourceClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const key = { namespace: SYSTEM_NAMESPACE, name };
  await client.delete(CLUSTER, key, signal);
  for (;;) {
    try {
      await client.get<Cluster>(CLUSTER, key, signal);
    } catch (error) {
      if (isStatus(error, "NotFound")) return;
      throw error;
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** One line for each cluster, its children below it, with what matters at a glance. */
export async function drawClusters(client: ResourceClient): Promise<string[]> {
  const { items } = await client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE });
  const byParent = new Map<string, Cluster[]>();
  const names = new Set(items.map(({ metadata }) => metadata.name));
  for (const item of items) {
    const { parentName = "" } = item.status ?? {};
    const parent = names.has(parentName) ? parentName : "";
    byParent.set(parent, [...(byParent.get(parent) ?? []), item]);
  }
  const drawn = new Set<string>();
  const lines = draw(byParent, "", "", drawn);
  const others = items.filter(({ metadata }) => !drawn.has(metadata.name));
  return [...lines, ...others.map((cluster) => describe(cluster))];
}

function draw(
  byParent: ReadonlyMap<string, readonly Cluster[]>,
  parent: string,
  indent: string,
  drawn: Set<string>,
): string[] {
  const clusters = (byParent.get(parent) ?? []).filter(({ metadata }) => !drawn.has(metadata.name));
  return clusters.flatMap((cluster, index) => {
    drawn.add(cluster.metadata.name);
    const isLast = index === clusters.length - 1;
    const [branch, below] = parent === "" ? ["", ""] : isLast ? ["└─ ", "   "] : ["├─ ", "│  "];
    return [
      `${indent}${branch}${describe(cluster)}`,
      ...draw(byParent, cluster.metadata.name, indent + below, drawn),
    ];
  });
}

function describe({ metadata, status }: Cluster): string {
  const { status: state = "offline", tagText, preferredParent, lastSeen } = status ?? {};
  const words = [
    metadata.name,
    state === "online" ? "online" : `offline since ${lastSeen ?? "ever"}`,
    ...(tagText ? [`(${tagText})`] : []),
    ...(preferredParent ? [`away from ${preferredParent}`] : []),
  ];
  return words.join("  ");
}
