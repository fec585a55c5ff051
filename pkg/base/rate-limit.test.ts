import { describe, expect, it, vi } from "vitest";
import { VirtualTime } from "../../test/support/virtual-time.ts";
import { RateLimit } from "./rate-limit.ts";

vi.mock("node:timers/promises", () => import("../../test/support/virtual-timers.ts"));

const signal = new AbortController().signal;

/** The numbers of callers that have been let through, in order. */
function callers(rate: RateLimit, count: number): number[] {
  const through: number[] = [];
  for (let at = 0; at < count; at++) void rate.next(signal).then(() => through.push(at));
  return through;
}

describe("a rate limit", () => {
  it("lets as many through at once as it may, and the others in order, so many in a second", async () => {
    using time = new VirtualTime();
    const through = callers(new RateLimit({ atOnce: 5, perSecond: 20 }), 9);
    await time.turns();
    expect(through).toEqual([0, 1, 2, 3, 4]);
    await time.pass(40);
    expect(through).toHaveLength(5);
    await time.pass(120);
    expect(through).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await time.pass(50);
    expect(through).toHaveLength(9);
  });

  it("lets nobody wait who comes seldom enough, and saves no more than what may go at once", async () => {
    using time = new VirtualTime();
    const rate = new RateLimit({ atOnce: 1, perSecond: 100 });
    for (let round = 0; round < 3; round++) {
      const through = callers(rate, 1);
      await time.turns();
      expect(through).toHaveLength(1);
      await time.pass(1000);
    }
    const through = callers(rate, 5);
    await time.pass(30);
    expect(through).toHaveLength(4);
  });

  it("counts a caller as several who says so", async () => {
    using time = new VirtualTime();
    const rate = new RateLimit({ atOnce: 10, perSecond: 10 });
    await rate.next(signal, 10);
    const through = callers(rate, 1);
    await time.pass(90);
    expect(through).toEqual([]);
    await time.pass(10);
    expect(through).toEqual([0]);
  });

  it("is given up when a signal aborts", async () => {
    const rate = new RateLimit({ atOnce: 0, perSecond: 0.001 });
    await expect(rate.next(AbortSignal.timeout(10))).rejects.toThrow("abort");
  });
});
