import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Gate, type Place } from "./gate.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMITS = { all: 5, each: 3, patienceMs: 1000 };

/** Asks for `count` places one after another, as a query does; ended ones leave at once. */
function enter(gate: Gate, owner: object, count: number) {
  const state = { places: [] as Place[], ended: 0, isDismissed: false };
  const work = async (): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const own: { place?: Place | undefined } = {};
      own.place = await gate.enter(owner, () => {
        state.ended++;
        own.place?.leave();
      });
      if (own.place === undefined) {
        state.isDismissed = true;
        return;
      }
      state.places.push(own.place);
    }
  };
  void work();
  return state;
}

const settle = () => vi.advanceTimersByTimeAsync(0);

it("lets so many in, for each and for all", async () => {
  const gate = new Gate(LIMITS);
  const [a, b] = [enter(gate, {}, 10), enter(gate, {}, 10)];
  await settle();
  expect([a.places.length, b.places.length, gate.size]).toEqual([3, 2, 5]);
  a.places[0]?.leave();
  a.places[0]?.leave();
  await settle();
  expect(gate.size).toBe(5);
});

it("ends those who are silent for too long, the oldest first, if somebody waits for it", async () => {
  const gate = new Gate(LIMITS);
  const owner = {};
  const first = enter(gate, owner, 4);
  await settle();
  first.places[0]?.heard();
  await vi.advanceTimersByTimeAsync(999);
  expect(first.ended).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  // One waits, so one is ended; who has spoken stays.
  expect([first.ended, first.places.length, gate.size]).toEqual([1, 4, 3]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(first.ended).toBe(1);
});

it("ends nobody else's silence for one who has all the places it may have", async () => {
  const gate = new Gate(LIMITS);
  const other = enter(gate, {}, 1);
  await settle();
  const greedy = enter(gate, {}, 4);
  await vi.advanceTimersByTimeAsync(1500);
  expect([other.ended, greedy.ended]).toEqual([0, 1]);
});

it("does not let one who waits keep others out", async () => {
  const gate = new Gate(LIMITS);
  const greedy = enter(gate, {}, 10);
  await settle();
  for (const place of greedy.places) place.heard();
  const other = enter(gate, {}, 1);
  await settle();
  expect([greedy.places.length, other.places.length]).toEqual([3, 1]);
});

it("lets go who gives up waiting", async () => {
  const gate = new Gate(LIMITS);
  const owner = {};
  const state = enter(gate, owner, 4);
  await settle();
  gate.dismiss(owner);
  await settle();
  expect(state.isDismissed).toBe(true);
  for (const place of state.places) place.leave();
  expect([gate.size, vi.getTimerCount()]).toEqual([0, 0]);
});
