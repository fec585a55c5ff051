import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { errorText, OteError } from "../base/errors.ts";
import { type ClusterName, clusterName, type Tags, tagsOf } from "../wire/names.ts";

/** One cluster of a demonstration. */
export interface DemoCluster {
  readonly name: ClusterName;
  /** Undefined only for root. */
  readonly parent: ClusterName | undefined;
  readonly tags: Tags;
  /** `own`: a Kubernetes API in a process of its own; `embedded`: inside its controller, an entry point for its subtree. */
  readonly api: "own" | "embedded";
}

/** A file of --clusters that cannot be used. */
export class TopologyError extends OteError {
  readonly code = "TOPOLOGY_INVALID";
  constructor(path: string, what: string) {
    super(`Cannot use ${JSON.stringify(path)} as a topology: ${what}`);
  }
}

/** The demonstration when nothing else is asked for: two regions, two edge clusters below each. */
export const DEFAULT_TOPOLOGY: readonly DemoCluster[] = [
  { name: clusterName("root"), parent: undefined, tags: {}, api: "embedded" },
  region("north"),
  region("south"),
  edge("north", 1),
  edge("north", 2),
  edge("south", 1),
  edge("south", 2),
];

/**
 * Reads a YAML or JSON list of `{name, parent, tags, api}`; root is there by itself, a cluster without
 * `parent` is below root, and `api` is `own` for clusters nobody is below. Parents come first in the
 * result. Rejects with a TopologyError.
 */
export async function readTopology(path: string): Promise<DemoCluster[]> {
  let rows: unknown;
  try {
    rows = parse(await readFile(path, "utf8"));
  } catch (error) {
    // Below its first line a YAML error shows the text again.
    const [why = ""] = errorText(error).split("\n");
    throw new TopologyError(path, why.replace(/:$/, ""));
  }
  if (!Array.isArray(rows)) throw new TopologyError(path, "it must be a list of clusters");
  const parents = new Set(rows.map((row: Row) => row?.parent));
  try {
    const clusters = rows.map((row: Row) => clusterOf(row, parents));
    const root =
      clusters.find(({ name }) => name === "root") ??
      clusterOf({ name: "root" }, new Set(["root"]));
    return inOrder([root, ...clusters.filter(({ name }) => name !== "root")]);
  } catch (error) {
    throw new TopologyError(path, errorText(error));
  }
}

interface Row {
  readonly name?: unknown;
  readonly parent?: unknown;
  readonly tags?: unknown;
  readonly api?: unknown;
}

function clusterOf(row: Row, parents: ReadonlySet<unknown>): DemoCluster {
  const name = clusterName(String(row?.name ?? ""));
  const parent = name === "root" ? undefined : clusterName(String(row.parent ?? "root"));
  const tags = tagsOf(
    Object.entries((row.tags ?? {}) as object).map(([key, value]) => [key, String(value)]),
  );
  const api = row.api ?? (name === "root" || parents.has(name) ? "embedded" : "own");
  if (api !== "own" && api !== "embedded")
    throw new SyntaxError(`api of "${name}" must be own or embedded`);
  return { name, parent, tags, api };
}

/** Parents before their children; throws if a parent is missing, a name is used twice, or there is a circle. */
function inOrder(clusters: readonly DemoCluster[]): DemoCluster[] {
  const ordered = new Map<ClusterName, DemoCluster>();
  let left = [...clusters];
  while (left.length > 0) {
    const ready = left.filter(({ parent }) => parent === undefined || ordered.has(parent));
    if (ready.length === 0)
      throw new SyntaxError(
        `the parents of ${left.map(({ name }) => name).join(", ")} are not there`,
      );
    for (const cluster of ready) {
      if (ordered.has(cluster.name)) throw new SyntaxError(`"${cluster.name}" is there twice`);
      ordered.set(cluster.name, cluster);
    }
    left = left.filter((cluster) => !ready.includes(cluster));
  }
  return [...ordered.values()];
}

function region(name: string): DemoCluster {
  return {
    name: clusterName(name),
    parent: clusterName("root"),
    tags: { tier: "region" },
    api: "embedded",
  };
}

function edge(parent: string, number: number): DemoCluster {
  return {
    name: clusterName(`${parent}-${number}`),
    parent: clusterName(parent),
    tags: { tier: "edge", region: parent },
    api: "own",
  };
}
