import type { Neighbour } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";

/** Where a cluster stands in the tree at the moment. */
export interface Position {
  /** The names from the top of the tree to this cluster, who is the last. */
  readonly path: readonly ClusterName[];
  /** The parent, while there is one. */
  readonly parent: ClusterName | undefined;
  /** The parent's other children, as far as the parent told. */
  readonly siblings: readonly Neighbour[];
  /** How the parent's other children and this cluster's own can reach the parent. */
  readonly parentAddress: Neighbour | undefined;
  /** Whether the path begins at a root. */
  readonly anchored: boolean;
  /** Since when it does, or does not; on the clock of the events. */
  readonly since: number;
}

/** The position of a cluster without a parent. */
export function atTop(self: ClusterName, anchored: boolean, since: number): Position {
  const path = [self];
  return { path, parent: undefined, siblings: [], parentAddress: undefined, anchored, since };
}
