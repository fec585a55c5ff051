import type { Neighbours } from "../wire/message.ts";

/** Milliseconds an address rests after its first failure; doubles with each further one. */
const FIRST_REST_MS = 500;
/** Longest rest of an address that keeps failing. */
const LONGEST_REST_MS = 5000;
/** Milliseconds between attempts to go back to the preferred parent. */
const HOME_INTERVAL_MS = 10_000;

/** What to do to get a parent: dial an address now, or wait until one may be dialled again. */
export type ParentChoice =
  | { readonly do: "dial"; readonly address: string }
  | { readonly do: "wait"; readonly until: number };

interface Rest {
  readonly failures: number;
  readonly until: number;
}

/**
 * Whom to join next. Configured addresses come first, in their order (the first is home, the preferred
 * parent); then what the last parent taught: its siblings, its parent, our siblings. An address that
 * failed rests for a growing while. Times are milliseconds of one clock that the caller chooses.
 */
export class ParentCandidates {
  readonly #configured: readonly string[];
  readonly #self: string;
  #learnt: readonly string[];
  #rests = new Map<string, Rest>();
  #joined: string | undefined;
  #homeTriedAt = Number.NEGATIVE_INFINITY;

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

  /** Every address that may be dialled, best first. */
  get addresses(): readonly string[] {
    const all = new Set([...this.#configured, ...this.#learnt]);
    all.delete(this.#self);
    all.delete("");
    return [...all];
  }

  /** What was learnt from parents, to be remembered over a restart. */
  get learnt(): readonly string[] {
    return this.#learnt;
  }

  /** The present parent tells whom we may join should it be lost. */
  learn({ aunts, grandparent, siblings }: Neighbours): void {
    this.#learnt = [...aunts, ...grandparent, ...siblings].map((neighbour) => neighbour.listen);
  }

  /** Whom to dial at `now`, without a parent. */
  choose(now: number): ParentChoice {
    let until = Number.POSITIVE_INFINITY;
    for (const address of this.addresses) {
      const free = this.#rests.get(address)?.until ?? 0;
      if (free <= now) return { do: "dial", address };
      until = Math.min(until, free);
    }
    return { do: "wait", until };
  }

  /** Joining `address` did not work. */
  failed(address: string, now: number): void {
    const failures = (this.#rests.get(address)?.failures ?? 0) + 1;
    const rest = Math.min(FIRST_REST_MS * 2 ** (failures - 1), LONGEST_REST_MS);
    this.#rests.set(address, { failures, until: now + rest });
    if (address === this.home) this.#homeTriedAt = now;
  }

  /** `address` is the parent now. */
  joined(address: string, now: number): void {
    this.#joined = address;
    this.#rests.delete(address);
    this.#homeTriedAt = now;
  }

  /** The parent is gone; it may be dialled again at once, after the others if it fails. */
  lost(): void {
    this.#joined = undefined;
  }

  /** When to try home again, in milliseconds; undefined at home or without a parent. */
  homeDue(): number | undefined {
    if (this.#joined === undefined || this.#joined === this.home) return undefined;
    return this.#homeTriedAt + HOME_INTERVAL_MS;
  }
}
