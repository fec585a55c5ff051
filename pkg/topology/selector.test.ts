import { describe, expect, it } from "vitest";
import { matchesGlob } from "../base/glob.ts";
import { clusterName, type Tags } from "../wire/names.ts";
import { parseSelector } from "./selector.ts";
import { parseTagSelector } from "./tag-selector.ts";

const clusters = (
  [
    ["c1", {}],
    ["c10", { tier: "edge" }],
    ["bj-1", { tier: "edge", region: "north" }],
    ["bj-2", { tier: "core", canary: "" }],
    ["sh-1", { owner: "bj" }],
  ] satisfies [string, Tags][]
).map(([name, tags]) => ({ name: clusterName(name), tags: tags as Tags }));

function selected(text: string): string {
  const selector = parseSelector(text);
  return clusters
    .filter((cluster) => selector.selects(cluster))
    .map(({ name }) => name)
    .join(" ");
}

describe("a selector", () => {
  it.each([
    ["c1", "c1"],
    ["c1,sh-1", "c1 sh-1"],
    [" c1 , sh-1 ", "c1 sh-1"],
    ["bj-*", "bj-1 bj-2"],
    ["*-1", "bj-1 sh-1"],
    ["*", "c1 c10 bj-1 bj-2 sh-1"],
    ["tier=edge", "c10 bj-1"],
    ["tier=edge,bj-2", "c10 bj-1 bj-2"],
    ["canary", "bj-2"],
    ["tier", "c10 bj-1 bj-2"],
    ["*bj*", "bj-1 bj-2 sh-1"],
    ["*tier=ed*", "c10 bj-1"],
    ["nothing-*", ""],
    ["constructor", ""],
  ])("%j selects %s", (text, names) => {
    expect(selected(text)).toBe(names);
  });

  it.each([
    ["", 1, "a term is empty"],
    ["a,,b", 3, "a term is empty"],
    ["a,", 3, "a term is empty"],
    ["^c1$", 1, '"^" has no meaning there'],
    ["ab,c{1,2}", 5, '"{" has no meaning there'],
    ["bj-?", 4, '"?" has no meaning there'],
    ["Bj-*", 1, '"B" has no meaning there'],
    ["tier==edge", 6, "is not a tag's value"],
    ["=edge", 1, "is not a tag's key"],
    ["two words", 4, '" " has no meaning there'],
  ])("%j is refused at character %i", (text, at, what) => {
    expect(() => parseSelector(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_SELECTOR",
        message: expect.stringMatching(`at character ${at}: .*${what.replace(/[^\w" ']/g, ".")}`),
      }),
    );
  });

  it("knows which words can be a cluster that is still to come", () => {
    expect(parseSelector("shop-1,bj-*,Tier,tier=edge,a.b/c").exactNames).toEqual(["shop-1"]);
  });
});

describe("a glob", () => {
  it("takes no time that grows with its stars", () => {
    expect(matchesGlob(`${"*a".repeat(40)}*b`, "a".repeat(63))).toBe(false);
  });
});

describe("a tag selector", () => {
  it.each([
    [{ matchLabels: { tier: "edge" } }, "c10 bj-1"],
    [
      { matchExpressions: [{ key: "tier", operator: "In", values: ["edge", "core"] }] },
      "c10 bj-1 bj-2",
    ],
    [{ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["edge"] }] }, "c1 bj-2 sh-1"],
    [{ matchExpressions: [{ key: "tier", operator: "Exists" }] }, "c10 bj-1 bj-2"],
    [
      {
        matchLabels: { tier: "edge" },
        matchExpressions: [{ key: "region", operator: "DoesNotExist" }],
      },
      "c10",
    ],
    [{}, "c1 c10 bj-1 bj-2 sh-1"],
  ])("%j selects %s", (selector, names) => {
    const test = parseTagSelector(selector);
    expect(
      clusters
        .filter(({ tags }) => test(tags))
        .map(({ name }) => name)
        .join(" "),
    ).toBe(names);
  });

  it.each([
    { key: "a", operator: "constructor" },
    { key: "a", operator: "In" },
    { key: "a", operator: "Exists", values: ["b"] },
  ])("%j is refused", (requirement) => {
    expect(() => parseTagSelector({ matchExpressions: [requirement] })).toThrow(
      expect.objectContaining({ code: "INVALID_SELECTOR" }),
    );
  });
});
