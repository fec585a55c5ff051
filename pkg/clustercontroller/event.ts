import type { LinkEnd } from "../tunnel/link.ts";
import type {
  Enrol,
  Enrolled,
  Hello,
  Message,
  Neighbours,
  Result,
  Task,
  Welcome,
} from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";

/** What lets the clusters that execute a task check who sent it, and that it is meant for them. */
export interface TaskSeal {
  /** Milliseconds since 1970 after which nobody may start it. */
  readonly notAfter: number;
  /** The origin's certificate, DER. */
  readonly certificate: Uint8Array;
  readonly signature: Uint8Array;
  /** The proof that the signature covers a cluster; undefined if it does not. */
  readonly proofOf: (cluster: ClusterName) => Uint8Array | undefined;
}

/** A task at the cluster whose API it was written to, with the clusters it was frozen to. */
export interface TaskOrder {
  /** The object's uid. */
  readonly id: string;
  /** The encoded TaskBody. */
  readonly body: Uint8Array;
  /** Clusters that have no verdict yet. */
  readonly waiting: readonly ClusterName[];
  /** On the clock of the events. */
  readonly deadline: number;
  /** How many clusters may have it at the same time. */
  readonly parallelism: number;
  /** When it was accepted, if that was in an earlier life: clusters may have begun it since. */
  readonly resumedFrom?: Date | undefined;
  /** Absent in a tree without identities. */
  readonly seal?: TaskSeal | undefined;
}

/** What happened on a child's link. One of a session that is not the present one changes nothing. */
export interface OfChild {
  readonly child: ClusterName;
  readonly session: number;
}

/** What can happen to one node of the tree. */
export type TreeEvent =
  /** Somebody says hello; comes before `TreeNode.refusal` is asked about it. */
  | { readonly kind: "child-knocked"; readonly hello: Hello }
  | { readonly kind: "child-joined"; readonly hello: Hello }
  | (OfChild & { readonly kind: "child-left" })
  | (OfChild & { readonly kind: "child-said"; readonly message: Message })
  /** Too much waits to be sent to a child; no more tasks until it has drained. */
  | (OfChild & { readonly kind: "child-congested" })
  | (OfChild & { readonly kind: "child-drained" })
  /** Only one that `TreeNode.unfit` has nothing against; it replaces the present parent. */
  | { readonly kind: "parent-joined"; readonly welcome: Welcome }
  | { readonly kind: "parent-left" }
  | { readonly kind: "parent-said"; readonly message: Message }
  | { readonly kind: "task-created"; readonly order: TaskOrder }
  | { readonly kind: "task-deleted"; readonly id: string }
  /** The shim has a result for a task that a `run` effect gave it, and the ledger has it on disk. */
  | { readonly kind: "task-ran"; readonly result: Result }
  /** Where other roots of this tree are, at one of them: nobody else could tell that to its children. */
  | { readonly kind: "roots-known"; readonly addresses: readonly string[] }
  /** Somebody here asks the tree's authority for a certificate. */
  | { readonly kind: "enrol"; readonly request: Enrol }
  /** The authority, which is here, has decided. */
  | { readonly kind: "enrolled"; readonly answer: Enrolled }
  /** Time has passed; comes about twice a second. */
  | { readonly kind: "tick" };

/** How one cluster's part of a task ended, at its origin. */
export type Settlement =
  | { readonly by: "answer"; readonly result: Result }
  | {
      readonly by: "deadline";
      readonly cluster: ClusterName;
      readonly verdict: "unreachable" | "expired";
    };

/** What a node wants done because of an event; the program around it does so, in order. */
export type TreeEffect =
  | { readonly kind: "send-child"; readonly child: ClusterName; readonly message: Message }
  | { readonly kind: "send-parent"; readonly message: Message }
  | { readonly kind: "end-child"; readonly child: ClusterName; readonly reason: LinkEnd }
  | { readonly kind: "end-parent"; readonly reason: LinkEnd }
  /** Note the task as started, durably; then give it to the shim. */
  | { readonly kind: "run"; readonly task: Task }
  /** Ledger entries that are no longer needed. */
  | { readonly kind: "forget"; readonly ids: readonly string[] }
  | { readonly kind: "settled"; readonly id: string; readonly settlements: readonly Settlement[] }
  /** What is known of these clusters is different now. */
  | { readonly kind: "clusters-changed"; readonly names: readonly ClusterName[] }
  /** Whom we may join should the parent be lost. */
  | { readonly kind: "candidates"; readonly neighbours: Neighbours }
  /** This is the top: the authority has to decide, if it is here. */
  | { readonly kind: "enrol"; readonly request: Enrol }
  /** The authority's answer to who asked here. */
  | { readonly kind: "enrolled"; readonly answer: Enrolled }
  /** Whether this cluster has a way to a root is another answer now. */
  | { readonly kind: "anchored"; readonly anchored: boolean }
  /** Something a peer should not have said was left out, under this code. */
  | { readonly kind: "ignored"; readonly peer: ClusterName; readonly code: string };
