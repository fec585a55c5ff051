import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Turnstile } from "./turnstile.ts";

/** A connection from `address`, as far as a turnstile looks at it. */
function from(address: string): Socket {
  const socket = Object.assign(new EventEmitter(), {
    remoteAddress: address,
    destroyed: false,
    destroy: () => Object.assign(socket, { destroyed: true }),
  });
  return socket as unknown as Socket;
}

/** A turnstile, who went through it, and who was sent away. */
class Door {
  readonly admitted: Socket[] = [];
  readonly dismissed: Socket[] = [];
  readonly turnstile = new Turnstile({
    admit: (socket) => void this.admitted.push(socket),
    dismiss: (socket) => void this.dismissed.push(socket),
  });

  come(count: number, address: string): void {
    for (let index = 0; index < count; index++) this.turnstile.enter(from(address));
  }

  admittedFrom(address: string): number {
    return this.admitted.filter(({ remoteAddress }) => remoteAddress === address).length;
  }
}

describe("a turnstile", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => void vi.useRealTimers());

  it("lets 64 in, and one more for each that has introduced itself or gone", async () => {
    const door = new Door();
    door.come(100, "a");
    await turn();
    expect(door.admitted).toHaveLength(64);
    door.turnstile.leave(door.admitted[0] as Socket);
    door.admitted[1]?.emit("close");
    // Who leaves twice gives up one place only.
    door.turnstile.leave(door.admitted[1] as Socket);
    await turn();
    expect(door.admitted).toHaveLength(66);
  });

  it("lets nobody in during the turn of the event loop in which somebody came", () => {
    const door = new Door();
    door.come(1, "a");
    expect(door.admitted).toHaveLength(0);
  });

  it("gives no address more than half of the places while others wait", async () => {
    const door = new Door();
    door.come(1000, "slow");
    door.come(10, "quick");
    await turn();
    expect(door.admittedFrom("slow")).toBeLessThanOrEqual(54);
    expect(door.admittedFrom("quick")).toBe(10);
  });

  it("lets somebody in soon although another address holds all places and says nothing", async () => {
    const door = new Door();
    door.come(4000, "slow");
    await turn();
    door.come(20, "quick");
    await vi.advanceTimersByTimeAsync(1000);
    await turn();
    expect(door.admittedFrom("quick")).toBe(20);
  });

  it("sends the newest of the longest queue away when 4,096 wait", async () => {
    const door = new Door();
    door.come(4096, "many");
    door.come(5, "few");
    expect(door.dismissed.map(({ remoteAddress }) => remoteAddress)).toEqual(Array(5).fill("many"));
    expect(door.dismissed.every(({ destroyed }) => destroyed)).toBe(true);
    await turn();
    expect(door.admittedFrom("few")).toBe(5);
  });

  it("sends those away who have waited for ten seconds: they would give up soon", async () => {
    const door = new Door();
    door.come(1000, "slow");
    for (let second = 0; second <= 10; second++) {
      await turn();
      expect(door.dismissed).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1001);
    }
    await turn();
    expect(door.admitted).toHaveLength(64 * 11);
    expect(door.dismissed).toHaveLength(1000 - 64 * 11);
  });

  it("spends nothing on those who have gone while they waited", async () => {
    const door = new Door();
    const gone = from("a");
    door.turnstile.enter(gone);
    gone.destroy();
    door.come(1, "a");
    await turn();
    expect(door.admitted).toHaveLength(1);
    expect(door.admitted).not.toContain(gone);
  });
});
