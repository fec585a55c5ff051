import type { Metrics } from "../base/metrics.ts";
import type { Streams } from "./streams/streams.ts";
import type { TreeNode } from "./tree-node.ts";

/** Shows how a node stands; `lagMs` is how late its last tick came. */
export function measureNode(
  metrics: Metrics,
  node: TreeNode,
  streams: Streams,
  lagMs: number,
): void {
  metrics.gauge("ote_event_loop_lag_seconds", lagMs / 1000);
  metrics.gauge("ote_subtree_clusters", node.subtreeSize);
  metrics.gauge("ote_tasks_waiting", node.waitingTasks);
  metrics.gauge("ote_streams", streams.size);
}
