import type { Enrol } from "../../wire/message.ts";
import type { Identity } from "../identity.ts";
import type { ClusterControllerParts } from "../options.ts";
import type { Sides } from "../perform.ts";
import { LedgerStore } from "../tasks/ledger-store.ts";
import type { TreeNode } from "../tree-node.ts";
import { Membership, type MembershipOptions } from "./membership.ts";

/** What the membership of a node has to do with the rest of it. */
export interface MembershipSurroundings {
  readonly node: TreeNode;
  readonly identity: Identity;
  /** The links around it; they come and go. */
  readonly sides: () => Sides;
  /** Somebody knows a newer trust document than we do. */
  readonly onBehind: (version: number) => void;
  readonly enrol: (request: Enrol) => void;
}

/** The membership of a node in a tree with identities. */
export function openMembership(
  options: MembershipOptions,
  { log, metrics, store }: ClusterControllerParts,
  { node, identity, sides, onBehind, enrol }: MembershipSurroundings,
): Membership {
  const ledger = new LedgerStore(store);
  return new Membership({
    ...options,
    log: log.child({ part: "identity" }),
    metrics,
    route: (name) => node.route(name),
    isForgotten: (task) => ledger.isForgotten(task),
    latestTime: () => identity.latestTime,
    rememberTime: (now) => identity.rememberTime(now),
    onBehind,
    enrol,
    children: () => sides().children?.names ?? [],
    sendChild: (child, message) => sides().children?.send(child, message),
    endChild: (child, reason) => sides().children?.end(child, reason),
    endParent: (reason) => sides().parent?.end(reason),
    onRenewed: () => sides().children?.renew(),
  });
}
