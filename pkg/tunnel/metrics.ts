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
} as const satisfies Record<string, MetricRow>;
