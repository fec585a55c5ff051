import type { ApiProxy } from "../apis/cluster-proxy.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import type { Logger } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { RecordStore } from "../base/record-store.ts";
import type { Enforcer } from "../propagation/enforcer.ts";
import type { PropagatedKind } from "../propagation/propagated-objects.ts";
import type { Reporter } from "../reporting/reporter.ts";
import type { ClusterShim } from "../shim/shim.ts";
import type { Address } from "../wire/address.ts";
import type { ClusterName, Tags } from "../wire/names.ts";
import type { AuthorityOptions } from "./membership/authority.ts";
import type { MembershipOptions } from "./membership/membership.ts";
import type { OldPeersOptions } from "./oldpeers/open-old-children.ts";
import type { Collected } from "./reports/collector.ts";

/** One node of the tree, complete and checked. */
export interface ClusterControllerOptions {
  readonly name: ClusterName;
  readonly tags: Tags;
  readonly version: string;
  /** Where children can join; undefined if they cannot. */
  readonly listen: Address | undefined;
  /** host:port under which others can reach `listen`. */
  readonly advertise: string;
  /** Addresses of parents, the preferred one first; empty at the root. */
  readonly parents: readonly string[];
  readonly heartbeatMs: number;
  /** Where children that run OTE-Stack 2020 can join; absent if they cannot. Needs `listen`. */
  readonly oldPeers?: OldPeersOptions | undefined;
  /** How much of what clusters report is kept in the API of this one; nothing if absent. */
  readonly collected?: Collected | undefined;
  /** Characters of JSON that all reported objects in that API may have; no limit if absent. */
  readonly collectLimit?: number | undefined;
  /** The kinds whose labelled objects in its API go down to clusters; none if absent. */
  readonly propagated?: readonly PropagatedKind[] | undefined;
  /** Another process may have executed tasks for this cluster before, with a ledger that we do not have. */
  readonly isHeir?: boolean | undefined;
}

/** What a node works with; a part that is missing is a power it does not have. */
export interface ClusterControllerParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Keeps identity and ledger. */
  readonly store: RecordStore;
  /** Executes tasks for this cluster. */
  readonly shim?: ClusterShim | undefined;
  /** Who we are in a tree with identities; without it links are open to everybody. */
  readonly identity?: MembershipOptions | undefined;
  /** The authority of the tree, at its root. */
  readonly authority?: AuthorityOptions | undefined;
  /** The Kubernetes API of this cluster, for those who come through the tree. */
  readonly apiProxy?: ApiProxy | undefined;
  /** Knows the state of this cluster; without it nothing is reported. */
  readonly reporter?: Reporter | undefined;
  /** Keeps here what entry points above want this cluster to have; without it nothing is taken. */
  readonly enforcer?: Enforcer | undefined;
  /** The API where tasks for the subtree are written and Cluster objects are kept. */
  readonly client?: ResourceClient | undefined;
}
