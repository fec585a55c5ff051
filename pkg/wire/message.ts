import type { ClusterName, Tags } from "./names.ts";

/** First on every link, from the side that dialled: who I am. Nothing else is read before it. */
export interface Hello {
  readonly kind: "hello";
  readonly name: ClusterName;
  /** Random, made once for each data directory: two clusters that use one name can be told apart. */
  readonly instance: string;
  /** Grows with each link this cluster opens, also over restarts; the larger one is the present one. */
  readonly session: number;
  readonly tags: Tags;
  /** host:port at which other clusters may join below me; empty if they may not. */
  readonly listen: string;
  /** Version of the program. */
  readonly version: string;
  /** Optional abilities by name; unknown ones are ignored. */
  readonly capabilities: readonly string[];
  /** Milliseconds between signs of life that this side would like; the larger one of both sides counts. */
  readonly heartbeatMs: number;
  /** The parent I would rather have; empty if this is it or I do not know it. */
  readonly preferredParent: string;
}

/** The answer to a hello that was accepted. */
export interface Welcome {
  readonly kind: "welcome";
  readonly name: ClusterName;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly heartbeatMs: number;
  /** The names from the top of the tree to the sender, who is the last. */
  readonly path: readonly ClusterName[];
  /** host:port at which other clusters may join below the sender; empty if they may not. */
  readonly listen: string;
}

/** Down: the sender's path has changed. */
export interface Path {
  readonly kind: "path";
  readonly path: readonly ClusterName[];
}

/** One cluster as the tiers above it know it. */
export interface Route {
  readonly name: ClusterName;
  readonly parent: ClusterName;
  readonly instance: string;
  readonly session: number;
  readonly tags: Tags;
  readonly listen: string;
  readonly version: string;
  readonly preferredParent: string;
}

/** Up: what changed in the sender's subtree (the sender itself is known by its hello). */
export interface Routes {
  readonly kind: "routes";
  /** Forget what you knew of my subtree: a snapshot follows, in this message and maybe in more. */
  readonly reset: boolean;
  readonly changed: readonly Route[];
  readonly removed: readonly ClusterName[];
  /** Digest of the whole subtree after this message; empty while more of the snapshot follows. */
  readonly digest: string;
}

/** Down: your digest is not mine, send a snapshot. */
export interface Resync {
  readonly kind: "resync";
}

/** Down, towards the cluster it names: that cluster is not accepted in this tree. */
export interface Conflict {
  readonly kind: "conflict";
  readonly name: ClusterName;
  readonly instance: string;
  readonly code: string;
  readonly text: string;
}

/** A cluster that can be joined. */
export interface Neighbour {
  readonly name: ClusterName;
  readonly listen: string;
}

/** Down: whom you may join should I be lost; each list is in order of preference and short. */
export interface Neighbours {
  readonly kind: "neighbours";
  readonly grandparent: readonly Neighbour[];
  /** Siblings of the sender. */
  readonly aunts: readonly Neighbour[];
  /** Other children of the sender. */
  readonly siblings: readonly Neighbour[];
}

/** Down: a task for some clusters of the receiver's subtree, the receiver itself perhaps among them. */
export interface Task {
  readonly kind: "task";
  readonly id: string;
  /** The cluster at whose API it was created; answers travel to it. */
  readonly origin: ClusterName;
  /** Resolved names, never a pattern. */
  readonly targets: readonly ClusterName[];
  /** Milliseconds it may still wait before it is started; a duration, because clocks differ. */
  readonly ttlMs: number;
  /** The encoded TaskBody, which relays pass on unread. */
  readonly body: Uint8Array;
  /**
   * To a remote shim only: it was sent before, at this time (milliseconds since 1970), and what became
   * of it is not known; 0 for a task that cannot have been started.
   */
  readonly startedAt: number;
}

/** Up: the verdict of one cluster on one task. */
export interface Result {
  readonly kind: "result";
  readonly id: string;
  readonly origin: ClusterName;
  readonly cluster: ClusterName;
  readonly verdict: "done" | "failed" | "refused" | "expired";
  /** HTTP code; 0 if there is none. */
  readonly code: number;
  readonly reason: string;
  readonly truncated: boolean;
  /** Milliseconds since 1970 on the executing side. */
  readonly timestamp: number;
  /** UTF-8 text, which relays pass on unread. */
  readonly body: Uint8Array;
}

/** Everything that is said on a link. */
export type Message =
  | Hello
  | Welcome
  | Path
  | Routes
  | Resync
  | Conflict
  | Neighbours
  | Task
  | Result;

/** What a task asks of a cluster's shim; the inside of Task.body. */
export interface TaskBody {
  readonly destination: string;
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly contentType: string;
}
