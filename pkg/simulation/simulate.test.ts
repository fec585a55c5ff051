import { describe, expect, it } from "vitest";
import type { Fault, FaultKind } from "./faults.ts";
import { formatSchedule, parseSchedule, ScheduleError } from "./schedule-file.ts";
import { shrink } from "./shrink.ts";
import { ALL_KINDS, simulate } from "./simulate.ts";
import { evenTree } from "./tree-plan.ts";
import { planOf } from "./world.fixture.ts";

const MINUTES = 3 * 60_000;
const FRESH = Date.now() % 1_000_000;

/** Runs one seed; on failure the message has what `npm run sim` needs to play it again. */
function expectToHold(
  seed: number,
  clusters: number,
  depth: number,
  kinds: readonly FaultKind[],
): void {
  const plan = evenTree(clusters, depth);
  const { broken } = simulate({ seed, plan, kinds, faults: 25, lengthMs: MINUTES });
  const replay = `npm run sim -- --seed ${seed} --runs 1 --clusters ${clusters} --depth ${depth} --minutes 3 --count 25 --faults ${kinds.join(",")}`;
  expect(broken?.message, replay).toBeUndefined();
}

describe("a tree under faults", () => {
  it.each(ALL_KINDS)("bears %s", (kind) => {
    for (const seed of [1, 2, 3]) expectToHold(seed, 60, 3, [kind]);
  });

  it.each([11, 12, 13, 14, 15, 16])("bears everything together, seed %i", (seed) => {
    expectToHold(seed, 200, 4, ALL_KINDS);
  });

  it.each([FRESH, FRESH + 1, FRESH + 2, FRESH + 3])(
    "bears what nobody has seen, seed %i",
    (seed) => {
      expectToHold(seed, 80, 5, ALL_KINDS);
    },
  );
});

describe("simulate", () => {
  const run = { seed: 5, plan: evenTree(40, 3), kinds: ALL_KINDS, faults: 20, lengthMs: MINUTES };

  it("does the same step by step for the same seed, and something else for another", () => {
    const once = simulate(run);
    const again = simulate(run);
    expect([again.hash, again.steps]).toEqual([once.hash, once.steps]);
    expect(simulate({ ...run, seed: 6 }).hash).not.toBe(once.hash);
  });

  it("plays a schedule that was written down", () => {
    const made = simulate(run);
    const schedule = parseSchedule(formatSchedule(made.schedule));
    expect(simulate({ ...run, schedule }).hash).toBe(made.hash);
  });

  it("notices what is broken, and which faults are not to blame", () => {
    const [root, a] = planOf({ root: "", a: "root" });
    // It was configured with the address of nobody.
    const plan = [root, { ...a, parents: ["nobody"] }] as never;
    const outcome = simulate({ ...run, plan, faults: 5, kinds: ["cut"] });
    expect(outcome.broken).toMatchObject({ code: "INVARIANT_BROKEN", invariant: "routable" });
    const fails = (schedule: readonly Fault[]): boolean =>
      simulate({ ...run, plan, schedule }).broken?.invariant === "routable";
    expect(shrink(outcome.schedule, fails)).toEqual([]);
  });
});

describe("shrink", () => {
  it.each([
    [[3], 1],
    [[3, 17], 2],
    [[0, 1, 2, 30, 31], 5],
  ])("finds the guilty %j among many", (guilty, left) => {
    const items = Array.from({ length: 32 }, (_, index) => index);
    const kept = shrink(items, (some) => guilty.every((one) => some.includes(one)));
    expect(kept).toEqual(guilty);
    expect(kept).toHaveLength(left);
  });

  it("stops when it has tried often enough", () => {
    let tries = 0;
    shrink(
      Array.from({ length: 1000 }, (_, index) => index),
      () => tries++ < 0,
      50,
    );
    expect(tries).toBe(50);
  });
});

describe("a schedule in a file", () => {
  it.each([
    ["no JSON", "{"],
    ["an unknown fault", '{"at":1,"fault":"flood","whom":"a"}'],
    ["nobody", '{"at":1,"fault":"kill"}'],
    ["no time", '{"at":-1,"fault":"kill","whom":"a"}'],
    ["another direction", '{"at":1,"fault":"half-open","whom":"a","how":"sideways"}'],
    ["no object", "null"],
  ])("with %s is refused", (_, line) => {
    expect(() => parseSchedule(`{"at":1,"fault":"kill","whom":"a","forMs":1}\n${line}\n`)).toThrow(
      ScheduleError,
    );
  });
});
