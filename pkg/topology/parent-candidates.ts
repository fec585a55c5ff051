import type { Neighbours } from "../wire/message.ts";

/** Milliseconds an address rests after its first failure; doubles with each further one. */
const FIRST_REST_MS = 500;
/** Longest rest of an address that keeps failing. */
const LONGEST_REST_MS = 5000;
/** Milliseconds between attempts to go back to the preferred parent; doubles when it did not last. */
const HOME_INTERVAL_MS = 10_000;
const LONGEST_HOME_INTERVAL_MS = 30_000;
/** Milliseconds after which a parent that had to rank higher first is dialled again. */
const SOON_MS = 1500;
/** Milliseconds at home after which it counts as lasting. */
const STEADY_MS = 60_000;
/** Milliseconds that a parent which has lost the root may look for a way itself before we look for one. */
const PATIENCE_MS = 3000;
/** Pause between attempts to find a parent with a way to a root while ours has none; doubles. */
const SEEK_INTERVAL_MS = 2000;
const LONGEST_SEEK_INTERVAL_MS = 60_000;

/** Milliseconds that a root which does not lead rests, while the roots may be electing a leader. */
const ELECTION_MS = 1500;
/** Most addresses of which is remembered whose they are. */
const MAX_OWNERS = 64;

/** Most addresses that are remembered beside the configured ones. */
export const MAX_LEARNT = 20;

/** What to do to get a parent: dial an address now, or wait until one may be dialled again. */
export type ParentChoice =
  | { readonly do: "dial"; readonly address: string }
  | { readonly do: "wait"; readonly until: number };

interface Rest {
  readonly failures: number;
  readonly until: number;
}

const FRESH: Rest = { failures: 0, until: 0 };

/** The parent we have. */
interface Joined {
  readonly address: string;
  readonly since: number;
}

/** Since when the parent has had no way to a root, and what we have tried. */
interface Adrift {
  readonly dueAt: number;
  readonly failures: number;
}

/**
 * Whom to join next. Configured addresses come first, in their order (the first is home, the preferred
 * parent); then what the last parent taught: its siblings, its parent, our siblings. An address that
 * failed rests for a growing while. With a parent, home is tried now and then, less often if we were
 * there and it did not last; and others are, if the parent has had no way to a root for a while. Times
 * are milliseconds of one clock that the caller chooses.
 */
export class ParentCandidates {
  readonly #configured: readonly string[];
  readonly #self: string;
  #learnt: readonly string[];
  /** Whose address each is, as far as is known: a cluster may have several, of which one takes children. */
  readonly #owners = new Map<string, string>();
  readonly #silent = new Set<string>();
  /** Where another address of the same cluster has sent us last. */
  #leader = "";
  #rests = new Map<string, Rest>();
  #joined: Joined | undefined;
  #adrift: Adrift | undefined;
  #homeDueAt = Number.NEGATIVE_INFINITY;
  /** How often home was lost soon after we came back to it. */
  #relapses = 0;

  /** `configured` must not be empty; `self` is our own listen address, which is never a candidate. */
  constructor(configured: readonly string[], self = "", learnt: readonly string[] = []) {
    if (configured.length === 0)
      throw new RangeError("Cannot choose a parent: no address is configured");
    this.#configured = configured;
    this.#self = self;
    this.#learnt = learnt;
  }

  /** The address of the preferred parent. */
  get home(): string {
    return this.#configured[0] as string;
  }

  /** Whether `address` is one of the preferred parent. */
  isHome(address: string): boolean {
    const owner = this.#owners.get(address);
    return address === this.home || (owner !== undefined && owner === this.#owners.get(this.home));
  }

  /** Every address that may be dialled, best first. */
  get addresses(): readonly string[] {
    const all = new Set([...this.#configured, this.#leader, ...this.#learnt]);
    all.delete(this.#self);
    all.delete("");
    return [...all];
  }

  /** What was learnt from parents, to be remembered over a restart. */
  get learnt(): readonly string[] {
    return this.#learnt;
  }

  /** It is known that `address` is one of the cluster `owner`. */
  owned(address: string, owner: string): void {
    if (this.#owners.size >= MAX_OWNERS && !this.#owners.has(address)) {
      this.#owners.clear();
      this.#silent.clear();
    }
    this.#owners.set(address, owner);
  }

  /** At `address` the cluster takes no children now; it does at `leader`, or nobody knows where if that is empty. */
  redirected(address: string, leader: string, now: number): void {
    const { failures } = this.#rests.get(address) ?? FRESH;
    this.#rests.set(address, { failures, until: now + ELECTION_MS });
    if (this.isHome(address)) this.#homeDueAt = now + this.#homeInterval();
    const owner = this.#owners.get(address);
    if (leader === "") return;
    this.#leader = leader;
    if (owner !== undefined) this.owned(leader, owner);
  }

  /**
   * Who was at `address` has fallen silent, and may keep whom it takes waiting for long. If the same cluster is
   * to be found elsewhere, that comes first for a while.
   */
  silent(address: string, now: number): void {
    this.failed(address, now);
    const owner = this.#owners.get(address);
    const others = [...this.#owners].filter(([other, its]) => its === owner && other !== address);
    const { failures } = this.#rests.get(address) ?? FRESH;
    if (owner === undefined || others.length === 0) return;
    this.#rests.set(address, { failures, until: now + LONGEST_REST_MS });
    this.#silent.add(address);
  }

  /** Whether who was at `address` has fallen silent, is to be found elsewhere too, and was not heard of since. */
  isSilent(address: string): boolean {
    return this.#silent.has(address);
  }

  /** Whether `address` has failed a moment ago. */
  rests(address: string, now: number): boolean {
    return (this.#rests.get(address)?.until ?? 0) > now;
  }

  /** The present parent tells whom we may join should it be lost; one that is lost itself knows little. */
  learn({ aunts, grandparent, siblings }: Neighbours): void {
    const told = [...aunts, ...grandparent, ...siblings].map((neighbour) => neighbour.listen);
    const kept = this.#adrift === undefined ? [] : this.#learnt;
    this.#learnt = [...new Set([...told, ...kept])].slice(0, MAX_LEARNT);
  }

  /** Whom to dial at `now`, without a parent. */
  choose(now: number): ParentChoice {
    return this.#choose(this.addresses, now);
  }

  /** Whom to dial at `now` although there is a parent; undefined if there is nobody better. */
  seek(now: number): ParentChoice | undefined {
    const joined = this.#joined;
    if (joined === undefined) return undefined;
    if (this.#adrift !== undefined) {
      if (this.#adrift.dueAt > now) return { do: "wait", until: this.#adrift.dueAt };
      return this.#choose(
        this.addresses.filter((address) => address !== joined.address),
        now,
      );
    }
    if (this.isHome(joined.address)) return undefined;
    if (this.#homeDueAt > now) return { do: "wait", until: this.#homeDueAt };
    return this.#choose(this.#homes, now);
  }

  /** Joining `address` did not work; with `soon` it will before long, as who is there said. */
  failed(address: string, now: number, soon = false): void {
    const failures = (this.#rests.get(address)?.failures ?? 0) + (soon ? 0 : 1);
    const rest = Math.min(FIRST_REST_MS * 2 ** Math.max(0, failures - 1), LONGEST_REST_MS);
    this.#rests.set(address, { failures, until: now + (soon ? FIRST_REST_MS : rest) });
    if (this.isHome(address)) this.#homeDueAt = now + (soon ? SOON_MS : this.#untilHome());
    if (this.#adrift !== undefined && !soon) {
      const tries = this.#adrift.failures;
      const pause = Math.min(SEEK_INTERVAL_MS * 2 ** tries, LONGEST_SEEK_INTERVAL_MS);
      this.#adrift = { dueAt: now + pause, failures: tries + 1 };
    }
  }

  /** `address` is the parent now, with or without a way to a root. */
  joined(address: string, anchored: boolean, now: number): void {
    if (!this.isHome(address)) this.#leave(now);
    this.#joined = { address, since: now };
    this.#silent.delete(address);
    this.#rests.clear();
    this.#adrift = undefined;
    this.anchored(anchored, now);
  }

  /** The parent is gone; it may be dialled again at once, after the others if it fails. */
  lost(now: number): void {
    this.#leave(now);
    this.#joined = undefined;
    this.#adrift = undefined;
    // What was refused to one who had a parent need not be refused to one who has none.
    this.#rests.clear();
  }

  /** Whether the parent has a way to a root; without a parent that does not matter. */
  anchored(anchored: boolean, now: number): void {
    if (this.#joined === undefined) return;
    if (anchored) this.#adrift = undefined;
    else this.#adrift ??= { dueAt: now + PATIENCE_MS, failures: 0 };
  }

  #leave(now: number): void {
    const joined = this.#joined;
    if (joined === undefined || !this.isHome(joined.address)) return;
    this.#relapses = now - joined.since < STEADY_MS ? Math.min(this.#relapses + 1, 8) : 0;
    this.#homeDueAt = now + this.#homeInterval();
  }

  /** Every address of the preferred parent that is known. */
  get #homes(): readonly string[] {
    return this.addresses.filter((address) => this.isHome(address));
  }

  /** One address of home has failed: another one that has not is tried at once. */
  #untilHome(): number {
    return this.#homes.every((address) => this.#rests.has(address)) ? this.#homeInterval() : 0;
  }

  #homeInterval(): number {
    return Math.min(HOME_INTERVAL_MS * 2 ** this.#relapses, LONGEST_HOME_INTERVAL_MS);
  }

  #choose(addresses: readonly string[], now: number): ParentChoice {
    const rests = addresses.map((address) => ({ address, ...(this.#rests.get(address) ?? FRESH) }));
    const free = rests.filter(({ until }) => until <= now);
    // Those that failed less first: one that takes long to fail would be free again before the last had its turn.
    const least = Math.min(...free.map(({ failures }) => failures));
    const best = free.find(({ failures }) => failures === least);
    if (best !== undefined) return { do: "dial", address: best.address };
    return { do: "wait", until: Math.min(...rests.map(({ until }) => until)) };
  }
}
