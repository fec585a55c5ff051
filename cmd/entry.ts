import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import type { Scope } from "../pkg/base/scope.ts";
import type { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import { LeaderProxy } from "../pkg/clustercontroller/entry/leader-proxy.ts";
import { TransportResourceClient } from "../pkg/kube/transport-resource-client.ts";
import type { ClusterControllerSettings } from "./cluster-controller-options.ts";
import type { ProgramParts } from "./program.ts";
import type { QueryPower } from "./queries.ts";

/** The way to clusters at this node, whoever has the tree. */
export interface EntryPower {
  /** Where children join the node that has the tree, if it is not this one. */
  readonly follow: (leader: () => string | undefined) => void;
  /** The tree is at `controller`, in `scope`; `transport` is the API to write to meanwhile. */
  readonly lead: (scope: Scope, controller: ClusterController, transport: ApiTransport) => void;
}

/** Opens the entry of --entry-listen at a cluster with the API behind `transport`; nothing without that flag. */
export async function openOwnEntry(
  { options, scope, log, metrics }: ProgramParts<ClusterControllerSettings>,
  transport: ApiTransport | undefined,
  doors: QueryPower["doors"],
): Promise<EntryPower> {
  const { entry, dataDir, clusterName: name, leaderElect } = options;
  if (entry === undefined || transport === undefined) return { follow: () => {}, lead: () => {} };
  // Only who has one pays for its code.
  const { openEntry } = await import("../pkg/clustercontroller/entry/entry.ts");
  const { announceEntry } = await import("../pkg/clustercontroller/entry/entry-notice.ts");
  const clusters = new LeaderProxy();
  const client = new TransportResourceClient(transport);
  const part = log.child({ part: "entry" });
  const address = await openEntry(
    scope,
    { ...entry, name, dataDir, isOneOfSeveral: leaderElect },
    { transport, client, clusters, doors, log: part, metrics },
  );
  return {
    follow: (leader) => clusters.follow(leader),
    lead: (inner, controller, writable) => {
      clusters.lead(controller.streams, inner.signal);
      const parts = { client: new TransportResourceClient(writable), log: part };
      inner.spawn("entry notice", (signal) => announceEntry(address, parts, signal));
    },
  };
}
