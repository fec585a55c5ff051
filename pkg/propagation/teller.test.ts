import { duplexPair } from "node:stream";
import { expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { jsonLines } from "../base/json-lines.ts";
import { versionOf } from "../replication/digest.ts";
import type { Notice } from "../replication/message.ts";
import { SinkStream } from "../replication/sink-stream.ts";
import { Teller } from "./teller.ts";

const version = versionOf("x");

function world() {
  const [near, far] = duplexPair();
  const keeper = { put: async () => {}, delete: async () => {} };
  return { near, far, teller: new Teller(new SinkStream(near, new Map(), keeper)) };
}

it("An entry point that does not listen is told the latest of each object when it does", async () => {
  const { near, far, teller } = world();
  const count = 5000;
  for (const state of ["failed", "applied"])
    for (let at = 0; at < count; at++)
      teller.tell("configmaps", `shop/c${at}`, { state, text: "x".repeat(500), version });
  expect(near.writableLength).toBeLessThan(128 * 1024);
  const told = new Map<string, string>();
  let lines = 0;
  for await (const value of jsonLines(far, 1e6)) {
    const { key, state } = value as Notice;
    told.set(key, state);
    lines += 1;
    if (told.size === count && !new Set(told.values()).has("failed")) break;
  }
  expect(lines).toBeLessThan(count * 1.1);
});

it("An entry point that has gone is told nothing, and nothing is kept for it", async () => {
  const { near, far, teller } = world();
  for (let at = 0; at < 1000; at++)
    teller.tell("configmaps", `shop/c${at}`, { state: "applied", text: "x".repeat(500), version });
  near.destroy();
  await eventually("it has gone", async () => near.closed);
  const before = near.writableLength;
  teller.tell("configmaps", "shop/late", { state: "applied", text: "", version });
  expect(near.writableLength).toBe(before);
  far.destroy();
});
