import { EventEmitter, once } from "node:events";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ApiUnreachableError } from "../../apis/api-transport.ts";
import { StatusError, type StatusReason } from "../../apis/status.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { Scope } from "../../base/scope.ts";
import type { LeaderLease } from "../../kube/leader-lease.ts";
import { standForRoot } from "./stand-for-root.ts";

/** The lease of somebody who always leads. */
const ALWAYS = {
  holds: true,
  run: async (signal: AbortSignal) =>
    void (await sleep(1e9, undefined, { signal }).catch(() => {})),
  settled: async () => {},
  until: async (_: boolean, signal: AbortSignal) =>
    void (await sleep(1e9, undefined, { signal }).catch(() => {})),
  release: async () => {},
} as unknown as LeaderLease;

/** How a root fares whose API answers its first attempt to lead with `error`: how often it tried. */
async function attemptsWith(error: Error): Promise<number> {
  await using scope = new Scope(silentLog);
  let attempts = 0;
  await standForRoot(scope, {
    ...{ lease: ALWAYS, log: silentLog, metrics: noMetrics },
    lead: async () => {
      attempts++;
      if (attempts === 1) throw error;
      return () => {};
    },
    follow: async () => {},
  });
  return attempts;
}

it.each<[string, Error]>([
  ["is away", new ApiUnreachableError("https://api", new Error("refused"))],
  ...(["ServiceUnavailable", "InternalError", "Timeout", "TooManyRequests"] as const).map(
    (reason: StatusReason): [string, Error] => [
      `is starting (${reason})`,
      StatusError.of(reason, "storage is initializing"),
    ],
  ),
])("tries again when the API %s", async (_, error) => {
  expect(await attemptsWith(error)).toBe(2);
});

it.each([
  ["may not lead", StatusError.of("Forbidden", "no secrets for you")],
  ["meets a mistake of ours", new TypeError("a mistake")],
])("ends when it %s", async (_, error) => {
  await expect(attemptsWith(error)).rejects.toThrow();
});

it("tries again when the API refuses somebody who has led before", async () => {
  const forbidden = StatusError.of("Forbidden", "the roles are not read yet");
  await using scope = new Scope(silentLog);
  let leads = true;
  let attempts = 0;
  const changes = new EventEmitter();
  const lease = {
    ...ALWAYS,
    get holds() {
      return leads;
    },
    until: (wanted: boolean, signal: AbortSignal) =>
      leads === wanted ? Promise.resolve() : once(changes, "change", { signal }),
  } as unknown as LeaderLease;
  const third = once(changes, "third");
  await standForRoot(scope, {
    ...{ lease, log: silentLog, metrics: noMetrics },
    lead: async () => {
      attempts++;
      if (attempts === 2) throw forbidden;
      if (attempts === 3) changes.emit("third");
      return () => {};
    },
    follow: async () => {},
  });
  for (const next of [false, true]) {
    leads = next;
    changes.emit("change");
    await setImmediate();
  }
  await third;
  expect(scope.signal.aborted).toBe(false);
});

describe("a root that leads when one of its jobs fails", () => {
  const away = new ApiUnreachableError("https://api", new Error("hung up"));

  it("leads again if that was the API, and has not told its children that another one leads", async () => {
    await using scope = new Scope(silentLog);
    const told: unknown[] = [];
    const again = new EventEmitter();
    const second = once(again, "second");
    let attempts = 0;
    await standForRoot(scope, {
      ...{ lease: ALWAYS, log: silentLog, metrics: noMetrics },
      lead: async (inner) => {
        attempts++;
        if (attempts === 1) inner.spawn("job", () => Promise.reject(away));
        else again.emit("second");
        return (reason) => told.push(reason);
      },
      follow: async () => {},
    });
    await second;
    expect([told, scope.signal.aborted]).toEqual([[], false]);
  });

  it("ends if that was a mistake of ours", async () => {
    await using scope = new Scope(silentLog);
    await standForRoot(scope, {
      ...{ lease: ALWAYS, log: silentLog, metrics: noMetrics },
      lead: async (inner) => {
        inner.spawn("job", () => Promise.reject(new TypeError("a mistake")));
        return () => {};
      },
      follow: async () => {},
    });
    await ended(scope.signal);
    expect(scope.signal.reason).toBeInstanceOf(TypeError);
  });
});

async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
