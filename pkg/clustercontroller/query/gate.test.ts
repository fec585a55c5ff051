import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Asker, Gate, type Place } from "./gate.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMITS = { all: 5, each: 3, ofUser: 5, patienceMs: 1000 };

/** A query of a user. */
function of(user: string): Asker {
  return { user };
}

/** Asks for `count` places one after another, as a query does; ended ones leave at once. */
function enter(gate: Gate, owner: Asker, count: number) {
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
  const [a, b] = [enter(gate, of("ann"), 10), enter(gate, of("ann"), 10)];
  await settle();
  expect([a.places.length, b.places.length, gate.size]).toEqual([3, 2, 5]);
  a.places[0]?.leave();
  a.places[0]?.leave();
  await settle();
  expect(gate.size).toBe(5);
});

it("ends those who are silent for too long, the oldest first, if somebody waits for it", async () => {
  const gate = new Gate(LIMITS);
  const owner = of("ann");
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
  const other = enter(gate, of("bob"), 1);
  await settle();
  const greedy = enter(gate, of("ann"), 4);
  await vi.advanceTimersByTimeAsync(1500);
  expect([other.ended, greedy.ended]).toEqual([0, 1]);
});

it("does not let one who waits keep others out", async () => {
  const gate = new Gate(LIMITS);
  const greedy = enter(gate, of("ann"), 10);
  await settle();
  for (const place of greedy.places) place.heard();
  const other = enter(gate, of("bob"), 1);
  await settle();
  expect([greedy.places.length, other.places.length]).toEqual([3, 1]);
});

it("lets go who gives up waiting", async () => {
  const gate = new Gate(LIMITS);
  const owner = of("ann");
  const state = enter(gate, owner, 4);
  await settle();
  gate.dismiss(owner);
  await settle();
  expect(state.isDismissed).toBe(true);
  for (const place of state.places) place.leave();
  expect([gate.size, vi.getTimerCount()]).toEqual([0, 0]);
});

it("keeps room for other users, however many queries one has", async () => {
  const gate = new Gate({ ...LIMITS, all: 10, ofUser: 6 });
  const greedy = Array.from({ length: 20 }, () => enter(gate, of("ann"), 10));
  await settle();
  expect(gate.size).toBe(6);
  const other = enter(gate, of("bob"), 3);
  await settle();
  expect([other.places.length, gate.size]).toEqual([3, 9]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(other.ended).toBe(0);
  for (const { places } of greedy) for (const place of places) place.heard();
  await settle();
  expect(greedy.reduce((sum, { places }) => sum + places.length, 0)).toBeGreaterThan(6);
});

it("gives a place that becomes free to the user who has the fewest", async () => {
  const gate = new Gate({ ...LIMITS, each: 5 });
  const many = enter(gate, of("ann"), 4);
  const some = enter(gate, of("bob"), 1);
  await settle();
  const [more, less] = [enter(gate, of("ann"), 1), enter(gate, of("bob"), 1)];
  await settle();
  for (const place of [...many.places, ...some.places]) place.heard();
  many.places[0]?.leave();
  await settle();
  expect([more.places.length, less.places.length]).toEqual([0, 1]);
  many.places[1]?.leave();
  await settle();
  expect(more.places.length).toBe(1);
});

it("takes silent places from users who have more, and never from those who would have less", async () => {
  const gate = new Gate({ ...LIMITS, each: 5 });
  const less = enter(gate, of("bob"), 1);
  const more = enter(gate, of("ann"), 5);
  await vi.advanceTimersByTimeAsync(1000);
  // Ann's fifth cluster waits for one of her own.
  expect([less.ended, more.ended, more.places.length]).toEqual([0, 1, 5]);
  const newcomer = enter(gate, of("cid"), 1);
  await vi.advanceTimersByTimeAsync(1000);
  expect([less.ended, newcomer.places.length]).toEqual([0, 1]);
});
