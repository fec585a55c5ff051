import { parseSelector, type Selectable } from "../../topology/selector.ts";
import type { ClusterName, Tags } from "../../wire/names.ts";
import type { QueryUser } from "./cluster-api.ts";
import { ClusterFailedError } from "./failure.ts";

/** Whose clusters are asked: who it is, and what they may. */
export interface QueryCaller {
  readonly user: QueryUser;
  /** Whether they may ask the API of a cluster; of every cluster if `cluster` is undefined. */
  mayReach(cluster: string | undefined): Promise<boolean>;
  /** Whether they may see the names of all clusters. */
  mayList(): Promise<boolean>;
}

/** Which clusters are meant; both must hold where both are given. */
export interface ClusterChoice {
  /** As in a task's `clusterSelector`; undefined if everything is meant. */
  readonly text: string | undefined;
  readonly tags: ((tags: Tags) => boolean) | undefined;
}

/** What a tier knows of the clusters below it. */
export interface ClusterDirectory {
  /** Every cluster that can be selected: those online, and those that were seen before. */
  known(): Iterable<Selectable>;
  /** Whether there is a way to it now. */
  isOnline(name: ClusterName): boolean;
}

/** A cluster that is meant; with a failure it is not asked. */
export interface ChosenCluster {
  readonly name: string;
  readonly failure?: ClusterFailedError;
}

/** Rights that are looked up before others get their turn. */
const YIELD_AFTER = 100;
/** How many rights are looked up at a time. */
const LOOK_UPS = 16;

/**
 * The clusters that `choice` means, sorted by name. Those that the caller may not ask are named as forbidden if
 * the caller may list clusters; otherwise they are left out, and a name in the selector is answered alike whether there
 * is such a cluster or not. Throws a SelectorError, and the reason of `signal`.
 */
export async function chooseClusters(
  { text, tags }: ClusterChoice,
  directory: ClusterDirectory,
  caller: QueryCaller,
  signal: AbortSignal,
): Promise<ChosenCluster[]> {
  const selector = text === undefined ? undefined : parseSelector(text);
  const all = [...directory.known()];
  const meant = all
    .filter((cluster) => selector?.selects(cluster) ?? true)
    .filter((cluster) => tags?.(cluster.tags) ?? true);
  const [reached, seesAll] = [await reachable(meant, caller, signal), await caller.mayList()];
  const chosen: ChosenCluster[] = meant
    .filter(({ name }) => seesAll || reached.has(name))
    .map(({ name }) => withState(name, directory, reached, caller.user));
  // What an unknown cluster's tags are nobody knows, so a selector over tags leaves it out.
  const words = tags === undefined ? (selector?.exactNames ?? []) : [];
  const visible = seesAll ? all : meant.filter(({ name }) => reached.has(name));
  const used = new Set(
    visible.flatMap(({ name, tags: of }) => [name as string, ...Object.keys(of)]),
  );
  for (const name of words.filter((word) => !used.has(word))) {
    const isTold = seesAll || (await caller.mayReach(name));
    chosen.push({ name, failure: isTold ? unknown(name) : forbidden(name, caller.user) });
  }
  return chosen.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function reachable(
  clusters: readonly Selectable[],
  caller: QueryCaller,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (await caller.mayReach(undefined)) return new Set(clusters.map(({ name }) => name));
  const found = new Set<string>();
  const queue = clusters.entries();
  const look = async (): Promise<void> => {
    for (const [index, { name }] of queue) {
      signal.throwIfAborted();
      // An API in this process answers at once, ten thousand times on end; a heartbeat must not wait for that.
      if (index % YIELD_AFTER === YIELD_AFTER - 1) await new Promise(setImmediate);
      if (await caller.mayReach(name)) found.add(name);
    }
  };
  await Promise.all(Array.from({ length: LOOK_UPS }, look));
  return found;
}

function withState(
  name: ClusterName,
  directory: ClusterDirectory,
  reached: ReadonlySet<string>,
  user: QueryUser,
): ChosenCluster {
  if (!reached.has(name)) return { name, failure: forbidden(name, user) };
  if (directory.isOnline(name)) return { name };
  return { name, failure: new ClusterFailedError("Offline", "the cluster is offline") };
}

function unknown(name: string): ClusterFailedError {
  return new ClusterFailedError("Unknown", `there is no cluster and no tag "${name}"`);
}

/** As the door to a single cluster says it. */
function forbidden(name: string, user: QueryUser): ClusterFailedError {
  const text = `clusters.ote.baidu.com "${name}" is forbidden: User "${user.name}" cannot get resource "clusters/proxy" in API group "ote.baidu.com" in the namespace "kube-system"`;
  return new ClusterFailedError("Forbidden", text, 403);
}
