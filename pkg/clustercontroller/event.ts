import type { LinkEnd } from "../tunnel/link.ts";
import type { Hello, Message, Neighbours, Result, Task, Welcome } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";

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
}

/** What can happen to one node of the tree. */
export type TreeEvent =
  | { readonly kind: "child-joined"; readonly hello: Hello }
  | { readonly kind: "child-left"; readonly child: ClusterName }
  | { readonly kind: "child-said"; readonly child: ClusterName; readonly message: Message }
  /** Too much waits to be sent to a child; no more tasks until it has drained. */
  | { readonly kind: "child-congested"; readonly child: ClusterName }
  | { readonly kind: "child-drained"; readonly child: ClusterName }
  | { readonly kind: "parent-joined"; readonly welcome: Welcome }
  | { readonly kind: "parent-left" }
  | { readonly kind: "parent-said"; readonly message: Message }
  | { readonly kind: "task-created"; readonly order: TaskOrder }
  | { readonly kind: "task-deleted"; readonly id: string }
  /** The shim has a result for a task that a `run` effect gave it, and the ledger has it on disk. */
  | { readonly kind: "task-ran"; readonly result: Result }
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
  /** Something a peer should not have said was left out, under this code. */
  | { readonly kind: "ignored"; readonly peer: ClusterName; readonly code: string };
