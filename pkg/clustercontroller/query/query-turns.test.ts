import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { QueryTurns } from "./query-turns.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMITS = { all: 4, each: 2, waiting: 5, waitingEach: 3, patienceMs: 1000 };

/** Somebody who asks `count` times at once. */
function ask(
  turns: QueryTurns,
  user: string,
  count: number,
  signal = new AbortController().signal,
) {
  const state = { turns: [] as Disposable[], refusals: [] as unknown[] };
  for (let i = 0; i < count; i++)
    turns.take(user, signal).then(
      (turn) => state.turns.push(turn),
      (error: unknown) => state.refusals.push(error),
    );
  return state;
}

const settle = () => vi.advanceTimersByTimeAsync(0);

it("lets so many of one user be under way, has some wait, and refuses the others", async () => {
  const turns = new QueryTurns(LIMITS);
  const ann = ask(turns, "ann", 100);
  await settle();
  expect([ann.turns.length, ann.refusals.length]).toEqual([2, 95]);
  expect(ann.refusals[0]).toMatchObject({
    status: { code: 429, reason: "TooManyRequests", details: { retryAfterSeconds: 1 } },
    message: expect.stringMatching(/^user "ann" has 2 queries under way and 3 waiting/),
  });
  const bob = ask(turns, "bob", 1);
  await settle();
  expect([bob.turns.length, turns.size]).toEqual([1, 3]);
});

it("gives the next turn to who has the fewest under way, though others have waited longer", async () => {
  const turns = new QueryTurns(LIMITS);
  const [ann, bob] = [ask(turns, "ann", 4), ask(turns, "bob", 2)];
  const cid = ask(turns, "cid", 1);
  await settle();
  expect([ann, bob, cid].map((one) => one.turns.length)).toEqual([2, 2, 0]);
  ann.turns[0]?.[Symbol.dispose]();
  ann.turns[0]?.[Symbol.dispose]();
  await settle();
  expect([ann, bob, cid].map((one) => one.turns.length)).toEqual([2, 2, 1]);
  bob.turns[0]?.[Symbol.dispose]();
  await settle();
  expect([ann, bob, cid].map((one) => one.turns.length)).toEqual([3, 2, 1]);
  expect(turns.size).toBe(4);
});

it("refuses when too many of all users wait, or one has waited for too long", async () => {
  const turns = new QueryTurns(LIMITS);
  for (const user of ["ann", "bob"]) ask(turns, user, 2);
  const waiting = ["cid", "dan", "eve"].map((user) => ask(turns, user, 2));
  await settle();
  expect(waiting.map(({ refusals }) => refusals.length)).toEqual([0, 0, 1]);
  expect(String(waiting[2]?.refusals[0])).toContain("5 queries are waiting");
  await vi.advanceTimersByTimeAsync(1000);
  expect(waiting.map(({ refusals }) => refusals.length)).toEqual([2, 2, 2]);
  expect(String(waiting[0]?.refusals[0])).toContain("has waited 1 s for its turn");
  expect(turns.size).toBe(4);
});

it("forgets who has gone, while waiting or before", async () => {
  const turns = new QueryTurns(LIMITS);
  const here = ask(turns, "ann", 2);
  const gone = new AbortController();
  const waiting = ask(turns, "ann", 3, gone.signal);
  await settle();
  gone.abort(new Error("gone"));
  const late = ask(turns, "bob", 1, gone.signal);
  await settle();
  expect([...waiting.refusals, ...late.refusals].map(String)).toEqual(
    new Array(4).fill("Error: gone"),
  );
  for (const turn of here.turns) turn[Symbol.dispose]();
  expect([turns.size, vi.getTimerCount()]).toEqual([0, 0]);
});
