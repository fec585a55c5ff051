/** How long a lease holds, after how long without a renewal its holder stops, and how often both are looked at. */
export interface ElectionTimes {
  /** Others wait that long after they have seen the last renewal. */
  readonly leaseMs: number;
  /** Less than `leaseMs`, so that a holder has stopped before another may begin. */
  readonly renewMs: number;
  readonly retryMs: number;
}

/** A lease as it was read or written. */
export interface SeenLease {
  /** Empty if nobody has it. */
  readonly holder: string;
  readonly durationMs: number;
  /** Where the holder is; empty if it does not say. */
  readonly address: string;
  /** Another one after each write. */
  readonly version: string;
}

/** What a candidate has to do next. */
export type ElectionStep =
  | { readonly do: "wait"; readonly until: number }
  | { readonly do: "read" }
  /** Writes itself as the holder, only over the version that it has seen; undefined if there was no lease. */
  | { readonly do: "write"; readonly over: string | undefined };

interface Sight {
  readonly lease: SeenLease | undefined;
  readonly at: number;
}

/**
 * One candidate's part in an election by a lease: it is told what its requests led to and when, and
 * says what to do next. There is never more than one leader, whatever the clocks of the candidates show
 * and however late answers come: a leader counts its time from before its last renewal was sent, others count
 * theirs from when they have seen it, and a write succeeds only over what was seen. Times are
 * milliseconds of one clock of the candidate's own, which must run as fast as those of the others.
 */
export class Election {
  readonly #self: string;
  readonly #times: ElectionTimes;
  #seen: Sight | undefined;
  /** Since when we lead by our own counting; undefined while we do not. */
  #renewedAt: number | undefined;
  #due = Number.NEGATIVE_INFINITY;
  #mustRead = true;

  constructor(self: string, times: ElectionTimes) {
    if (!(times.renewMs < times.leaseMs && times.retryMs < times.renewMs))
      throw new RangeError("Cannot elect: it must be retry < renew < lease");
    this.#self = self;
    this.#times = times;
  }

  /** Whether this candidate leads at `now`. Once that has become false only a new write makes it true. */
  leads(now: number): boolean {
    if (this.#renewedAt !== undefined && now >= this.#deadline) this.#resign(now);
    return this.#renewedAt !== undefined;
  }

  /** Until when this candidate leads without another renewal; in the past if it does not. */
  get #deadline(): number {
    return (this.#renewedAt ?? Number.NEGATIVE_INFINITY) + this.#times.renewMs;
  }

  /** Until when an answer must have come to be of use. */
  answerBy(now: number): number {
    return this.leads(now) ? this.#deadline : now + this.#times.renewMs;
  }

  /** Where the leader is as far as is known; undefined if nobody is known to lead. */
  leader(now: number): string | undefined {
    const { lease, at } = this.#seen ?? { at: now };
    if (lease === undefined || lease.holder === "" || now >= at + lease.durationMs)
      return undefined;
    return lease.holder !== this.#self || this.leads(now) ? lease.address : undefined;
  }

  /** What to do at `now`; while a request is under way nobody asks. */
  next(now: number): ElectionStep {
    if (this.leads(now)) {
      if (now < this.#due) return { do: "wait", until: Math.min(this.#due, this.#deadline) };
      return this.#mustRead ? { do: "read" } : this.#write();
    }
    if (now < this.#due) return { do: "wait", until: this.#due };
    return this.#mustRead ? { do: "read" } : this.#write();
  }

  /** A read has ended at `now`; undefined if there is no lease. */
  saw(lease: SeenLease | undefined, now: number): void {
    const known = this.#seen;
    // Not the times in it count, which are of another's clock, but when it was seen to be another one.
    if (known === undefined || versionOf(known.lease) !== versionOf(lease))
      this.#seen = { lease: lease ?? missing(known?.lease), at: now };
    if (this.#seen?.lease?.holder !== this.#self) this.#renewedAt = undefined;
    this.#mustRead = !(this.leads(now) || this.#isFree(now));
    this.#due = this.#mustRead ? now + this.#times.retryMs : now;
  }

  /** A write of ours that was sent at `sentAt` has succeeded. */
  wrote(lease: SeenLease, sentAt: number, now: number): void {
    this.#seen = { lease, at: sentAt };
    this.#renewedAt = sentAt;
    this.#mustRead = false;
    this.#due = now + this.#times.retryMs;
    this.leads(now);
  }

  /** A write was refused, because the lease is another one than we have seen. */
  overtaken(now: number): void {
    this.#mustRead = true;
    this.#due = now;
  }

  /** A request has led to nothing that is known. */
  failed(now: number): void {
    this.#due = now + this.#times.retryMs;
    if (!this.leads(now)) this.#mustRead = true;
  }

  #resign(now: number): void {
    this.#renewedAt = undefined;
    this.#mustRead = true;
    this.#due = Math.min(this.#due, now);
  }

  #isFree(now: number): boolean {
    const { lease, at } = this.#seen ?? { at: now };
    if (lease === undefined || lease.holder === "" || lease.holder === this.#self) return true;
    // What somebody else has written into it must not make the leader's time shorter than it believes.
    return now >= at + Math.max(lease.durationMs, this.#times.leaseMs);
  }

  #write(): ElectionStep {
    return { do: "write", over: versionOf(this.#seen?.lease) || undefined };
  }
}

/** A lease that was there and was deleted: its holder may not know yet. */
function missing(former: SeenLease | undefined): SeenLease | undefined {
  return former && { ...former, version: "" };
}

function versionOf(lease: SeenLease | undefined): string {
  return lease?.version ?? "";
}
