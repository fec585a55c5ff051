import type { ParentCandidates } from "../topology/parent-candidates.ts";
import type { Dialled } from "../tunnel/edge-tunnel.ts";
import { type LinkRedirect, LinkRefusedError } from "../tunnel/link.ts";
import type { ClusterName } from "../wire/names.ts";

/** Most times that one attempt is sent elsewhere. */
const MAX_REDIRECTS = 3;

/** What came of dialling: a link, or why there is none; and at which address. */
export type Attempt =
  | { readonly address: string; readonly dialled: Dialled }
  | { readonly address: string; readonly error: unknown };

/**
 * Dials `address`, and if a root that does not lead is there, whom it names; but not `present`, where we are
 * already, nor one that has failed a moment ago. Tells `candidates` which roots do not lead; who failed tells the
 * caller.
 */
export async function reachLeader(
  address: string,
  present: string | undefined,
  candidates: ParentCandidates,
  dial: (address: string) => Promise<Dialled>,
): Promise<Attempt> {
  let at = address;
  let sender: ClusterName | undefined;
  for (let redirects = 0; ; redirects++) {
    try {
      return { address: at, dialled: sameAs(sender, at, await dial(at)) };
    } catch (error) {
      const leader = leaderOf(error, at, candidates);
      const useless = leader === undefined || leader === present;
      if (useless || redirects >= MAX_REDIRECTS) return { address: at, error };
      at = leader;
      sender = isRedirect(error) ? error.redirect.name : undefined;
    }
  }
}

/** A root sends us to itself at another place, never to somebody else. */
function sameAs(sender: ClusterName | undefined, address: string, dialled: Dialled): Dialled {
  const { link, welcome } = dialled;
  if (sender === undefined || welcome.name === sender) return dialled;
  const text = `"${sender}" has sent us here, and this is "${welcome.name}"`;
  const end = { code: "NOT_LEADER", text };
  link.end(end);
  throw new LinkRefusedError(address, end);
}

/** Where the leader is, if that is what we were told and it is worth a try. */
function leaderOf(error: unknown, at: string, candidates: ParentCandidates): string | undefined {
  if (!isRedirect(error)) return undefined;
  const now = performance.now();
  const { name, leader } = error.redirect;
  if (name !== undefined) candidates.owned(at, name);
  candidates.redirected(at, leader, now);
  return leader === "" || candidates.rests(leader, now) ? undefined : leader;
}

/** Whether somebody who may say so has said that another one leads. */
export function isRedirect(
  error: unknown,
): error is LinkRefusedError & { readonly redirect: LinkRedirect } {
  return error instanceof LinkRefusedError && error.redirect !== undefined;
}
