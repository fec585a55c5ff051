import { describe, expect, it } from "vitest";
import type { Neighbours } from "../wire/message.ts";
import { clusterName } from "../wire/names.ts";
import { ParentCandidates } from "./parent-candidates.ts";

const at = (listen: string) => ({ name: clusterName("x"), listen });
const taught: Neighbours = {
  kind: "neighbours",
  grandparent: [at("grand:1")],
  aunts: [at("aunt:1"), at("home:1")],
  siblings: [at("me:1"), at("sister:1")],
};

describe("ParentCandidates", () => {
  it("prefers what was configured, then the parent's siblings, its parent, our siblings, never us", () => {
    const candidates = new ParentCandidates(["home:1", "spare:1"], "me:1");
    candidates.learn(taught);
    expect(candidates.addresses).toEqual(["home:1", "spare:1", "aunt:1", "grand:1", "sister:1"]);
  });

  it("goes through all of them before it waits, and waits no longer than needed", () => {
    const candidates = new ParentCandidates(["home:1"]);
    candidates.learn(taught);
    const tried: string[] = [];
    for (let choice = candidates.choose(0); choice.do === "dial"; choice = candidates.choose(0)) {
      tried.push(choice.address);
      candidates.failed(choice.address, 0);
    }
    expect(tried).toEqual(["home:1", "aunt:1", "grand:1", "me:1", "sister:1"]);
    expect(candidates.choose(0)).toEqual({ do: "wait", until: 500 });
    expect(candidates.choose(500)).toEqual({ do: "dial", address: "home:1" });
  });

  it("lets an address that keeps failing rest longer, up to a limit", () => {
    const candidates = new ParentCandidates(["home:1"]);
    const rests = Array.from({ length: 8 }, () => {
      candidates.failed("home:1", 0);
      const choice = candidates.choose(0);
      return choice.do === "wait" ? choice.until : 0;
    });
    expect(rests).toEqual([500, 1000, 2000, 4000, 5000, 5000, 5000, 5000]);
  });

  it("tries home again now and then while it is joined elsewhere, not at home", () => {
    const candidates = new ParentCandidates(["home:1"]);
    candidates.learn(taught);
    candidates.joined("home:1", 0);
    expect(candidates.homeDue()).toBeUndefined();
    candidates.lost();
    candidates.joined("aunt:1", 1000);
    expect(candidates.homeDue()).toBe(11_000);
    candidates.failed("home:1", 11_000);
    expect(candidates.homeDue()).toBe(21_000);
  });

  it("dials a parent that was lost again at once", () => {
    const candidates = new ParentCandidates(["home:1"]);
    candidates.failed("home:1", 0);
    candidates.joined("home:1", 600);
    candidates.lost();
    expect(candidates.choose(601)).toEqual({ do: "dial", address: "home:1" });
  });
});
