import { type ClusterName, clusterName } from "../wire/names.ts";

/** One cluster of a simulated tree. */
export interface PlannedCluster {
  readonly name: ClusterName;
  /** Its home; undefined only for the root, which comes first. */
  readonly parent: ClusterName | undefined;
  /** Addresses of parents, as configured, home first; an address is a name here. */
  readonly parents: readonly string[];
}

/** Tiers whose names say where they are; below, names would become too long. */
const NAMED_TIERS = 6;

/** A tree of that many clusters with `depth` tiers below the root, each parent with about as many children. */
export function evenTree(clusters: number, depth: number): PlannedCluster[] {
  const width = widthOf(clusters, depth);
  const plan: PlannedCluster[] = [plannedCluster(clusterName("root"), undefined)];
  let tier = [...plan];
  let tiers = 0;
  while (plan.length < clusters) {
    tier = nextTier(tier, width, ++tiers).slice(0, clusters - plan.length);
    plan.push(...tier);
  }
  return plan;
}

/** The children of a tier: first the first ones of all, so that a tier cut short is even too. */
function nextTier(tier: readonly PlannedCluster[], width: number, depth: number): PlannedCluster[] {
  const numbers = Array.from({ length: width }, (_, index) => index + 1);
  return numbers.flatMap((number) =>
    tier.map(({ name }, place) => {
      const longName = name === "root" ? `c${number}` : `${name}-${number}`;
      const child = depth <= NAMED_TIERS ? longName : `t${depth}-${place * width + number}`;
      return plannedCluster(clusterName(child), name);
    }),
  );
}

/** A cluster that knows of no other parent than its home. */
export function plannedCluster(name: ClusterName, parent: ClusterName | undefined): PlannedCluster {
  return { name, parent, parents: parent === undefined ? [] : [parent] };
}

/** The smallest number of children with which so many clusters have room. */
function widthOf(clusters: number, depth: number): number {
  for (let width = 1; ; width++) {
    let room = 1;
    for (let tier = 1; tier <= depth; tier++) room += width ** tier;
    if (room >= clusters) return width;
  }
}
