import { versionOf } from "../replication/digest.ts";
import type { Version } from "../replication/message.ts";
import type { Collection } from "../replication/source.ts";
import { type Amounts, type Facts, sumAmounts, sumCounts } from "./facts.ts";

/** The name of the collection with the one status of a cluster. */
export const STATUS_COLLECTION = "status";
/** The key of that one status. */
export const STATUS_KEY = "cluster";

/** Whether the cluster's API answers its controller. */
export interface ApiCondition {
  readonly status: "True" | "False";
  /** One word. */
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

/** What a cluster says of itself as a whole; each part is absent as long as it is not known. */
export interface ReportedStatus {
  /** When it was said, on the cluster's clock, RFC 3339. */
  readonly reportedAt: string;
  readonly kubernetesVersion?: string | undefined;
  /** Sums over the nodes that are ready and take pods. */
  readonly capacity?: Amounts | undefined;
  readonly allocatable?: Amounts | undefined;
  /** What the pods that are not over have asked for. */
  readonly used?: Amounts | undefined;
  /** Numbers by kind, as `{pods: {total: 3, running: 3}}`. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly api: ApiCondition;
}

/** The status that the facts of all kinds make. */
export function statusOf(
  facts: ReadonlyMap<string, readonly Facts[] | undefined>,
  rest: Pick<ReportedStatus, "reportedAt" | "kubernetesVersion" | "api">,
): ReportedStatus {
  const counts: Record<string, Record<string, number>> = {};
  for (const [kind, known] of facts) if (known !== undefined) counts[kind] = sumCounts(known);
  const nodes = facts.get("nodes");
  const pods = facts.get("pods");
  return {
    ...rest,
    counts,
    capacity: nodes && sumAmounts(nodes.map(({ amounts }) => amounts?.capacity)),
    allocatable: nodes && sumAmounts(nodes.map(({ amounts }) => amounts?.allocatable)),
    used: pods && sumAmounts(pods.flatMap(({ used }) => used ?? [])),
  };
}

/** The status of this cluster as a collection of one. */
export class StatusCollection implements Collection {
  #present: { readonly version: Version; readonly object: ReportedStatus } | undefined;

  set(status: ReportedStatus): void {
    this.#present = { version: versionOf(JSON.stringify(status)), object: status };
  }

  entries(): Iterable<readonly [string, Version]> | undefined {
    return this.#present && [[STATUS_KEY, this.#present.version]];
  }

  get(key: string): { readonly version: Version; readonly object: unknown } | undefined {
    return key === STATUS_KEY ? this.#present : undefined;
  }
}
