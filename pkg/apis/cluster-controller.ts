import { OTE_GROUP } from "./cluster.ts";
import type { KubeObject, ResourceType } from "./object.ts";

export const CLUSTER_CONTROLLER: ResourceType = {
  group: OTE_GROUP,
  version: "v1",
  kind: "ClusterController",
  plural: "clustercontrollers",
  namespaced: true,
};

export const CLUSTER_CONTROLLER_RESULT: ResourceType = {
  group: OTE_GROUP,
  version: "v1",
  kind: "ClusterControllerResult",
  plural: "clustercontrollerresults",
  namespaced: true,
};

/** Label of result objects: the task they belong to (its uid, because names can be longer than labels). */
export const TASK_UID_LABEL = `${OTE_GROUP}/task-uid`;
/** Label of result objects: the task's name, cut to the 63 characters that a label may have. */
export const TASK_LABEL = `${OTE_GROUP}/task`;

/** Seconds a task waits for its clusters when it does not say. */
export const DEFAULT_DEADLINE_SECONDS = 3600;

/** How a task ended for one cluster. */
export const VERDICTS = ["done", "failed", "refused", "unreachable", "expired"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The Kubernetes LabelSelector, applied to a cluster's tags. */
export interface TagSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

/** A request for selected clusters; executed once, later edits change nothing. */
export interface ClusterControllerSpec {
  /** Names, globs and tags; see docs/selectors.md. */
  readonly clusterSelector?: string | undefined;
  readonly selector?: TagSelector | undefined;
  /** Which handler of the shim: `api` or, where offered, `helm`. */
  readonly destination?: string | undefined;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The body as JSON or YAML text. */
  readonly body?: string | undefined;
  /** Media type of the body; needed only for a PATCH that cannot be told from its body. */
  readonly contentType?: string | undefined;
  readonly deadlineSeconds?: number | undefined;
  /** How many clusters may work on the task at the same time; no limit if absent. */
  readonly parallelism?: number | undefined;
  /** Kept from the original; ignored. */
  readonly parentClusterName?: string | undefined;
}

/** How many clusters stand where. The six counts after `selected` add up to it. */
export type TaskSummary = Readonly<Record<"selected" | "pending" | Verdict, number>>;

/** The verdict of one cluster. */
export interface ClusterVerdict {
  readonly verdict: Verdict;
  /** HTTP code of the answer; absent when there was none to give (`refused`, `unreachable`, `expired`). */
  readonly code?: number | undefined;
  /** Why, in one word, when the verdict is not `done`. */
  readonly reason?: string | undefined;
  readonly body?: string | undefined;
  /** Whether `body` was cut. */
  readonly truncated?: boolean | undefined;
  /** When the verdict was reached, RFC 3339, on the clock of the side that reached it. */
  readonly timestamp: string;
}

/** A condition as Kubernetes defines it (metav1.Condition). */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export interface ClusterControllerStatus {
  readonly phase: "Pending" | "Running" | "Completed";
  readonly summary: TaskSummary;
  readonly conditions: readonly Condition[];
  /** The first verdicts, up to a total size; all of them are in ClusterControllerResult objects. */
  readonly clusters?: Readonly<Record<string, ClusterVerdict>> | undefined;
}

export interface ClusterController extends KubeObject {
  readonly spec?: ClusterControllerSpec | undefined;
  readonly status?: ClusterControllerStatus | undefined;
}

/** What of an accepted task stands on one page; durations are on the first. */
export interface FrozenOrder {
  /** A part of the encoded task, base64; the pages together have the whole. */
  readonly body?: string | undefined;
  readonly deadlineSeconds?: number | undefined;
  readonly parallelism?: number | undefined;
}

/** One page of a task's outcome: some of the selected clusters' names, and some of the verdicts. */
export interface ClusterControllerResult extends KubeObject {
  readonly spec: {
    readonly taskName: string;
    readonly taskUID: string;
    readonly page: number;
    /** How many clusters are selected on all pages together. */
    readonly selectedTotal: number;
    /** The task as it was accepted, so that later edits change nothing, not even after a restart. */
    readonly order?: FrozenOrder | undefined;
    /** Clusters frozen into the task; a name stands on exactly one page. */
    readonly selected?: readonly string[] | undefined;
  };
  /** Verdicts by cluster; a cluster stands on exactly one page, not always the one that selected it. */
  readonly results?: Readonly<Record<string, ClusterVerdict>> | undefined;
}
