import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

const FRAME = 32 * 1024;

/** A way of a certain rate (bytes per millisecond) and length (milliseconds there and back), and a sender that always has more. */
class Way {
  readonly pace = new Pace();
  rate: number;
  length: number;
  /** The longest time that bytes have waited for others, in milliseconds. */
  longestWait = 0;
  now = 0;
  sent = 0;
  /** How much the sender has; nothing stops it if there is no limit. */
  wanted = Number.POSITIVE_INFINITY;
  #freeAt = 0;
  #answers: { readonly at: number; readonly number: number }[] = [];

  constructor(rate: number, length: number) {
    this.rate = rate;
    this.length = length;
  }

  /** Lets the time go on to `end`. */
  until(end: number): void {
    this.#send();
    while (this.#answers.length > 0 && (this.#answers[0]?.at ?? 0) <= end) {
      const answer = this.#answers.shift();
      if (answer === undefined) break;
      this.now = answer.at;
      this.#ask(this.pace.confirm(answer.number, this.now));
      this.#send();
    }
    this.now = end;
  }

  /** Bytes per millisecond that arrive from now to `end`. */
  rateUntil(end: number): number {
    const [sent, at] = [this.sent, this.now];
    this.until(end);
    return (this.sent - sent) / (end - at);
  }

  #send(): void {
    while (this.sent < this.wanted && !this.pace.full(this.now)) {
      const size = Math.min(FRAME, this.wanted - this.sent);
      this.longestWait = Math.max(this.longestWait, this.#freeAt - this.now);
      this.#freeAt = Math.max(this.#freeAt, this.now) + size / this.rate;
      this.sent += size;
      this.#ask(this.pace.left(size, this.now));
    }
  }

  #ask(number: number | undefined): void {
    if (number !== undefined)
      this.#answers.push({ at: Math.max(this.#freeAt, this.now) + this.length, number });
  }
}

/** Of a way that takes that many bytes per millisecond: how long what cannot overtake may wait for the rest. */
function mostWait({ rate, length }: Way): number {
  return Math.max(50, length) + (2 * FRAME) / rate + 2;
}

describe("the pace of bulk on a link", () => {
  const ways = [20, 125, 250, 1250, 12_500, 125_000].flatMap((rate) =>
    [0.2, 5, 40, 200, 600].map((length) => [rate, length] as const),
  );
  it.each(ways)(
    "takes up a way of %d kB/s and %d ms, and makes nobody wait long",
    (rate, length) => {
      const way = new Way(rate, length);
      way.until(30_000);
      way.longestWait = 0;
      const most = Math.min(rate, (4 * 1024 * 1024) / length);
      expect(way.rateUntil(90_000) / most).toBeGreaterThan(0.8);
      expect(way.longestWait).toBeLessThan(mostWait(way));
    },
  );

  it("begins with little, and finds out within seconds what a far way takes", () => {
    const way = new Way(2500, 200);
    expect(way.pace.window).toBeLessThan(64 * 1024);
    way.until(4000);
    expect(way.rateUntil(7000)).toBeGreaterThan(2000);
    expect(way.longestWait).toBeLessThan(mostWait(way));
  });

  it("goes down with the way soon, and up again", () => {
    const way = new Way(5000, 30);
    way.until(20_000);
    way.rate = 100;
    way.until(25_000);
    way.longestWait = 0;
    way.until(40_000);
    expect(way.longestWait).toBeLessThan(mostWait(way));
    way.rate = 5000;
    way.until(45_000);
    expect(way.rateUntil(60_000)).toBeGreaterThan(4000);
  });

  it("follows a way that has become longer, or shorter", () => {
    const way = new Way(2000, 10);
    way.until(20_000);
    way.length = 150;
    way.until(45_000);
    expect(way.rateUntil(60_000)).toBeGreaterThan(1600);
    way.length = 10;
    way.until(75_000);
    way.longestWait = 0;
    expect(way.rateUntil(90_000)).toBeGreaterThan(1600);
    expect(way.longestWait).toBeLessThan(mostWait(way));
  });

  it("learns nothing from little of how much more would go", () => {
    const way = new Way(250, 100);
    for (let step = 0; step < 600; step++) {
      way.wanted = Math.max(way.sent, 10_000 * step);
      way.until(100 * (step + 1));
    }
    way.wanted = Number.POSITIVE_INFINITY;
    way.longestWait = 0;
    way.until(70_000);
    expect(way.longestWait).toBeLessThan(mostWait(way));
  });

  it("does not take a little that was sent for a slow way", () => {
    const way = new Way(5000, 30);
    way.until(5000);
    const { window } = way.pace;
    for (let second = 5; second < 12; second++) {
      way.wanted = way.sent + 40_000;
      way.until((second + 1) * 1000);
    }
    expect(way.pace.window).toBeGreaterThan(window / 2);
  });

  it("never stands still, whatever is sent when", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const way = new Way(50 + 37 * seed, seed % 7 === 0 ? 300 : seed);
      way.wanted = 0;
      let random = seed;
      for (let step = 0; step < 200; step++) {
        random = (random * 48_271) % 2_147_483_647;
        way.wanted += random % 100_000;
        way.rate = 50 + (random % 5000);
        way.until(way.now + (random % 997));
      }
      way.until(way.now + 1_000_000);
      expect(way.sent).toBe(way.wanted);
    }
  });

  it("knows nothing more of a way on which nothing was for a while", () => {
    const way = new Way(5000, 30);
    way.until(5000);
    way.wanted = way.sent;
    way.until(60_000);
    way.rate = 50;
    way.wanted = Number.POSITIVE_INFINITY;
    way.longestWait = 0;
    way.until(70_000);
    expect(way.longestWait).toBeLessThan(mostWait(way));
  });

  it("takes a pause for no slowness, and what was sent before it for no speed", () => {
    const way = new Way(1000, 40);
    way.until(5000);
    for (let round = 1; round <= 20; round++) {
      way.wanted = way.sent + 10_000;
      way.until(way.now + 2000);
      way.wanted = Number.POSITIVE_INFINITY;
      way.until(way.now + 1000);
      way.wanted = way.sent;
      way.until(way.now + 2000);
      // What it takes in the time there and back, of a frame too, and in a twentieth of a second more.
      expect(way.pace.window).toBeGreaterThan(0.9 * 1000 * (40 + 50));
      expect(way.pace.window).toBeLessThan(1.1 * (1000 * (40 + 50) + FRAME));
    }
  });

  it("asks for what has no mark yet when the window has shrunk", () => {
    const pace = new Pace();
    let now = 0;
    let mark: number | undefined;
    while (pace.window < 1024 * 1024) {
      mark = pace.left(64 * 1024, now);
      if (mark !== undefined) pace.confirm(mark, ++now);
    }
    // From now on the way is slow, and each time something waits behind the last mark.
    for (let round = 0; round < 10; round++) {
      while (!pace.full(now)) mark = pace.left(15 * 1024, now) ?? mark;
      now += 1000;
      const next = mark === undefined ? undefined : pace.confirm(mark, now);
      expect(pace.full(now) && next === undefined).toBe(false);
      now += 1000;
      if (next !== undefined) pace.confirm(next, now);
    }
    expect(pace.window).toBeLessThan(128 * 1024);
  });

  it("does not heed a number that was never asked for, or is confirmed again", () => {
    const pace = new Pace();
    expect(pace.left(100_000, 0)).toBe(1);
    for (const number of [0, 2, -1, 2 ** 47]) pace.confirm(number, 5);
    expect(pace.full(5)).toBe(true);
    pace.confirm(1, 10);
    expect(pace.full(10)).toBe(false);
    pace.left(10_000_000, 10);
    pace.confirm(1, 11);
    expect(pace.full(11)).toBe(true);
  });

  it("remembers few marks, whatever the peer does not confirm", () => {
    const pace = new Pace();
    let asked = 0;
    for (let frame = 0; frame < 1000 && !pace.full(frame); frame++) {
      if (pace.left(FRAME, frame) !== undefined) asked++;
    }
    expect(asked).toBeLessThan(5);
  });
});
