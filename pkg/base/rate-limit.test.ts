import { describe, expect, it } from "vitest";
import { RateLimit } from "./rate-limit.ts";

const signal = (): AbortSignal => AbortSignal.timeout(20_000);

describe("a rate limit", () => {
  it("lets as many through at once as it may, and the others in order, so many in a second", async () => {
    const rate = new RateLimit({ atOnce: 5, perSecond: 20 });
    const startedAt = performance.now();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 9 }, (_, at) => rate.next(signal()).then(() => order.push(at))),
    );
    expect(performance.now() - startedAt).toBeGreaterThan(195);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("lets nobody wait who comes seldom enough, and saves no more than what may go at once", async () => {
    const rate = new RateLimit({ atOnce: 1, perSecond: 1000 });
    for (let round = 0; round < 3; round++) {
      const before = performance.now();
      await rate.next(signal());
      expect(performance.now() - before).toBeLessThan(20);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 31 }, () => rate.next(signal())));
    expect(performance.now() - startedAt).toBeGreaterThan(28);
  });

  it("is given up when a signal aborts", async () => {
    const rate = new RateLimit({ atOnce: 0, perSecond: 0.001 });
    await expect(rate.next(AbortSignal.timeout(10))).rejects.toThrow("abort");
  });
});
