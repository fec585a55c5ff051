import type { ResourceClient } from "../../apis/resource-client.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { AuthorityKeeper } from "../../trust/authority-secret.ts";
import { followAuthority } from "./follow-authority.ts";
import type { Membership } from "./membership.ts";
import { Registrar } from "./registrar.ts";

/** What the root needs to decide who is who. */
export interface AuthorityOptions {
  readonly keeper: AuthorityKeeper;
  /** How long certificates are valid, in days; fractions are allowed. */
  readonly days: number;
}

/** At the root: the registrar, and a job that notices what others do to the authority. */
export function openAuthority(
  { keeper, days }: AuthorityOptions,
  client: ResourceClient,
  membership: Membership,
  log: Logger,
  metrics: Metrics,
): { readonly registrar: Registrar; readonly follow: (signal: AbortSignal) => Promise<void> } {
  const onChange = (): void => membership.authorityChanged(keeper.authority.trust);
  const registrar = new Registrar({ client, keeper, days, log, metrics, onChange });
  return {
    registrar,
    follow: (signal) => followAuthority(client, keeper, onChange, log, signal),
  };
}
