import type { MetricRow } from "../base/metrics.ts";

/** The metrics of an embedded API; those that kube-apiserver has, too, are called as there. */
export const APISERVER_METRICS = {
  apiserver_request_total: {
    kind: "counter",
    help: "Requests that were answered",
    labels: ["verb", "resource", "code"],
  },
  apiserver_request_duration_seconds: {
    kind: "histogram",
    help: "Time from a request to the end of its answer, watches left out",
    labels: ["verb", "resource"],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  apiserver_current_inflight_requests: {
    kind: "gauge",
    help: "Requests that are being answered, watches left out",
    labels: ["request_kind"],
  },
  apiserver_dropped_requests_total: {
    kind: "counter",
    help: "Requests that were refused because too many others were being answered",
    labels: ["request_kind"],
  },
  apiserver_longrunning_requests: {
    kind: "gauge",
    help: "Watches that are open",
    labels: ["resource"],
  },
  apiserver_storage_objects: {
    kind: "gauge",
    help: "Objects that are kept",
    labels: ["resource"],
  },
  ote_api_watches_dropped_total: {
    kind: "counter",
    help: "Watches that were ended because their reader lagged too far behind",
    labels: ["resource"],
  },
  ote_api_revision: { kind: "gauge", help: "Revision of the latest change" },
  ote_api_store_bytes: { kind: "gauge", help: "Size of the store file" },
  ote_api_audit_lost: {
    kind: "gauge",
    help: "Lines of the audit log that could not be written since the start",
  },
} as const satisfies Record<string, MetricRow>;
