import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Logger } from "./log.ts";
import { LogLimit, type LogLimitOptions } from "./log-limit.ts";
import { noMetrics } from "./metrics.ts";

/** A log that keeps its lines, and counts what was left out. */
class Kept {
  readonly lines: (readonly [level: string, fields: object, message: string])[] = [];
  leftOut = 0;

  logger(base: object = {}): Logger {
    const at = (level: string) => (fields: object, message: string) =>
      void this.lines.push([level, { ...base, ...fields }, message]);
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => this.logger({ ...base, ...fields }),
    };
  }

  limit(options: LogLimitOptions): LogLimit {
    const count = (name: string): void => {
      expect(name).toBe("ote_log_lines_left_out_total");
      this.leftOut++;
    };
    return new LogLimit(this.logger(), { ...noMetrics, count }, { periodMs: 1000, ...options });
  }
}

describe("a limit of what others make us say", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("writes so many lines of a peer, then how many were left out and the last of them", () => {
    const kept = new Kept();
    const log = kept.limit({ lines: 2 }).of("a");
    vi.setSystemTime(0);
    for (let n = 1; n <= 5; n++) log.warn({ n }, "said");
    vi.advanceTimersByTime(1000);
    expect(kept.lines).toEqual([
      ["warn", { n: 1 }, "said"],
      ["warn", { n: 2 }, "said"],
      ["warn", { peer: "a", leftOut: 3 }, "lines left out"],
      ["warn", { n: 5, at: "1970-01-01T00:00:00.000Z" }, "said"],
    ]);
    expect(kept.leftOut).toBe(3);
  });

  it("begins anew when a period is over, and says nothing where nothing was left out", () => {
    const kept = new Kept();
    const limit = kept.limit({ lines: 1 });
    for (let n = 1; n <= 3; n++) {
      limit.of("a").info({ n }, "said");
      vi.advanceTimersByTime(1000);
    }
    expect(kept.lines.map(([, fields]) => fields)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("does not let one peer use up what is for others", () => {
    const kept = new Kept();
    const limit = kept.limit({ lines: 1 });
    for (let n = 0; n < 100; n++) limit.of("loud").warn({}, "said");
    limit.of("quiet").error({ of: "quiet" }, "said");
    expect(kept.lines.at(-1)).toEqual(["error", { of: "quiet" }, "said"]);
  });

  it("has a limit for all peers together, and names only a few of them", () => {
    const kept = new Kept();
    const limit = kept.limit({ lines: 5, total: 10 });
    for (let n = 0; n < 50_000; n++) limit.of(`peer-${n}`).warn({}, "said");
    expect(kept.lines.length).toBe(10);
    vi.advanceTimersByTime(1000);
    expect(kept.lines.length).toBeLessThan(60);
    const told = kept.lines
      .slice(10)
      .filter(([, , message]) => message === "lines left out") as unknown as [
      string,
      { leftOut: number },
      string,
    ][];
    expect(told.reduce((sum, [, { leftOut }]) => sum + leftOut, 0)).toBe(49_990);
  });

  it("has room for all of them again in the next period", () => {
    const kept = new Kept();
    const limit = kept.limit({ lines: 5, total: 2 });
    for (let period = 0; period < 3; period++) {
      for (const peer of ["a", "b"]) limit.of(peer).info({ period }, "said");
      vi.advanceTimersByTime(1000);
    }
    expect(kept.lines).toHaveLength(6);
  });

  it("counts the lines of children of a logger, and no debug lines", () => {
    const kept = new Kept();
    const log = kept.limit({ lines: 1 }).of("a");
    log.child({ part: "x" }).warn({}, "said");
    log.warn({}, "left out");
    log.debug({}, "detail");
    expect(kept.lines).toEqual([
      ["warn", { part: "x" }, "said"],
      ["debug", {}, "detail"],
    ]);
  });
});
