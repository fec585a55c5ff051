import type { Identity } from "../identity.ts";
import type { Guard } from "../membership/guard.ts";
import type { ClusterControllerOptions, ClusterControllerParts } from "../options.ts";
import type { Sides } from "../perform.ts";
import type { TreeNode } from "../tree-node.ts";
import { servicesOf } from "./services.ts";
import { Streams } from "./streams.ts";

/** What the streams of a node have to do with the rest of it. */
export interface StreamsSurroundings {
  readonly node: TreeNode;
  readonly identity: Identity;
  readonly guard: Guard | undefined;
  /** The links around it; they come and go. */
  readonly sides: Sides;
}

/** The streams of a node, over its links. */
export function openStreams(
  { name: self }: ClusterControllerOptions,
  { log, metrics, apiProxy: api, reporter, enforcer }: ClusterControllerParts,
  { node, identity, guard, sides }: StreamsSurroundings,
): Streams {
  return new Streams({
    ...{ self, guard, api, metrics },
    log: log.child({ part: "streams" }),
    services: servicesOf(reporter, enforcer),
    nextHop: (target) => node.nextHop(target),
    session: (target) => node.route(target)?.session,
    firstSession: () => identity.firstSession,
    send: (to, message) =>
      to === "" ? sides.parent?.send(message) : sides.children?.send(to, message),
    room: (to) => (to === "" ? sides.parent?.room() : sides.children?.room(to)),
  });
}
