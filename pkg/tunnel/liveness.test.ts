import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { eventually } from "../../test/support/eventually.ts";
import { watchLiveness } from "./liveness.ts";

const INTERVAL_MS = 200;

/** As much of a websocket as liveness sees; `peerSays` makes it one whose peer lives. */
class Line extends EventEmitter {
  readonly OPEN = 1;
  readonly readyState = 1;
  pings = 0;

  ping(): void {
    this.pings++;
  }

  peerSays(what: "message" | "ping" | "pong", content = ""): void {
    this.emit(what, Buffer.from(content));
  }
}

/** Watches a line until it is disposed. */
function watch(dialer: boolean) {
  const line = new Line();
  const answers: number[] = [];
  let silent = 0;
  watchLiveness(line as unknown as WebSocket, {
    intervalMs: INTERVAL_MS,
    dialer,
    listening: () => true,
    onAnswer: (ms) => answers.push(ms),
    onSilent: () => {
      silent++;
      line.emit("close");
    },
  });
  return { line, answers, silent: () => silent, [Symbol.dispose]: () => void line.emit("close") };
}

/** The event loop does nothing else for so long. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("liveness", () => {
  it.each([true, false])("tells the peer at once after a stall (dialer: %s)", async (dialer) => {
    using watched = watch(dialer);
    const { line } = watched;
    // As a peer that has something to say all the time: nobody has to ping it.
    const talk = setInterval(() => line.peerSays("message"), 20);
    try {
      await sleep(INTERVAL_MS * 2.2);
      for (let round = 0; round < 3; round++) {
        const before = line.pings;
        stall(INTERVAL_MS);
        await new Promise((resolve) => setTimeout(resolve, 0));
        expect(line.pings).toBe(before + 1);
        await sleep(INTERVAL_MS * 0.8);
      }
    } finally {
      clearInterval(talk);
    }
  });

  it("gives a peer time after a stall, and up a silent one", async () => {
    using watched = watch(true);
    stall(INTERVAL_MS * 4);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(watched.silent()).toBe(0);
    await eventually("it is given up", () => watched.silent() === 1);
  });

  it("pings who is silent, and not who talks, as the side that listens", async () => {
    using watched = watch(false);
    const { line } = watched;
    const talk = setInterval(() => line.peerSays("pong"), 20);
    await sleep(INTERVAL_MS * 2);
    clearInterval(talk);
    const before = line.pings;
    await sleep(INTERVAL_MS * 2);
    expect(line.pings).toBeGreaterThan(before);
    expect(watched.silent()).toBe(0);
  });

  it("says how long the peer took to answer, once for each sign of life", async () => {
    using watched = watch(true);
    const { line, answers } = watched;
    line.peerSays("pong");
    expect(answers).toEqual([]);
    for (let pings = 1; pings <= 3; pings++) {
      await eventually("it has pinged", () => line.pings >= pings);
      // What somebody else asked for is no answer.
      line.peerSays("pong", "123456");
      expect(answers).toHaveLength(pings - 1);
      line.peerSays("pong");
      line.peerSays("pong");
      expect(answers).toHaveLength(pings);
    }
    expect(Math.min(...answers)).toBeGreaterThanOrEqual(0);
  });
});
