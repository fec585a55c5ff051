import { OTE_GROUP } from "./cluster.ts";
import type { KubeObject, ResourceType } from "./object.ts";

export const EDGE_NODE: ResourceType = {
  group: OTE_GROUP,
  version: "v1",
  kind: "EdgeNode",
  plural: "edgenodes",
  namespaced: true,
};

/** The true state of a node while somebody else answers for it; `status` is a plain word as in the original. */
export interface EdgeNode extends KubeObject {
  readonly status?: "Ready" | "NotReady" | undefined;
}
