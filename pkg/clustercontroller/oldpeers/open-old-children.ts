import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { RecordStore } from "../../base/record-store.ts";
import type { Scope } from "../../base/scope.ts";
import type { Address } from "../../wire/address.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { Children } from "../children.ts";
import type { Identity } from "../identity.ts";
import type { Membership } from "../membership/membership.ts";
import { LedgerStore } from "../tasks/ledger-store.ts";
import { Adoption } from "./adoption.ts";
import { OldChildren } from "./old-children.ts";
import { OldClaims } from "./old-claims.ts";
import { OldTasks } from "./old-tasks.ts";

/** Where clusters that run OTE-Stack 2020 can join, and in whose name. */
export interface OldPeersOptions {
  readonly listen: Address;
  /** Where the identities of adopted clusters are kept. */
  readonly directory: string;
  /** A file with the join token that says which names they may have; absent in a tree without identities. */
  readonly tokenFile: string | undefined;
}

/** What the node has that old children need, too. */
export interface OldPeersParts {
  readonly self: ClusterName;
  readonly heartbeatMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly store: RecordStore;
  readonly identity: Identity;
  readonly children: Children;
  readonly membership: Membership | undefined;
  readonly path: () => readonly ClusterName[];
}

/** The table of tasks for old clusters. */
const LEDGER_TABLE = "old-ledger";

/** Lines in a minute of what those say who may call themselves what they like. */
const LINES = 200;

/** Lets old children join, in `scope`; rejects with `LISTEN_FAILED`. */
export async function openOldChildren(
  scope: Scope,
  { listen, directory, tokenFile = "" }: OldPeersOptions,
  parts: OldPeersParts,
): Promise<OldChildren> {
  const { self, heartbeatMs, metrics, store, identity, children, membership, path } = parts;
  const log = parts.log.child({ part: "old peers" });
  const lines = new LogLimit(log, metrics, { lines: LINES });
  const adoption =
    membership &&
    new Adoption({
      credentials: membership.credentials,
      enrolment: membership.enrolment,
      directory,
      tokenFile,
      log: lines.of("adoption"),
    });
  if (adoption !== undefined)
    scope.spawn("adopted certificates", (signal) => adoption.stayValid(signal));
  const { instance } = identity;
  const nextSession = (): number => identity.nextSession();
  const claims = new OldClaims({ self, instance, heartbeatMs, adoption, path, nextSession });
  const tasks = new OldTasks(
    {
      ledger: new LedgerStore(store, LEDGER_TABLE),
      log,
      believes: (task, cluster) => membership?.guard.obeys(task, cluster) ?? true,
      signed: (result) => claims.signed(result),
    },
    scope.signal,
  );
  const served = {
    self,
    heartbeatMs,
    log: lines.of("old children"),
    metrics,
    children,
    claims,
    tasks,
  };
  return scope.use(await OldChildren.listen(listen, served));
}
