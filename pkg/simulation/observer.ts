import type { TreeEffect, TreeEvent } from "../clustercontroller/event.ts";
import type { ClusterName } from "../wire/names.ts";
import type { Member } from "./member.ts";
import type { KeptTask } from "./task-api.ts";

/** Who watches a world; each is called in the step in which it happens. */
export interface Observer {
  /** Its process runs, or runs again after it stood still. */
  started(member: Member): void;
  killed(member: Member): void;
  /** Was about to die at a point of a task's execution, as arranged: the observer's turn to let it. */
  crashed(member: Member): void;
  joined(member: Member): void;
  /** A node has taken an event, and its effects are done. */
  stepped(member: Member, event: TreeEvent, effects: readonly TreeEffect[]): void;
  /** The cluster's API was changed by a task. */
  executed(member: Member, id: string): void;
  /** A verdict is about to be written. */
  verdict(task: KeptTask, cluster: ClusterName): void;
}
