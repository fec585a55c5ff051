import type { KubeObject, ResourceType } from "./object.ts";

export const LEASE: ResourceType = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
};

/** Who of several may act, and until when; see "Leases" in the Kubernetes documentation. */
export interface Lease extends KubeObject {
  readonly spec?:
    | {
        readonly holderIdentity?: string | undefined;
        readonly leaseDurationSeconds?: number | undefined;
        /** RFC 3339 with microseconds, as `renewTime`. */
        readonly acquireTime?: string | undefined;
        readonly renewTime?: string | undefined;
        readonly leaseTransitions?: number | undefined;
      }
    | undefined;
}

/** Where the holder of the lease can be reached, host:port: those who ask another root are sent there. */
export const ADDRESS_ANNOTATION = "ote.baidu.com/address";
