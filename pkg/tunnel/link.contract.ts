import { describe, expect, it } from "vitest";
import type { Message } from "../wire/message.ts";
import { clusterName } from "../wire/names.ts";
import type { Link } from "./link.ts";

/** The two ends of one link, and whatever must be closed after the test. */
export interface LinkPair extends AsyncDisposable {
  readonly ends: readonly [Link, Link];
}

/** What every kind of link promises. Each adapter's test calls this with its own pair. */
export function describeLink(kind: string, connect: () => Promise<LinkPair>): void {
  describe(`${kind} link`, () => {
    it("delivers messages in the order they were sent, also those sent just before it closed", async () => {
      await using pair = await connect();
      const [near, far] = pair.ends;
      const sent = Array.from({ length: 3000 }, (_, index) => `n${index}`);
      for (const id of sent) near.send(message(id));
      const closing = near[Symbol.asyncDispose]();
      expect(await names(far)).toEqual(sent);
      await closing;
    });

    it("rejects a send after it is closed", async () => {
      await using pair = await connect();
      const [near, far] = pair.ends;
      const reading = names(far);
      await near[Symbol.asyncDispose]();
      expect(() => near.send(message("late"))).toThrow(
        expect.objectContaining({ code: "LINK_CLOSED" }),
      );
      await reading;
    });

    it("tells the other end why it was ended", async () => {
      await using pair = await connect();
      const [near, far] = pair.ends;
      near.end({ code: "NAME_TAKEN", text: "Cannot join" });
      const reading = names(far);
      expect(await far.ended).toEqual({ code: "NAME_TAKEN", text: "Cannot join" });
      await reading;
    });

    it("waits for a handler that is not ready, and hands over everything nevertheless", async () => {
      await using pair = await connect();
      const [near, far] = pair.ends;
      const sent = Array.from({ length: 2500 }, (_, index) => `n${index}`);
      for (const id of sent) near.send(message(id));
      const read: string[] = [];
      let working = 0;
      const reading = far.receive(async (received) => {
        expect(++working).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        working--;
        if (received.kind === "path") read.push(...received.path);
        if (read.length === sent.length) near.end({ code: "LINK_CLOSED", text: "" });
      });
      await reading;
      expect(read).toEqual(sent);
    });

    it("carries messages both ways at the same time", async () => {
      await using pair = await connect();
      const [near, far] = pair.ends;
      const heard = Promise.all([first(near), first(far)]);
      near.send(message("down"));
      far.send(message("up"));
      expect(await heard).toEqual([message("up"), message("down")]);
    });
  });
}

function message(name: string): Message {
  return { kind: "path", path: [clusterName(name)], rank: 1, anchored: true };
}

async function names(link: Link): Promise<string[]> {
  const read: string[] = [];
  await link.receive((received) => {
    if (received.kind === "path") read.push(...received.path);
  });
  return read;
}

function first(link: Link): Promise<Message> {
  return new Promise((resolve) => void link.receive(resolve));
}
