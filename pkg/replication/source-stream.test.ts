import { duplexPair } from "node:stream";
import { describe, expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { versionOf } from "./digest.ts";
import type { Collection } from "./source.ts";
import { MAX_UNTOLD, SourceStream } from "./source-stream.ts";

describe("the end of a stream that has the truth", () => {
  it("ends it when names change all the time and the other end takes nothing", async () => {
    const [near, far] = duplexPair();
    const names = new Set<string>();
    const object = { text: "x".repeat(100) };
    const version = versionOf("x");
    const pods: Collection = {
      entries: () => [...names].map((name) => [name, version] as const),
      get: (name) => (names.has(name) ? { version, object } : undefined),
    };
    const stream = new SourceStream(near, () => new Map([["pods", pods]]));
    const running = stream.run(new AbortController().signal);
    far.on("error", () => {});
    await eventually("it has begun", async () => far.readableLength > 0);
    let marked = 0;
    while (!near.destroyed && marked < 2 * MAX_UNTOLD) stream.mark("pods", `pod-${marked++}`);
    await running;
    expect(near.errored).toMatchObject({ code: "FOLLOWER_BEHIND" });
    expect(marked).toBe(MAX_UNTOLD + 1);
  });

  it("goes on while what has changed is named again and again", async () => {
    const [near, far] = duplexPair();
    const pods: Collection = { entries: () => [], get: () => undefined };
    const stream = new SourceStream(near, () => new Map([["pods", pods]]));
    const running = stream.run(new AbortController().signal);
    await eventually("it has begun", async () => far.readableLength > 0);
    for (let at = 0; at < 2 * MAX_UNTOLD; at++) stream.mark("pods", `pod-${at % 1000}`);
    expect(near.destroyed).toBe(false);
    near.destroy();
    far.destroy();
    await running;
  });
});
