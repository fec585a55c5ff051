import type { ResourceClient } from "../../apis/resource-client.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { Scope } from "../../base/scope.ts";
import { CloudTunnel, TUNNEL_PATH } from "../../tunnel/cloud-tunnel.ts";
import { askAtDoor, type StrangerDesk } from "../../tunnel/join-door.ts";
import type { Address } from "../../wire/address.ts";
import { type AuthorityOptions, openAuthority } from "../membership/authority.ts";
import { AuthorityUnreachableError } from "../membership/enrolment.ts";
import { Membership, type MembershipOptions } from "../membership/membership.ts";
import { dialable } from "./dialable.ts";

/** Most strangers whose requests are on their way to the leader at one time; a way in circles ends there. */
const MAX_PASSED_ON = 64;

/** What a root that does not lead works with. */
export interface FollowerDoorParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly client: ResourceClient;
  readonly identity?: MembershipOptions | undefined;
  readonly authority?: AuthorityOptions | undefined;
  /** host:port of the leader; empty if it does not say, undefined if nobody is known to lead. */
  readonly leader: () => string | undefined;
}

/**
 * The listener of a root that does not lead: children are sent to the leader, requests of strangers are passed on
 * to it. Its certificate stays valid, and it knows who was removed. Resolves to its port.
 */
export async function openFollowerDoor(
  scope: Scope,
  options: { readonly listen: Address; readonly heartbeatMs: number },
  parts: FollowerDoorParts,
): Promise<number> {
  const { log, metrics } = parts;
  const leader = (): string => dialable(parts.leader() ?? "");
  const open: { tunnel?: CloudTunnel } = {};
  const membership = memberOf(parts, () => open.tunnel?.renew());
  const tunnel = await CloudTunnel.listen(
    { ...options, path: TUNNEL_PATH, side: "down" },
    {
      log,
      metrics,
      trust: membership?.guard.childTrust,
      strangers: membership && passingOn(leader, scope.signal),
      admit: () => ({ kind: "redirect", leader: leader() }),
      onLink: () => {},
    },
  );
  open.tunnel = scope.use(tunnel);
  if (membership !== undefined) keepMembership(scope, membership, parts);
  log.info({ port: tunnel.port, host: options.listen.host }, "children are sent to the leader");
  return tunnel.port;
}

/** A member of the tree that nobody is below, and that is below nobody. */
function memberOf(
  { identity, log, metrics }: FollowerDoorParts,
  onRenewed: () => void,
): Membership | undefined {
  if (identity === undefined) return undefined;
  return new Membership({
    ...identity,
    log,
    metrics,
    route: () => undefined,
    isForgotten: () => false,
    latestTime: () => 0,
    rememberTime: () => {},
    onBehind: () => {},
    enrol: () => {},
    children: () => [],
    sendChild: () => {},
    endChild: () => {},
    endParent: () => {},
    onRenewed,
  });
}

function keepMembership(scope: Scope, membership: Membership, parts: FollowerDoorParts): void {
  const { authority, client, log, metrics } = parts;
  if (authority === undefined) return;
  const { registrar, follow } = openAuthority(authority, client, membership, log, metrics);
  scope.spawn("authority", follow);
  scope.spawn("certificate", (signal) => membership.stayValid(signal, registrar));
}

/** The leader's answer is signed by the authority, so it may come through anybody. */
function passingOn(leader: () => string, signal: AbortSignal): StrangerDesk {
  let passedOn = 0;
  return async (request) => {
    const address = leader();
    if (address === "") throw new AuthorityUnreachableError("no root leads at the moment");
    if (passedOn >= MAX_PASSED_ON)
      throw new AuthorityUnreachableError("too many are asking at the same time");
    passedOn++;
    try {
      return (await askAtDoor(address, request, signal)).enrolled;
    } finally {
      passedOn--;
    }
  };
}
