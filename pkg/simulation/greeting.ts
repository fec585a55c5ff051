import type { TreeNode } from "../clustercontroller/tree-node.ts";
import type { Hello, Welcome } from "../wire/message.ts";
import { HEARTBEAT_MS } from "./links.ts";
import type { Member } from "./member.ts";

const VERSION = "simulated";

/** What a member says to a parent. */
export function helloOf({ name, homeName, node }: Member, session: number): Hello {
  return {
    kind: "hello",
    name,
    instance: `i-${name}`,
    session,
    tags: {},
    listen: name,
    version: VERSION,
    capabilities: [],
    heartbeatMs: HEARTBEAT_MS,
    preferredParent: homeName,
    rank: node?.rank ?? 0,
    anchored: node?.anchored ?? false,
  };
}

/** What a member says to a child that it takes in. */
export function welcomeOf({ name }: Member, { path, rank, anchored }: TreeNode): Welcome {
  return {
    kind: "welcome",
    name,
    version: VERSION,
    capabilities: [],
    heartbeatMs: HEARTBEAT_MS,
    path,
    listen: name,
    rank,
    anchored,
  };
}
