import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AnswerCache } from "./answer-cache.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function counting(answers: Record<string, boolean>, limit?: number) {
  const asked: string[] = [];
  const cache = new AnswerCache<boolean>({ isGood: (answer) => answer, keepMs: 1000, limit });
  const get = (key: string) =>
    cache.get(key, async () => {
      asked.push(key);
      const answer = answers[key];
      if (answer === undefined) throw new Error("away");
      return answer;
    });
  return { asked, cache, get };
}

it("asks once until an answer is too old, whichever it was", async () => {
  const { asked, get } = counting({ yes: true, no: false });
  for (const key of ["yes", "no"]) {
    expect(await get(key)).toBe(key === "yes");
    vi.advanceTimersByTime(999);
    expect(await get(key)).toBe(key === "yes");
    vi.advanceTimersByTime(1);
    await get(key);
  }
  expect(asked).toEqual(["yes", "yes", "no", "no"]);
});

it("lets those wait together who ask the same", async () => {
  const { asked, get } = counting({ yes: true });
  expect(await Promise.all([get("yes"), get("yes"), get("yes")])).toEqual([true, true, true]);
  expect(asked).toEqual(["yes"]);
});

it("keeps no failure", async () => {
  const answers: Record<string, boolean> = {};
  const { cache, get } = counting(answers);
  await expect(get("later")).rejects.toThrow("away");
  expect(cache.size).toBe(0);
  answers.later = true;
  expect(await get("later")).toBe(true);
});

it("counts the time from the question, for the answer may be slow", async () => {
  const { asked, cache } = counting({});
  const slow = cache.get("slow", async () => {
    asked.push("slow");
    vi.advanceTimersByTime(900);
    return true;
  });
  await slow;
  vi.advanceTimersByTime(100);
  await cache.get("slow", async () => {
    asked.push("again");
    return true;
  });
  expect(asked).toEqual(["slow", "again"]);
});

it("has room for so many of each sort, and rubbish does not drive out what is good", async () => {
  const rubbish = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`bad-${i}`, false]));
  const { asked, cache, get } = counting({ good: true, ...rubbish }, 10);
  await get("good");
  for (const key of Object.keys(rubbish)) await get(key);
  expect(cache.size).toBe(11);
  await get("good");
  await get("bad-49");
  expect(asked).toHaveLength(51);
  await get("bad-0");
  expect(asked).toHaveLength(52);
});
