import { describe, expect, it } from "vitest";
import { clusterName } from "../wire/names.ts";
import type { OldMessage } from "./envelope.ts";
import { OldSubtree } from "./old-subtree.ts";
import { OLD_COMMANDS } from "./schema.ts";

const head = { id: "", selector: "", cluster: "", parent: "" };
const message = (command: number, body: object): OldMessage => ({
  head: { ...head, command },
  body: new TextEncoder().encode(JSON.stringify(body)),
});
const report = (hops: object) => message(OLD_COMMANDS.subTreeRoute, hops);
const regist = (Name: string, ParentName: string) =>
  message(OLD_COMMANDS.clusterRegist, { Name, ParentName, Listen: ":1", Time: 1 });
const unregist = (Name: string) => message(OLD_COMMANDS.clusterUnregist, { Name });

function subtree(...said: readonly [message: OldMessage, now: number][]): OldSubtree {
  const tree = new OldSubtree(clusterName("mid"));
  for (const [words, now] of said) tree.hear(words, now);
  return tree;
}

const seen = (tree: OldSubtree) => Object.fromEntries(tree.parents);

describe("what is below an old child", () => {
  it("is what it reports, below the first hop that leads there", () => {
    const tree = subtree([report({ a: "a", b: "a", "Not a name": "a", mid: "mid" }), 0]);
    expect(seen(tree)).toEqual({ a: "mid", b: "a" });
    expect([...tree.branchOf("b")]).toEqual(["a", "b", "Not a name"]);
    expect([...tree.branchOf("unknown")]).toEqual([]);
  });

  it("has the parents that were registered", () => {
    const tree = subtree(
      [regist("a", "mid"), 0],
      [regist("b", "a"), 0],
      [regist("c", "b"), 0],
      [report({ a: "a", b: "a", c: "a" }), 1],
    );
    expect(seen(tree)).toEqual({ a: "mid", b: "a", c: "b" });
  });

  it("goes when a report lacks it, but not by one that was written before it came", () => {
    const tree = subtree([report({ a: "a" }), 0], [regist("b", "mid"), 10], [report({}), 20]);
    expect(seen(tree)).toEqual({ b: "mid" });
    tree.hear(report({}), 3000);
    expect(seen(tree)).toEqual({});
  });

  it("goes when it is unregistered, and does not come back by a report from before", () => {
    const tree = subtree([report({ a: "a" }), 0], [unregist("a"), 10], [report({ a: "a" }), 20]);
    expect(seen(tree)).toEqual({});
    tree.hear(report({ a: "a" }), 3000);
    expect(seen(tree)).toEqual({ a: "mid" });
  });

  it("has an end", () => {
    const tree = new OldSubtree(clusterName("mid"));
    for (let at = 0; at < 10_000; at++) tree.hear(regist(`c${at}`, "mid"), 0);
    expect(() => tree.hear(regist("one-more", "mid"), 0)).toThrow(
      expect.objectContaining({ code: "SUBTREE_TOO_LARGE" }),
    );
  });

  it("is not told by other commands", () => {
    expect(new OldSubtree(clusterName("mid")).hear(message(99, {}), 0)).toBe(false);
  });
});
