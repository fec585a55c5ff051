import { describe, expect, it } from "vitest";
import { Election, type ElectionTimes, type SeenLease } from "./election.ts";

const TIMES: ElectionTimes = { leaseMs: 6000, renewMs: 4000, retryMs: 1000 };

function held(holder: string, version: string): SeenLease {
  return { holder, durationMs: TIMES.leaseMs, address: `${holder}:8287`, version };
}

describe("Election", () => {
  it("takes a lease that is not there at once, and renews it", () => {
    const one = new Election("one", TIMES);
    expect(one.next(0)).toEqual({ do: "read" });
    one.saw(undefined, 5);
    expect(one.next(5)).toEqual({ do: "write", over: undefined });
    one.wrote(held("one", "1"), 5, 10);
    expect(one.leads(10)).toBe(true);
    expect(one.next(10)).toEqual({ do: "wait", until: 1010 });
    expect(one.next(1010)).toEqual({ do: "write", over: "1" });
  });

  it("waits a whole lease from when it has seen the last renewal, whatever time that says", () => {
    const two = new Election("two", TIMES);
    two.saw(held("one", "1"), 100_000);
    two.saw(held("one", "1"), 105_999);
    expect(two.next(106_999)).toEqual({ do: "read" });
    two.saw(held("one", "2"), 107_000);
    two.saw(held("one", "2"), 112_999);
    expect(two.next(113_000).do).not.toBe("write");
    two.saw(held("one", "2"), 113_000);
    expect(two.next(113_000)).toEqual({ do: "write", over: "2" });
  });

  it("waits as long as the holder's lease is, and never less than its own", () => {
    for (const [durationMs, wait] of [
      [0, TIMES.leaseMs],
      [60_000, 60_000],
    ] as const) {
      const two = new Election("two", TIMES);
      for (const now of [0, wait - 1, wait]) {
        two.saw({ ...held("one", "1"), durationMs }, now);
        expect([now, two.next(now).do === "write"]).toEqual([now, now === wait]);
      }
    }
  });

  it("takes a lease that was given back at once", () => {
    const two = new Election("two", TIMES);
    two.saw(held("one", "1"), 0);
    two.saw({ ...held("", "2") }, 1000);
    expect(two.next(1000)).toEqual({ do: "write", over: "2" });
    expect(two.leader(1000)).toBeUndefined();
  });

  it("does not lead any more when its renewals have led to nothing for a while, counted from their sending", () => {
    const one = new Election("one", TIMES);
    one.saw(undefined, 0);
    one.wrote(held("one", "1"), 0, 900);
    one.failed(1900);
    one.failed(2900);
    expect(one.leads(3999)).toBe(true);
    expect(one.next(3950)).toEqual({ do: "write", over: "1" });
    expect(one.leads(4000)).toBe(false);
    expect(one.next(4000)).toEqual({ do: "read" });
  });

  it("does not lead by a renewal that was answered too late", () => {
    const one = new Election("one", TIMES);
    one.wrote(held("one", "1"), 0, 4000);
    expect(one.leads(4000)).toBe(false);
    one.saw(held("one", "1"), 4100);
    expect(one.leads(4100)).toBe(false);
    expect(one.next(4100)).toEqual({ do: "write", over: "1" });
  });

  it("goes on leading when somebody only has written into its lease, not when another has taken it", () => {
    const one = new Election("one", TIMES);
    one.wrote(held("one", "1"), 0, 0);
    one.overtaken(1000);
    expect(one.next(1000)).toEqual({ do: "read" });
    one.saw(held("one", "2"), 1100);
    expect(one.next(1100)).toEqual({ do: "write", over: "2" });
    one.overtaken(1200);
    one.saw(held("two", "3"), 1300);
    expect(one.leads(1300)).toBe(false);
    expect(one.leader(1300)).toBe("two:8287");
  });

  it("waits a lease when the lease is deleted, while its holder makes it again at once", () => {
    const [one, two] = [new Election("one", TIMES), new Election("two", TIMES)];
    one.wrote(held("one", "1"), 0, 0);
    two.saw(held("one", "1"), 0);
    for (let now = 1000; now < 7000; now += 1000) {
      two.saw(undefined, now);
      expect(two.next(now).do).not.toBe("write");
    }
    two.saw(undefined, 7000);
    expect(two.next(7000)).toEqual({ do: "write", over: undefined });
    one.overtaken(1000);
    one.saw(undefined, 1000);
    expect(one.leads(1000)).toBe(true);
    expect(one.next(1000)).toEqual({ do: "write", over: undefined });
  });

  it("refuses times that would allow two leaders", () => {
    expect(() => new Election("one", { ...TIMES, renewMs: 6000 })).toThrow(RangeError);
  });
});

describe("An election", () => {
  it.each([
    { candidates: 2, faults: false },
    { candidates: 3, faults: false },
    { candidates: 2, faults: true },
    { candidates: 3, faults: true },
  ])("of $candidates with faults $faults has at no time two leaders", ({ candidates, faults }) => {
    let terms = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const world = new World(candidates, seed, faults);
      world.run(300_000);
      expect([seed, world.most]).toEqual([seed, 1]);
      terms += world.terms;
      if (!faults) expect([seed, world.terms]).toEqual([seed, 1]);
      // Once nothing is in the way any more somebody leads, soon.
      world.calm();
      world.run(30_000);
      expect([seed, world.leaders]).toEqual([seed, 1]);
    }
    if (faults) expect(terms).toBeGreaterThan(150 * 3);
  });
});

/** Candidates and an API in virtual time. Each candidate's clock shows another time, and runs as fast as the others. */
class World {
  most = 0;
  terms = 0;
  readonly #candidates: readonly Candidate[];
  readonly #random: () => number;
  readonly #events: { readonly at: number; readonly do: () => void }[] = [];
  #faults: boolean;
  #now = 0;
  #lease: SeenLease | undefined;
  #version = 0;
  #awayUntil = 0;
  #last: Candidate | undefined;

  constructor(candidates: number, seed: number, faults: boolean) {
    this.#random = randomFrom(seed);
    this.#faults = faults;
    this.#candidates = Array.from({ length: candidates }, (_, index) => ({
      name: `root-${index}`,
      election: new Election(`root-${index}`, TIMES),
      skew: Math.floor(this.#random() * 1e9),
      pausedUntil: 0,
    }));
    for (const candidate of this.#candidates)
      this.#after(this.#random() * 3000, () => this.#turn(candidate));
    if (faults) this.#after(10_000, () => this.#disturb());
  }

  get leaders(): number {
    return this.#candidates.filter(({ election, skew }) => election.leads(this.#now + skew)).length;
  }

  calm(): void {
    this.#faults = false;
  }

  run(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      this.#events.sort((a, b) => a.at - b.at);
      const next = this.#events[0];
      if (next === undefined || next.at > end) break;
      this.#events.shift();
      this.#now = next.at;
      next.do();
      this.#look();
    }
    this.#now = end;
  }

  #look(): void {
    this.most = Math.max(this.most, this.leaders);
    const leader = this.#candidates.find(({ election, skew }) => election.leads(this.#now + skew));
    if (leader !== undefined && leader !== this.#last) this.terms++;
    this.#last = leader ?? this.#last;
  }

  /** Stops a process, or the API, or removes the lease's holder as an operator would. */
  #disturb(): void {
    if (!this.#faults) return;
    const long = this.#random() * 15_000;
    const victim = this.#candidates[Math.floor(this.#random() * this.#candidates.length)];
    if (this.#random() < 0.3) this.#awayUntil = this.#now + long;
    else if (victim !== undefined) victim.pausedUntil = this.#now + long;
    this.#after(this.#random() * 12_000, () => this.#disturb());
  }

  #after(ms: number, work: () => void): void {
    this.#events.push({ at: this.#now + ms, do: work });
  }

  /** What a stopped process would have done it does when it goes on. */
  #as(candidate: Candidate, work: () => void): void {
    if (candidate.pausedUntil > this.#now)
      this.#after(candidate.pausedUntil - this.#now, () => this.#as(candidate, work));
    else work();
  }

  #turn(candidate: Candidate): void {
    this.#as(candidate, () => {
      const { election, skew } = candidate;
      const step = election.next(this.#now + skew);
      if (step.do === "wait")
        this.#after(Math.max(1, step.until - skew - this.#now), () => this.#turn(candidate));
      else this.#ask(candidate, step.do === "read" ? undefined : { over: step.over });
    });
  }

  #ask(candidate: Candidate, write: { readonly over: string | undefined } | undefined): void {
    const { election, skew } = candidate;
    const sentAt = this.#now + skew;
    let open = true;
    const end = (tell: (now: number) => void): void => {
      this.#as(candidate, () => {
        if (!open) return;
        open = false;
        tell(this.#now + skew);
        this.#turn(candidate);
      });
    };
    this.#after(election.answerBy(sentAt) - sentAt, () => end((now) => election.failed(now)));
    this.#after(this.#delay(), () => {
      if (this.#now < this.#awayUntil) return;
      const outcome = write === undefined ? this.#lease : this.#write(candidate, write.over);
      this.#after(this.#delay(), () =>
        end((now) => {
          if (write === undefined) election.saw(outcome as SeenLease | undefined, now);
          else if (outcome === "refused" || outcome === undefined) election.overtaken(now);
          else election.wrote(outcome, sentAt, now);
        }),
      );
    });
  }

  #write({ name }: Candidate, over: string | undefined): SeenLease | "refused" {
    if (this.#lease?.version !== over) return "refused";
    this.#lease = held(name, String(++this.#version));
    return this.#lease;
  }

  /** Mostly quick; under faults now and then seconds, or never. */
  #delay(): number {
    if (!this.#faults || this.#random() < 0.9) return 1 + this.#random() * 50;
    return this.#random() < 0.2 ? 1e9 : this.#random() * 8000;
  }
}

interface Candidate {
  readonly name: string;
  readonly election: Election;
  readonly skew: number;
  pausedUntil: number;
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
