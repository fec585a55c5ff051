import type { Door } from "../pkg/apiserver/listen/door.ts";
import type { VisitParts } from "../pkg/apiserver/listen/visit.ts";
import type { Logger } from "../pkg/base/log.ts";
import type { Metrics } from "../pkg/base/metrics.ts";
import type { Scope } from "../pkg/base/scope.ts";
import type { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import type { ClusterQueries } from "../pkg/clustercontroller/query/cluster-queries.ts";

/** Questions to many clusters at once, wherever visitors come in. */
export interface QueryPower {
  readonly doors: (visits: VisitParts) => readonly Door[];
  /** The tree is at `controller`, in `scope`. */
  readonly lead: (scope: Scope, controller: ClusterController) => void;
}

/** Doors for such questions; they answer once there is a controller. */
export async function openQueries(log: Logger, metrics: Metrics): Promise<QueryPower> {
  // Only who has a listener for visitors pays for the code.
  const { ClusterQueries } = await import("../pkg/clustercontroller/query/cluster-queries.ts");
  const { QueryDoor } = await import("../pkg/clustercontroller/query/query-door.ts");
  let present: ClusterQueries | undefined;
  return {
    doors: (visits) => [new QueryDoor({ ...visits, queries: () => present })],
    lead: (scope, { streams: clusters, directory }) => {
      const part = log.child({ part: "queries" });
      const queries = new ClusterQueries({ clusters, directory, log: part, metrics });
      present = queries;
      const end = () => {
        if (present === queries) present = undefined;
      };
      scope.signal.addEventListener("abort", end, { once: true });
    },
  };
}

/** Nobody comes in. */
export const NO_QUERIES: QueryPower = { doors: () => [], lead: () => {} };
