import type { MetricRow } from "../base/metrics.ts";

/** The metrics of links; `side` is "up" (to the parent), "down" (to a child) or "shim". */
export const TUNNEL_METRICS = {
  ote_links: { kind: "gauge", help: "Links that are open", labels: ["side"] },
  ote_link_messages_received_total: {
    kind: "counter",
    help: "Messages that arrived on links",
    labels: ["side"],
  },
  ote_link_messages_sent_total: {
    kind: "counter",
    help: "Messages that were queued on links",
    labels: ["side"],
  },
  ote_link_errors_total: {
    kind: "counter",
    help: "Connections and links that ended for another reason than a polite close, by error code",
    labels: ["side", "code"],
  },
  ote_link_round_trip_seconds: {
    kind: "histogram",
    help: "Time until a peer has answered a sign of life",
    labels: ["side"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
} as const satisfies Record<string, MetricRow>;
