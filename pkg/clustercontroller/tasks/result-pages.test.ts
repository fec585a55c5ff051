import { describe, expect, it } from "vitest";
import type { ClusterVerdict } from "../../apis/cluster-controller.ts";
import {
  firstPages,
  fitVerdict,
  NAMES_PER_PAGE,
  ORDER_PER_PAGE,
  orderOf,
  PAGE_BYTES,
  type Page,
  ResultPages,
  VERDICT_BYTES,
} from "./result-pages.ts";
import { INLINE_BYTES, TaskTally } from "./task-status.ts";

const verdict = (body: string): ClusterVerdict => ({
  verdict: "done",
  code: 200,
  body,
  timestamp: "2026-01-01T00:00:00Z",
});
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const order = { body: "AAAA", deadlineSeconds: 60, parallelism: 3 };

describe("result pages", () => {
  it("never grow beyond 512 KiB, whatever the verdicts are", () => {
    const made: { selected: string[]; results: Record<string, ClusterVerdict> }[] = [];
    const pages = new ResultPages([]);
    for (let index = 0; index < 3000; index++) {
      const body = 'x\n"\u0001é'.repeat((index * 7919) % 9000);
      const fitted = fitVerdict(verdict(body), VERDICT_BYTES);
      const page = pages.place(`cluster-${index}`, fitted) ?? -1;
      made[page] ??= { selected: [], results: {} };
      (made[page] as Page & { results: Record<string, ClusterVerdict> }).results[
        `cluster-${index}`
      ] = fitted;
    }
    expect(made.length).toBe(pages.count);
    for (const page of made) expect(bytes(page)).toBeLessThan(500 * 1024);
    expect(made.flatMap(({ results }) => Object.keys(results))).toHaveLength(3000);
  });

  it("take one verdict for each cluster, also after a restart", () => {
    const before = new ResultPages([{ selected: ["a", "b"], results: { a: verdict("") } }]);
    expect([
      before.place("a", verdict("")),
      before.place("b", verdict("")),
      before.place("b", verdict("")),
    ]).toEqual([undefined, 0, undefined]);
  });

  it("leave a full page alone and go on with the next", () => {
    const pages = new ResultPages([
      { selected: [], results: { a: verdict("x".repeat(PAGE_BYTES)) } },
    ]);
    expect(pages.place("b", verdict(""))).toBe(1);
  });

  it("hold every selected name once, and there is always a first one", () => {
    const names = Array.from(
      { length: NAMES_PER_PAGE * 2 + 1 },
      (_, index) => `${"n".repeat(55)}${index}`,
    );
    const pages = firstPages(names, order);
    expect(pages.map(({ selected }) => selected.length)).toEqual([
      NAMES_PER_PAGE,
      NAMES_PER_PAGE,
      1,
    ]);
    expect(firstPages([], order)).toEqual([{ order, selected: [], results: {} }]);
    expect(bytes(pages[0])).toBeLessThan(PAGE_BYTES);
  });

  it("hold the task as it was accepted, however large its body is", () => {
    const large = { ...order, body: "x".repeat(ORDER_PER_PAGE * 3 + 7) };
    const pages = firstPages(["a"], large);
    expect(pages).toHaveLength(4);
    for (const page of pages) expect(bytes(page)).toBeLessThan(PAGE_BYTES);
    expect(orderOf(pages)).toEqual(large);
  });
});

describe("a verdict that is too large", () => {
  it.each([
    "x".repeat(1_000_000),
    "\u0000".repeat(100_000),
    "é".repeat(300_000),
    '"'.repeat(300_000),
  ])("is cut until it fits", (body) => {
    const cut = fitVerdict(verdict(body), 10_000);
    expect(bytes(cut)).toBeLessThanOrEqual(10_000);
    expect(cut).toMatchObject({ truncated: true, code: 200 });
    expect(body.startsWith(cut.body ?? "?")).toBe(true);
  });

  it("is left alone when it fits", () => {
    expect(fitVerdict(verdict("ok"), 10_000)).toEqual(verdict("ok"));
  });
});

describe("the tally", () => {
  it("keeps the first verdicts for the status and no more than fit", () => {
    const tally = new TaskTally(1000);
    const inline = Array.from({ length: 1000 }, () => tally.add(verdict("x".repeat(2000)))).filter(
      Boolean,
    );
    expect(inline.length).toBeGreaterThan(50);
    expect(bytes(inline)).toBeLessThan(INLINE_BYTES);
    expect(tally.summary).toEqual({
      selected: 1000,
      pending: 0,
      done: 1000,
      failed: 0,
      refused: 0,
      unreachable: 0,
      expired: 0,
    });
  });
});
