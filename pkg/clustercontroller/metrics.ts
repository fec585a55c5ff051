import type { MetricRow } from "../base/metrics.ts";

/** The metrics of one node of the tree. */
export const CLUSTER_CONTROLLER_METRICS = {
  ote_subtree_clusters: { kind: "gauge", help: "Clusters below this one" },
  ote_tasks_waiting: { kind: "gauge", help: "Tasks created here that still wait for a verdict" },
  ote_tasks_executed_total: {
    kind: "counter",
    help: "Tasks that this cluster's shim has finished, by verdict",
    labels: ["verdict"],
  },
  ote_task_run_seconds: {
    kind: "histogram",
    help: "Time that this cluster's shim took for a task",
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
  },
  ote_task_verdicts_total: {
    kind: "counter",
    help: "Verdicts on tasks created here",
    labels: ["verdict"],
  },
  ote_messages_ignored_total: {
    kind: "counter",
    help: "Messages that a peer should not have sent and that were left out, by code",
    labels: ["code"],
  },
  ote_streams: {
    kind: "gauge",
    help: "Ends of streams that pass here, to the APIs of clusters and the tree's own for reports and propagation: two where one is passed on",
  },
  ote_reports_refused_total: {
    kind: "counter",
    help: "Reported objects that the API of this entry point does not take",
  },
  ote_entry_reviews_total: {
    kind: "counter",
    help: "Questions to the API who callers of the entry are and what they may do, by review and result",
    labels: ["review", "result"],
  },
  ote_queries: { kind: "gauge", help: "Queries to many clusters under way" },
  ote_queries_refused_total: {
    kind: "counter",
    help: "Queries to many clusters that were refused because too many were under way",
  },
  ote_query_clusters_total: {
    kind: "counter",
    help: "Clusters that queries were for, by what came of it",
    labels: ["outcome"],
  },
  ote_propagation_corrections_total: {
    kind: "counter",
    help: "Propagated objects that somebody had changed at a cluster and that are as they should be again",
  },
  ote_leader: {
    kind: "gauge",
    help: "1 while this one of several roots leads, 0 while it does not",
  },
  ote_event_loop_lag_seconds: {
    kind: "gauge",
    help: "How late the last half-second tick came",
  },
} as const satisfies Record<string, MetricRow>;
