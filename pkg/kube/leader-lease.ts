import { setTimeout as sleep } from "node:timers/promises";
import { ADDRESS_ANNOTATION, LEASE, type Lease } from "../apis/lease.ts";
import type { ObjectKey, ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";
import { errorCode, errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { Deadline } from "./deadline.ts";
import { Election, type ElectionTimes, type SeenLease } from "./election.ts";

/** Who stands for election, and where. */
export interface LeaderLeaseOptions {
  readonly key: ObjectKey;
  /** Of this process alone, never used again. */
  readonly identity: string;
  /** Where others reach this candidate should it lead; asked at each write. */
  readonly address: () => string;
  readonly times: ElectionTimes;
}

/** What a candidate works with. */
export interface LeaderLeaseParts {
  readonly client: Pick<ResourceClient, "get" | "create" | "update">;
  readonly log: Logger;
}

/** Times of a lease that others take over `leaseMs` after its holder was lost. */
export function electionTimes(leaseMs: number): ElectionTimes {
  return { leaseMs, renewMs: (leaseMs * 2) / 3, retryMs: leaseMs / 6 };
}

/** Leadership by a Lease object: stands for election, keeps the lease while it leads, and knows where the leader is. */
export class LeaderLease {
  readonly #options: LeaderLeaseOptions;
  readonly #parts: LeaderLeaseParts;
  readonly #election: Election;
  readonly #waiters = new Set<() => void>();
  #present: Lease | undefined;
  /** The time of day at the last renewal: a machine that slept may not have counted the time in between. */
  #renewedAt = 0;
  #led = false;
  #looked = false;

  constructor(options: LeaderLeaseOptions, parts: LeaderLeaseParts) {
    this.#options = options;
    this.#parts = parts;
    this.#election = new Election(options.identity, options.times);
  }

  /** Whether this candidate leads, and may act on it, at this moment. */
  get holds(): boolean {
    const { leaseMs } = this.#options.times;
    return this.#election.leads(performance.now()) && Date.now() - this.#renewedAt < leaseMs;
  }

  /** Where the leader is, if somebody is known to lead: host:port, or empty if it does not say. */
  get leader(): string | undefined {
    return this.#election.leader(performance.now());
  }

  /** Resolves when this candidate has looked at the lease and does (or does not) lead, or when `signal` aborts. */
  async until(leads: boolean, signal: AbortSignal): Promise<void> {
    await this.#when(() => this.#election.leads(performance.now()) === leads, signal);
  }

  /** Resolves when it is known who leads, this candidate or another one, or when `signal` aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    await this.#when(() => this.#looked, signal);
  }

  /** Stands for election until `signal` aborts. Then nobody renews; call `release` to let others begin at once. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const step = this.#election.next(performance.now());
      this.#tell();
      if (step.do === "wait") {
        const ms = Math.max(1, step.until - performance.now());
        await sleep(ms, undefined, { signal }).catch(() => {});
      } else if (step.do === "read") await this.#read(signal);
      else await this.#write(step.over, signal);
    }
  }

  /** Gives the lease back if this candidate has it. Call it when `run` has ended, and everything that leads. */
  async release(): Promise<void> {
    if (!this.#led) return;
    const { log } = this.#parts;
    const limit = new Deadline(this.#options.times.renewMs, undefined);
    try {
      await this.#giveBack(limit.signal);
      log.info({}, "leadership given back");
    } catch (error) {
      log.info({ code: errorCode(error), text: errorText(error) }, "cannot give leadership back");
    } finally {
      limit.end();
    }
  }

  /**
   * What is there now counts: the last renewal was cut off, and the API may have it done already, or do it
   * between our look and our write.
   */
  async #giveBack(signal: AbortSignal): Promise<void> {
    for (;;) {
      const present = await this.#get(signal);
      if (present?.spec?.holderIdentity !== this.#options.identity) return;
      const { holderIdentity: _, ...spec } = present.spec;
      const free = { ...spec, renewTime: now(), leaseDurationSeconds: 1 };
      try {
        await this.#parts.client.update(LEASE, { ...present, spec: free }, undefined, signal);
        return;
      } catch (error) {
        if (!isStatus(error, "Conflict")) throw error;
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    await this.#ask(signal, async (limit) => {
      this.#present = await this.#get(limit);
      this.#election.saw(this.#present && seen(this.#present), performance.now());
      this.#looked ||= this.#election.next(performance.now()).do !== "write";
    });
  }

  async #write(over: string | undefined, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, async (limit) => {
      const { client } = this.#parts;
      const [sentAt, wallAt] = [performance.now(), Date.now()];
      const lease = this.#claim(over);
      this.#present =
        over === undefined
          ? await client.create<Lease>(LEASE, lease, limit)
          : await client.update<Lease>(LEASE, lease, undefined, limit);
      this.#renewedAt = wallAt;
      this.#election.wrote(seen(this.#present), sentAt, performance.now());
      this.#looked = true;
    });
  }

  async #ask(signal: AbortSignal, request: (limit: AbortSignal) => Promise<void>): Promise<void> {
    const begin = performance.now();
    const limit = new Deadline(this.#election.answerBy(begin) - begin, signal);
    try {
      await request(limit.signal);
    } catch (error) {
      if (signal.aborted) return;
      const lost = OVERTAKEN.some((reason) => isStatus(error, reason));
      if (lost) this.#election.overtaken(performance.now());
      else this.#election.failed(performance.now());
      const [code, text] = [errorCode(error), errorText(error)];
      this.#parts.log[lost ? "debug" : "warn"]({ code, text }, "cannot use the lease, will retry");
    } finally {
      limit.end();
    }
  }

  async #get(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#parts.client.get<Lease>(LEASE, this.#options.key, signal);
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** The lease with this candidate as its holder. */
  #claim(over: string | undefined): Lease {
    const { identity, key, times, address } = this.#options;
    const present = over === undefined ? undefined : this.#present;
    const { acquireTime, leaseTransitions = 0, holderIdentity } = present?.spec ?? {};
    const isOurs = holderIdentity === identity;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: LEASE.kind,
      metadata: {
        ...(present?.metadata ?? key),
        annotations: { ...present?.metadata.annotations, [ADDRESS_ANNOTATION]: address() },
      },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.max(1, Math.ceil(times.leaseMs / 1000)),
        acquireTime: isOurs ? acquireTime : now(),
        renewTime: now(),
        leaseTransitions: isOurs || present === undefined ? leaseTransitions : leaseTransitions + 1,
      },
    };
  }

  /** Notes in the log when leadership has changed, and wakes those who wait for that. */
  #tell(): void {
    const leads = this.#election.leads(performance.now());
    if (leads !== this.#led) {
      this.#led = leads;
      const { log } = this.#parts;
      if (leads) log.info({ identity: this.#options.identity }, "leads from now on");
      else log.warn({ identity: this.#options.identity }, "leads no more");
    }
    for (const wake of [...this.#waiters]) wake();
  }

  async #when(holds: () => boolean, signal: AbortSignal): Promise<void> {
    while (!holds() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiters.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiters.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
  }
}

/** What the API says when somebody else was first. */
const OVERTAKEN = ["Conflict", "AlreadyExists", "NotFound"] as const;

function seen({ metadata, spec }: Lease): SeenLease {
  const { resourceVersion: version = "", annotations } = metadata;
  return {
    holder: spec?.holderIdentity ?? "",
    durationMs: (spec?.leaseDurationSeconds ?? 0) * 1000,
    address: annotations?.[ADDRESS_ANNOTATION] ?? "",
    version,
  };
}

/** RFC 3339 with microseconds, as Leases have it. */
function now(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
