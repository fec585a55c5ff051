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

  it("gives everyone a turn, also when each takes longer to fail than the others rest", () => {
    const candidates = new ParentCandidates(["home:1"]);
    candidates.learn(taught);
    const tried: string[] = [];
    for (let now = 0; now < 50_000; now += 10_000) {
      const choice = candidates.choose(now);
      if (choice.do !== "dial") continue;
      tried.push(choice.address);
      candidates.failed(choice.address, now + 10_000);
    }
    expect(tried).toEqual(["home:1", "aunt:1", "grand:1", "me:1", "sister:1"]);
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
    candidates.joined("home:1", true, 0);
    expect(candidates.seek(60_000)).toBeUndefined();
    candidates.lost(60_000);
    candidates.joined("aunt:1", true, 61_000);
    expect(candidates.seek(69_999)).toEqual({ do: "wait", until: 70_000 });
    expect(candidates.seek(71_000)).toEqual({ do: "dial", address: "home:1" });
    candidates.failed("home:1", 71_000);
    expect(candidates.seek(71_001)).toEqual({ do: "wait", until: 81_000 });
  });

  it("goes home less often when home does not last, up to a limit, and forgets that once it does", () => {
    const candidates = new ParentCandidates(["home:1"]);
    candidates.learn(taught);
    const pauses: number[] = [];
    let now = 0;
    for (const lasted of [1000, 1000, 1000, 1000, 60_000]) {
      candidates.joined("home:1", true, now);
      now += lasted;
      candidates.lost(now);
      candidates.joined("aunt:1", true, now);
      const choice = candidates.seek(now);
      pauses.push(choice?.do === "wait" ? choice.until - now : 0);
    }
    expect(pauses).toEqual([20_000, 30_000, 30_000, 30_000, 10_000]);
  });

  it("looks for another parent while its own has no way to a root, after a while and ever less often", () => {
    const candidates = new ParentCandidates(["home:1"]);
    candidates.learn(taught);
    candidates.joined("home:1", true, 0);
    candidates.anchored(false, 1000);
    const tried: [number, string][] = [];
    for (let now = 1000; now < 40_000; now += 500) {
      const choice = candidates.seek(now);
      if (choice?.do !== "dial") continue;
      tried.push([now, choice.address]);
      candidates.failed(choice.address, now);
    }
    expect(tried.map(([at]) => at)).toEqual([4000, 6000, 10_000, 18_000, 34_000]);
    const addresses = tried.map(([, address]) => address);
    expect(addresses).toEqual(["aunt:1", "grand:1", "me:1", "sister:1", "aunt:1"]);
    candidates.anchored(true, 40_000);
    expect(candidates.seek(41_000)).toBeUndefined();
  });

  it("is adrift at once below a parent that never had a way to a root", () => {
    const candidates = new ParentCandidates(["home:1", "spare:1"]);
    candidates.joined("home:1", false, 0);
    expect(candidates.seek(2999)).toEqual({ do: "wait", until: 3000 });
    expect(candidates.seek(3000)).toEqual({ do: "dial", address: "spare:1" });
  });

  it("comes back soon, and not later each time, to somebody who will take it soon", () => {
    const candidates = new ParentCandidates(["home:1"]);
    for (let now = 0; now < 5000; now += 500) {
      expect(candidates.choose(now)).toEqual({ do: "dial", address: "home:1" });
      candidates.failed("home:1", now, true);
      expect(candidates.choose(now + 499).do).toBe("wait");
    }
    candidates.learn(taught);
    candidates.joined("aunt:1", true, 5000);
    candidates.failed("home:1", 20_000, true);
    expect(candidates.seek(20_000)).toEqual({ do: "wait", until: 21_500 });
  });

  it("is at home at every address of the preferred parent, as soon as it is known whose they are", () => {
    const candidates = new ParentCandidates(["root-a:1", "root-b:1", "aunt:1"]);
    candidates.joined("root-b:1", true, 0);
    candidates.owned("root-b:1", "root");
    expect(candidates.seek(0)).toEqual({ do: "dial", address: "root-a:1" });
    candidates.owned("root-a:1", "root");
    candidates.redirected("root-a:1", "root-b:1", 0);
    expect(candidates.isHome("root-b:1")).toBe(true);
    expect(candidates.seek(60_000)).toBeUndefined();
    candidates.lost(60_000);
    candidates.owned("aunt:1", "aunt");
    candidates.joined("aunt:1", true, 60_000);
    expect(candidates.seek(100_000)).toEqual({ do: "dial", address: "root-a:1" });
  });

  it("learns from one root where the leader is, and comes back to that root soon", () => {
    const candidates = new ParentCandidates(["root-a:1"]);
    candidates.owned("root-a:1", "root");
    candidates.redirected("root-a:1", "root-c:1", 0);
    expect(candidates.addresses).toEqual(["root-a:1", "root-c:1"]);
    expect(candidates.isHome("root-c:1")).toBe(true);
    candidates.failed("root-c:1", 0);
    expect(candidates.rests("root-c:1", 100)).toBe(true);
    for (let now = 1500; now < 20_000; now += 1500) {
      expect(candidates.rests("root-a:1", now)).toBe(false);
      candidates.redirected("root-a:1", "", now);
    }
  });

  it("goes home to any address of the preferred parent", () => {
    const candidates = new ParentCandidates(["root-a:1"]);
    for (const address of ["root-a:1", "root-b:1"]) candidates.owned(address, "root");
    candidates.learn({ ...taught, aunts: [at("root-b:1")] });
    candidates.joined("sister:1", true, 0);
    candidates.failed("root-a:1", 0);
    expect(candidates.seek(1)).toEqual({ do: "dial", address: "root-b:1" });
    candidates.failed("root-b:1", 10_000);
    expect(candidates.seek(19_999)).toEqual({ do: "wait", until: 20_000 });
    expect(candidates.seek(20_000)).toEqual({ do: "dial", address: "root-a:1" });
  });

  it("leaves a root that fell silent alone for a while if there is another one, and only then", () => {
    const candidates = new ParentCandidates(["root-a:1"]);
    candidates.owned("root-a:1", "root");
    candidates.joined("root-a:1", true, 0);
    candidates.lost(1000);
    candidates.silent("root-a:1", 1000);
    expect(candidates.choose(1500)).toEqual({ do: "dial", address: "root-a:1" });
    candidates.owned("root-b:1", "root");
    candidates.silent("root-a:1", 2000);
    expect(candidates.rests("root-a:1", 6999)).toBe(true);
    expect(candidates.isSilent("root-a:1")).toBe(true);
    candidates.joined("root-a:1", true, 8000);
    expect(candidates.isSilent("root-a:1")).toBe(false);
  });

  it("dials a parent that was lost again at once", () => {
    const candidates = new ParentCandidates(["home:1"]);
    candidates.failed("home:1", 0);
    candidates.joined("home:1", true, 600);
    candidates.lost(601);
    expect(candidates.choose(601)).toEqual({ do: "dial", address: "home:1" });
  });
});
