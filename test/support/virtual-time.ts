import { setImmediate as nextTurn } from "node:timers/promises";
import { vi } from "vitest";

/**
 * Time that passes when a test says so: for timers, `performance` and `Date`, until it is disposed. What the
 * code under test imports from "node:timers/promises" goes with it in a file that says
 * `vi.mock("node:timers/promises", () => import("…/test/support/virtual-timers.ts"))`.
 */
export class VirtualTime implements Disposable {
  constructor() {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"],
    });
  }

  [Symbol.dispose](): void {
    vi.useRealTimers();
  }

  /** Lets all be done that needs no time. */
  async turns(count = 20): Promise<void> {
    for (let left = count; left > 0; left--) await nextTurn();
  }

  /** Lets `ms` pass in steps that are long enough for what is answered in this process. */
  async pass(ms: number, stepMs = 10): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await this.turns();
      vi.advanceTimersByTime(Math.min(left, stepMs));
    }
    await this.turns();
  }

  /** What `promise` comes to while time passes; a minute of it is too long. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    for (let left = 6000; !isSettled; left--) {
      if (left === 0) throw new Error("It has not come to an end within a minute of virtual time");
      await this.pass(10);
    }
    return promise;
  }

  /** Looks again and again, while no time passes, until `holds`. */
  async holds(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let left = 1000; !(await holds()); left--) {
      if (left === 0) throw new Error(`Not before time passes: ${what}`);
      await this.turns(1);
    }
  }
}
