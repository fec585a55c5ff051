import { describe, expect, it } from "vitest";
import type { Route, Routes } from "../wire/message.ts";
import { clusterName } from "../wire/names.ts";
import { digestOf } from "./route-digest.ts";
import { RouteTable } from "./route-table.ts";

const name = clusterName;

/** A route of `text`, below the cluster of the same first letter unless said otherwise. */
function route(text: string, over: Partial<Route> = {}): Route {
  return {
    name: name(text),
    parent: name(text.length === 1 ? "root" : text.slice(0, -1)),
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
  return { kind: "routes", reset: false, changed, removed: [], digest: "other", ...over };
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
    expect(made.leave(name("a"))).toEqual({ changed: [], removed: ["a1", "a2", "a"], moved: [] });
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
    made.learn(name("a"), routes([route("x", { parent: name("a") })]));
    made.learn(name("b"), routes([route("x", { parent: name("b"), session: 2 })]));
    expect(made.nextHop(name("x"))).toBe("b");
    expect(made.learn(name("a"), routes([], { removed: [name("x")] })).removed).toEqual([]);
    expect(made.nextHop(name("x"))).toBe("b");
  });

  it("does not follow a late announcement of an older session", () => {
    const made = table("a", "b");
    made.learn(name("b"), routes([route("x", { parent: name("b"), session: 2 })]));
    made.learn(name("a"), routes([route("x", { parent: name("a"), session: 1 })]));
    expect(made.nextHop(name("x"))).toBe("b");
  });

  it("falls back to another claim when the way that counted goes", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("x", { parent: name("a") })]));
    made.learn(name("b"), routes([route("x", { parent: name("b"), session: 2 })]));
    const change = made.leave(name("b"));
    expect(change.changed.map((changed) => changed.name)).toEqual(["x"]);
    expect(made.nextHop(name("x"))).toBe("a");
  });

  it("keeps the first of two clusters with one name and reports the second", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("x", { parent: name("a") })]));
    const other = route("x", { parent: name("b"), instance: "other", session: 9 });
    const update = made.learn(name("b"), routes([other]));
    expect(update.conflicts).toEqual([{ name: "x", instance: "other", via: "b" }]);
    expect(made.nextHop(name("x"))).toBe("a");
  });

  it("reaches a cluster where its parent is reached, whoever else still claims it", () => {
    const made = table("a", "b");
    const moved = route("x", { parent: name("b"), session: 2 });
    const below = [route("x1"), route("x11")];
    made.learn(name("a"), routes([route("x", { parent: name("a") }), ...below]));
    const update = made.learn(name("b"), routes([...below, moved]));
    expect(update).toMatchObject({ changed: [moved], removed: [], moved: ["x1", "x11"] });
    // The old parent has not noticed yet, and says once more what it believes.
    made.learn(name("a"), routes([route("x", { parent: name("a") }), ...below], { reset: true }));
    expect(["x", "x1", "x11"].map((text) => made.nextHop(name(text)))).toEqual(["b", "b", "b"]);
  });

  it("does not lead to a cluster that its own parent does not know any more", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("x", { parent: name("a") }), route("x1")]));
    made.learn(name("b"), routes([route("x", { parent: name("b"), session: 2 })]));
    expect(made.nextHop(name("x1"))).toBeUndefined();
    expect(made.digest).toBe(
      digestOf([route("a"), route("b"), route("x", { parent: name("b"), session: 2 })]),
    );
  });

  it("loses a whole subtree at once with the middle tier that led to it", () => {
    const made = table("a");
    made.learn(name("a"), routes([route("a1"), route("a11"), route("a111"), route("a2")]));
    const update = made.learn(name("a"), routes([], { removed: [name("a1")] }));
    expect(update.removed).toEqual(["a1", "a11", "a111"]);
    expect(made.size).toBe(2);
  });

  it("tells of those whose place is another one because a cluster above them moved", () => {
    const made = table("a");
    made.learn(name("a"), routes([route("a1"), route("a2"), route("a11"), route("a111")]));
    const update = made.learn(
      name("a"),
      routes([route("a11", { parent: name("a2"), session: 2 })]),
    );
    expect(update).toMatchObject({ removed: [], moved: ["a111"] });
  });

  it("counts a long announcement when its last message is here", () => {
    const made = table("a");
    made.learn(name("a"), routes([route("a1")]));
    const first = made.learn(name("a"), routes([route("a2")], { reset: true, digest: "" }));
    expect(first).toMatchObject({ changed: [], removed: [], resync: false });
    const digest = digestOf([route("a2"), route("a3")]);
    const last = made.learn(name("a"), routes([route("a3")], { digest }));
    expect(last).toMatchObject({ removed: ["a1"], resync: false });
    expect(last.changed.map((changed) => changed.name).sort()).toEqual(["a2", "a3"]);
  });

  it("leaves one that comes over where it is until its snapshot is here", () => {
    const made = table("a", "b");
    made.learn(name("a"), routes([route("x", { parent: name("a") }), route("x1")]));
    made.expect(route("x", { session: 2 }));
    expect([made.nextHop(name("x")), made.nextHop(name("x1"))]).toEqual(["a", "a"]);
    const early = made.learn(name("x"), routes([route("x1")]));
    expect(early).toMatchObject({ changed: [], resync: true });
    const update = made.learn(name("x"), routes([route("x1")], { reset: true }));
    expect(update.removed).toEqual([]);
    expect([made.nextHop(name("x")), made.nextHop(name("x1"))]).toEqual(["x", "x"]);
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

  it.each([1, 2, 3, 4, 5])("comes to the same whatever the order of events, seed %i", (seed) => {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const children = ["a", "b", "c"].map(name);
    const names = Array.from({ length: 12 }, (_, index) => name(`n${index}`));
    const parents = [...children, ...names];
    const made = table(...children);
    const said = new Map(children.map((child) => [child, new Map<string, Route>()]));
    for (let step = 0; step < 400; step++) {
      const child = children[random(3)] as (typeof children)[number];
      const announced = said.get(child) as Map<string, Route>;
      const subject = names[random(12)] as (typeof names)[number];
      if (random(4) === 0) {
        announced.delete(subject);
        made.learn(child, routes([], { removed: [subject] }));
      } else {
        // One session was opened to one parent: both follow from one number.
        const session = random(6);
        const parent = parents[(session * 7 + subject.length + Number(subject.slice(1))) % 15];
        const next = route(subject, { parent: parent as never, session });
        announced.set(subject, next);
        made.learn(child, routes([next]));
      }
      const afresh = table(...children);
      for (const [from, all] of [...said].reverse())
        afresh.learn(from, routes([...all.values()].reverse(), { reset: true }));
      expect(made.digest).toBe(afresh.digest);
      for (const one of names) expect(made.nextHop(one)).toBe(afresh.nextHop(one));
      expect(made.digest).toBe(digestOf(made.routes()));
      expect(made.size).toBe([...made.routes()].length);
    }
  });

  it("comes to rest when clusters of many instances are claimed in every way", () => {
    const children = ["a", "b", "c"].map(name);
    const made = table(...children);
    const parts = ["n1", "n2", "n3", "n4", "a", "b", "c", "root"].map(name);
    for (let step = 0; step < 5000; step++) {
      const pick = (at: number): number => (Math.imul(step + at * 7919, 2_654_435_761) >>> 8) % 8;
      const claim = route(parts[pick(1)] as string, {
        parent: parts[pick(2)] as never,
        instance: `i${pick(3) % 3}`,
        session: pick(4),
      });
      made.learn(children[pick(5) % 3] as never, routes([claim], { reset: pick(6) === 0 }));
      expect(made.digest).toBe(digestOf(made.routes()));
    }
  });
});
