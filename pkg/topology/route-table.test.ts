import { describe, expect, it } from "vitest";
import type { Route, Routes } from "../wire/message.ts";
import { clusterName } from "../wire/names.ts";
import { digestOf } from "./route-digest.ts";
import { RouteTable } from "./route-table.ts";

const name = clusterName;

function route(text: string, over: Partial<Route> = {}): Route {
  return {
    name: name(text),
    parent: name("root"),
    instance: `i-${text}`,
    session: 1,
    tags: {},
    listen: "",
    version: "1",
    preferredParent: "",
    ...over,
  };
}

function routes(changed: Route[], over: Partial<Routes> = {}): Routes {
  return { kind: "routes", reset: false, changed, removed: [], digest: "", ...over };
}

function table(...children: string[]): RouteTable {
  const made = new RouteTable(name("root"));
  for (const child of children) made.join(route(child));
  return made;
}

describe("RouteTable", () => {
  it("leads to a child and to what the child announced", () => {
    const made = table("a");
    made.learn(name("a"), routes([route("a1")]));
    expect([made.nextHop(name("a")), made.nextHop(name("a1")), made.nextHop(name("b"))]).toEqual([
      "a",
      "a",
      undefined,
    ]);
  });

  it("forgets the whole subtree of a child that left", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("a1"), route("a2")]));
    expect(made.leave(name("a"))).toEqual({ changed: [], removed: ["a1", "a2", "a"] });
    expect(made.size).toBe(1);
  });

  it("has the digest of its routes, whatever happened before", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("a1"), route("a2")]));
    made.learn(name("a"), routes([route("a1", { session: 5 })], { removed: [name("a2")] }));
    made.leave(name("b"));
    expect(made.digest).toBe(digestOf([route("a"), route("a1", { session: 5 })]));
  });

  it("asks for a snapshot when the child's digest is another one", () => {
    const made = table("a");
    const digest = digestOf([route("a1"), route("a2")]);
    expect(made.learn(name("a"), routes([route("a1")], { digest })).resync).toBe(true);
    expect(made.learn(name("a"), routes([route("a2")], { digest })).resync).toBe(false);
  });

  it("a snapshot removes what it no longer lists and reports only what changed", () => {
    const made = table("a");
    made.learn(name("a"), routes([route("a1"), route("a2")]));
    const update = made.learn(name("a"), routes([route("a2")], { reset: true }));
    expect(update).toMatchObject({ changed: [], removed: ["a1"] });
  });

  it("follows a cluster that moved, also when its old parent notices late", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("x")]));
    made.learn(name("b"), routes([route("x", { session: 2 })]));
    expect(made.nextHop(name("x"))).toBe("b");
    expect(made.learn(name("a"), routes([], { removed: [name("x")] })).removed).toEqual([]);
    expect(made.nextHop(name("x"))).toBe("b");
  });

  it("does not follow a late announcement of an older session", () => {
    const made = table("a", "b");
    made.learn(name("b"), routes([route("x", { session: 2 })]));
    made.learn(name("a"), routes([route("x", { session: 1 })]));
    expect(made.nextHop(name("x"))).toBe("b");
  });

  it("falls back to another claim when the way that counted goes", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("x")]));
    made.learn(name("b"), routes([route("x", { session: 2 })]));
    const change = made.leave(name("b"));
    expect(change.changed.map((changed) => changed.name)).toEqual(["x"]);
    expect(made.nextHop(name("x"))).toBe("a");
  });

  it("keeps the first of two clusters with one name and reports the second", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("x")]));
    const update = made.learn(name("b"), routes([route("x", { instance: "other", session: 9 })]));
    expect(update.conflicts).toEqual([{ name: "x", instance: "other", via: "b" }]);
    expect(made.nextHop(name("x"))).toBe("a");
  });

  it("reports a subtree that contains the receiver itself", () => {
    const update = table("a").learn(name("a"), routes([route("root")]));
    expect(update.conflicts).toHaveLength(1);
  });

  it.each([
    ["a new name", route("c"), "yes"],
    ["the same cluster again", route("a", { session: 2 }), "yes"],
    ["an older session", route("a", { session: 0 }), "stale"],
    ["another cluster of that name", route("a", { instance: "other" }), "name-taken"],
    [
      "another cluster of a name deeper in the tree",
      route("a1", { instance: "other" }),
      "name-taken",
    ],
    ["the receiver's own name", route("root"), "name-taken"],
  ])("admits %s: %s", (_, candidate, expected) => {
    const made = table("a");
    made.learn(name("a"), routes([route("a1")]));
    expect(made.admits(candidate)).toBe(expected);
  });
});
