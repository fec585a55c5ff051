import type { Result, Task } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { Settlement, TaskOrder } from "../event.ts";

/** Milliseconds until a task that was sent but not answered is sent again; doubles each time. */
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 5 * 60_000;
/** Milliseconds after its deadline that a task waits for answers already on their way. */
export const ANSWER_GRACE_MS = 2000;

/** Whether a cluster can be sent a task now. */
export type Reach = "yes" | "congested" | "no";

/** A task and the clusters to which it is to be sent now. */
export interface Sending {
  readonly task: Omit<Task, "targets" | "proofs">;
  readonly targets: readonly ClusterName[];
  /** For each of `targets`; absent in a tree without identities. */
  readonly proofs?: readonly Uint8Array[] | undefined;
}

/** What came of an event: tasks to send, and verdicts that are final. */
export interface BoardChange {
  readonly sendings: readonly Sending[];
  readonly settled: readonly { readonly id: string; readonly settlements: readonly Settlement[] }[];
}

interface Sent {
  readonly attempts: number;
  readonly retryAt: number;
}

/** One task: each cluster without a verdict is in exactly one of `ready`, `sent` and `away`. */
interface Entry {
  readonly order: TaskOrder;
  readonly ready: Map<ClusterName, number>;
  readonly sent: Map<ClusterName, Sent>;
  readonly away: Set<ClusterName>;
}

/**
 * The tasks that were created here, and where each stands with each of its clusters. Delivery is at
 * least once: what is not answered is sent again, at once when the way to a cluster has changed, else
 * after a growing while. One answer for each cluster counts, the first.
 */
export class TaskBoard {
  readonly #origin: ClusterName;
  readonly #reach: (cluster: ClusterName) => Reach;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Map<ClusterName, Set<string>>();

  constructor(origin: ClusterName, reach: (cluster: ClusterName) => Reach) {
    this.#origin = origin;
    this.#reach = reach;
  }

  /** How many tasks still wait for a verdict. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes a new task, or one from before a restart with the clusters it still waits for. */
  add(order: TaskOrder, now: number): BoardChange {
    if (this.#entries.has(order.id)) return { sendings: [], settled: [] };
    const ready = new Map(order.waiting.map((cluster) => [cluster, 0]));
    const entry: Entry = { order, ready, sent: new Map(), away: new Set() };
    this.#entries.set(order.id, entry);
    for (const cluster of order.waiting) {
      const ids = this.#waiting.get(cluster) ?? new Set();
      this.#waiting.set(cluster, ids.add(order.id));
    }
    return { sendings: this.#pump(entry, now), settled: [] };
  }

  /** Its object is gone: nothing more is sent. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    for (const cluster of waitingClusters(entry)) this.#unlist(cluster, id);
    this.#entries.delete(id);
  }

  /** An answer came; one for a task or cluster that waits for none changes nothing. */
  answer(result: Result, now: number): BoardChange {
    const entry = this.#entries.get(result.id);
    if (entry === undefined || !this.#settle(entry, result.cluster))
      return { sendings: [], settled: [] };
    const settled = [{ id: result.id, settlements: [{ by: "answer", result } as const] }];
    return { sendings: entry.ready.size === 0 ? [] : this.#pump(entry, now), settled };
  }

  /** The way to these clusters is new, another one, or gone. */
  moved(clusters: Iterable<ClusterName>, now: number): BoardChange {
    const touched = new Set<Entry>();
    for (const cluster of clusters) {
      for (const id of this.#waiting.get(cluster) ?? []) {
        const entry = this.#entries.get(id);
        if (entry === undefined) continue;
        const attempts = entry.sent.get(cluster)?.attempts ?? entry.ready.get(cluster) ?? 0;
        entry.sent.delete(cluster);
        entry.away.delete(cluster);
        entry.ready.set(cluster, attempts);
        touched.add(entry);
      }
    }
    return { sendings: [...touched].flatMap((entry) => this.#pump(entry, now)), settled: [] };
  }

  /** Time has passed, or a congested child can take more. */
  tick(now: number): BoardChange {
    const sendings: Sending[] = [];
    const settled: { id: string; settlements: Settlement[] }[] = [];
    for (const entry of this.#entries.values()) {
      const settlements = this.#expire(entry, now);
      if (settlements.length > 0) settled.push({ id: entry.order.id, settlements });
      for (const [cluster, { attempts, retryAt }] of entry.sent) {
        if (retryAt > now) continue;
        entry.sent.delete(cluster);
        entry.ready.set(cluster, attempts);
      }
      if (entry.ready.size > 0) sendings.push(...this.#pump(entry, now));
    }
    return { sendings, settled };
  }

  #pump(entry: Entry, now: number): Sending[] {
    const { order } = entry;
    if (now >= order.deadline) return [];
    const targets: ClusterName[] = [];
    for (const [cluster, attempts] of entry.ready) {
      if (entry.sent.size >= order.parallelism) break;
      const reach = this.#reach(cluster);
      if (reach === "congested") continue;
      entry.ready.delete(cluster);
      if (reach === "no") {
        entry.away.add(cluster);
        continue;
      }
      const retryAt = now + Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS);
      entry.sent.set(cluster, { attempts: attempts + 1, retryAt });
      targets.push(cluster);
    }
    if (targets.length === 0) return [];
    return [this.#sending(order, targets, Math.ceil(order.deadline - now))];
  }

  #sending(order: TaskOrder, targets: readonly ClusterName[], ttlMs: number): Sending {
    const { id, body, seal } = order;
    const task = {
      kind: "task",
      id,
      origin: this.#origin,
      ttlMs,
      body,
      hops: 0,
      startedAt: 0,
    } as const;
    if (seal === undefined) return { task, targets };
    const { notAfter, certificate, signature, proofOf } = seal;
    const proofs = targets.map((target) => proofOf(target) ?? new Uint8Array());
    return { task: { ...task, notAfter, certificate, signature }, targets, proofs };
  }

  #expire(entry: Entry, now: number): Settlement[] {
    if (now < entry.order.deadline) return [];
    const graceOver = now >= entry.order.deadline + ANSWER_GRACE_MS;
    const settlements: Settlement[] = [];
    for (const cluster of waitingClusters(entry)) {
      const unreachable = this.#reach(cluster) === "no";
      if (!unreachable && !graceOver) continue;
      this.#settle(entry, cluster);
      settlements.push({
        by: "deadline",
        cluster,
        verdict: unreachable ? "unreachable" : "expired",
      });
    }
    return settlements;
  }

  /** False if the cluster has its verdict already, or never was asked. */
  #settle(entry: Entry, cluster: ClusterName): boolean {
    const waited =
      entry.sent.delete(cluster) || entry.ready.delete(cluster) || entry.away.delete(cluster);
    if (!waited) return false;
    this.#unlist(cluster, entry.order.id);
    if (entry.sent.size + entry.ready.size + entry.away.size === 0)
      this.#entries.delete(entry.order.id);
    return true;
  }

  #unlist(cluster: ClusterName, id: string): void {
    const ids = this.#waiting.get(cluster);
    ids?.delete(id);
    if (ids?.size === 0) this.#waiting.delete(cluster);
  }
}

function waitingClusters({ ready, sent, away }: Entry): ClusterName[] {
  return [...ready.keys(), ...sent.keys(), ...away];
}
