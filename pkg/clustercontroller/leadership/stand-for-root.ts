import { setTimeout as sleep } from "node:timers/promises";
import { StatusError } from "../../apis/status.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import { Scope } from "../../base/scope.ts";
import type { LeaderLease } from "../../kube/leader-lease.ts";
import type { LinkEnd } from "../../tunnel/link.ts";

/** Milliseconds until a role is tried again that could not be begun. */
const RETRY_MS = 1000;
/** What passes by itself: no API for now, or leadership lost while it was taken up. */
const PASSING = new Set(["API_UNREACHABLE", "NOT_LEADER"]);

const DEPOSED: LinkEnd = { code: "NOT_LEADER", text: "This root does not lead any more" };

/** What one of several roots works with. */
export interface StandForRootParts {
  readonly lease: LeaderLease;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Does the work of the root in `scope`; resolves to what ends the links to children. */
  readonly lead: (scope: Scope) => Promise<(reason: LinkEnd) => void>;
  /** Sends children to the leader, in `scope`. */
  readonly follow: (scope: Scope) => Promise<unknown>;
}

/**
 * Makes this process one of several roots, until `scope` ends: while it has the lease it leads, else it follows,
 * and it never begins one before it has ended the other. Resolves once it does one of them.
 */
export async function standForRoot(scope: Scope, parts: StandForRootParts): Promise<void> {
  await new Promise<void>((resolve) => {
    scope.signal.addEventListener("abort", () => resolve(), { once: true });
    scope.spawn("leadership", (signal) => stand(parts, signal, resolve));
  });
  scope.signal.throwIfAborted();
}

async function stand(
  parts: StandForRootParts,
  signal: AbortSignal,
  onBegun: () => void,
): Promise<void> {
  const { lease, log } = parts;
  // While we stop what leads nobody else may begin.
  const over = new AbortController();
  const standing = lease.run(over.signal);
  let hasBegun = false;
  const begun = () => {
    hasBegun = true;
    onBegun();
  };
  try {
    await lease.settled(signal);
    while (!signal.aborted) {
      try {
        await play(parts, signal, begun);
      } catch (error) {
        if (!passes(error, hasBegun)) throw error;
        log.warn(
          { code: errorCode(error), text: errorText(error) },
          "cannot lead or follow now, will retry",
        );
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  } finally {
    over.abort();
    await standing;
    await lease.release();
  }
}

/** One time as leader or as follower. Rejects with what it could not be begun for, or what ended it. */
async function play(
  { lease, log, metrics, lead, follow }: StandForRootParts,
  signal: AbortSignal,
  onBegun: () => void,
): Promise<void> {
  const leads = lease.holds;
  await using scope = new Scope(log);
  metrics.gauge("ote_leader", leads ? 1 : 0);
  const depose = leads ? await lead(scope) : void (await follow(scope));
  onBegun();
  await lease.until(!leads, AbortSignal.any([signal, scope.signal]));
  metrics.gauge("ote_leader", 0);
  scope.signal.throwIfAborted();
  if (!signal.aborted) depose?.(DEPOSED);
}

/**
 * Whether another attempt may go well. An API that has just been started says so to all, or has not read yet who
 * may do what: no refusal is final for somebody who had the role before.
 */
function passes(error: unknown, hasBegun: boolean): boolean {
  if (!(error instanceof StatusError)) return PASSING.has(errorCode(error));
  const { code } = error.status;
  return hasBegun || code >= 500 || code === 429;
}
