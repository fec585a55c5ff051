import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import { SYSTEM_NAMESPACE } from "../pkg/apis/cluster.ts";
import type { ResourceClient } from "../pkg/apis/resource-client.ts";
import type { Scope } from "../pkg/base/scope.ts";
import type { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import { openFollowerDoor } from "../pkg/clustercontroller/leadership/follower-door.ts";
import { RootRoster } from "../pkg/clustercontroller/leadership/root-roster.ts";
import { standForRoot } from "../pkg/clustercontroller/leadership/stand-for-root.ts";
import type { AuthorityOptions } from "../pkg/clustercontroller/membership/authority.ts";
import type { MembershipOptions } from "../pkg/clustercontroller/membership/membership.ts";
import { FencedTransport } from "../pkg/kube/fenced-transport.ts";
import { electionTimes, LeaderLease } from "../pkg/kube/leader-lease.ts";
import { TransportResourceClient } from "../pkg/kube/transport-resource-client.ts";
import type { Address } from "../pkg/wire/address.ts";
import type { ClusterControllerSettings } from "./cluster-controller-options.ts";
import type { ProgramParts } from "./program.ts";

/** The Lease that the root of a tree has. */
const ROOT_LEASE = { namespace: SYSTEM_NAMESPACE, name: "ote-root-cluster-controller" } as const;

/** What a root works with while it leads. */
export interface RootRole {
  /** Ends when another root leads. */
  readonly scope: Scope;
  /** The API, on which only the leader can write. */
  readonly transport: ApiTransport | undefined;
  readonly listen: Address | undefined;
  /** Another process may have begun what is under way. */
  readonly isHeir: boolean;
}

/** What a root can do, as the program knows it. */
export interface RootPowers {
  readonly identity: (
    client: ResourceClient,
  ) => Promise<{ identity?: MembershipOptions; authority?: AuthorityOptions }>;
  readonly lead: (role: RootRole) => Promise<ClusterController>;
  /** Told once how to find out where children join the root that leads. */
  readonly onLeader: (leader: () => string | undefined) => void;
}

/** Starts this program as one of several roots on the API behind `transport`. */
export async function startOneOfSeveralRoots(
  { options, scope, log, metrics }: ProgramParts<ClusterControllerSettings>,
  transport: ApiTransport,
  { identity, lead, onLeader }: RootPowers,
): Promise<void> {
  const client = new TransportResourceClient(transport);
  const { heartbeatMs, advertise, leaseMs } = options;
  let { listen } = options;
  const address = (): string => advertise.replace(/:0$/, `:${listen?.port ?? 0}`);
  const roster = new RootRoster({ client, log: log.child({ part: "roster" }), address });
  const lease = new LeaderLease(
    {
      key: ROOT_LEASE,
      identity: `${hostname()}_${randomUUID()}`,
      address,
      times: electionTimes(leaseMs),
    },
    { client, log: log.child({ part: "election" }) },
  );
  onLeader(() => lease.leader);
  // Who leads next must be found at the same place.
  const keepPort = (port: number): void => {
    listen = listen && { ...listen, port };
  };
  await standForRoot(scope, {
    lease,
    log,
    metrics,
    lead: async (inner) => {
      const fenced = new FencedTransport(transport, () => lease.holds);
      const role = { scope: inner, transport: fenced, listen, isHeir: true };
      const controller = await lead(role);
      keepPort(controller.port);
      inner.spawn("other roots", (signal) =>
        roster.follow((addresses) => controller.othersAt(addresses), signal),
      );
      return (reason) => controller.endChildren(reason);
    },
    follow: async (inner) => {
      const who = await identity(client);
      if (listen === undefined) return;
      const parts = { log: log.child({ part: "follower" }), metrics, client, ...who };
      const leader = (): string | undefined => lease.leader;
      keepPort(await openFollowerDoor(inner, { listen, heartbeatMs }, { ...parts, leader }));
    },
  });
  scope.spawn("roster", (signal) => roster.announce(signal));
}
