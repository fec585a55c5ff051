import type { KubeObject, ResourceType } from "./object.ts";

/** Where our own objects live unless said otherwise; also the namespace of the kubeconfigs we write. */
export const SYSTEM_NAMESPACE = "kube-system";

/** The API group of all our kinds. */
export const OTE_GROUP = "ote.baidu.com";

export const CLUSTER: ResourceType = {
  group: OTE_GROUP,
  version: "v1",
  kind: "Cluster",
  plural: "clusters",
  namespaced: true,
};

/** What is known of a cluster; written by the cluster controller that owns this API, by nobody else. */
export interface ClusterStatus {
  /** `online`: there is a live way to it through the tree, now. */
  readonly status: "online" | "offline";
  /** The cluster it is joined to; absent for the cluster at the top of this API's tree. */
  readonly parentName?: string | undefined;
  /** The parent it would rather have, when that is another one. */
  readonly preferredParent?: string | undefined;
  /** Address other clusters may dial to join below it. */
  readonly listen?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** The tags again as one line, "region=north,tier=edge", for people and printer columns. */
  readonly tagText?: string | undefined;
  /** Sums over its nodes that are ready and take pods, by resource. */
  readonly capacity?: Readonly<Record<string, string>> | undefined;
  readonly allocatable?: Readonly<Record<string, string>> | undefined;
  /** What its pods that are not over have asked for, by resource. */
  readonly used?: Readonly<Record<string, string>> | undefined;
  /** How many of its nodes are ready: "2/3". */
  readonly nodeText?: string | undefined;
  readonly kubernetesVersion?: string | undefined;
  /** How many objects it has, by kind and by state: `{pods: {total: 3, running: 3}}`. */
  readonly counts?: Readonly<Record<string, Readonly<Record<string, number>>>> | undefined;
  /** `ApiReachable`: its Kubernetes API answers its controller. */
  readonly conditions?:
    | readonly {
        readonly type: string;
        readonly status: string;
        readonly reason?: string;
        readonly message?: string;
        readonly lastTransitionTime?: string;
      }[]
    | undefined;
  /** When it reported this, RFC 3339, on its own clock. */
  readonly reportedAt?: string | undefined;
  /** When it was last known to be online, RFC 3339; while it is online, when that began or last changed. */
  readonly lastSeen?: string | undefined;
  /** Version of its cluster controller. */
  readonly version?: string | undefined;
  /** The names from the top to it, "root/north/north-1". */
  readonly path?: string | undefined;
}

/** By what a cluster is known to the authority of its tree, and what it was granted. */
export interface ClusterIdentity {
  /** Its public key: SubjectPublicKeyInfo, DER, base64. */
  readonly key: string;
  /** Whether others may join below it. */
  readonly parent?: boolean | undefined;
  /** Whether tasks from its own API are obeyed by the clusters below it. */
  readonly origin?: boolean | undefined;
  /** Globs over "key=value": the tags that it may have. */
  readonly tags?: readonly string[] | undefined;
}

/** Keeps a Cluster object until the tree has been told that its key is not to be trusted any more. */
export const IDENTITY_FINALIZER = "ote.baidu.com/identity";

/** One managed cluster of the tree. */
export interface Cluster extends KubeObject {
  readonly spec: {
    readonly name: string;
    /** Written by the root when the cluster joins; absent in a tree without identities. */
    readonly identity?: ClusterIdentity | undefined;
  };
  readonly status?: ClusterStatus | undefined;
}
