import { expect, it } from "vitest";
import { clusterName } from "../wire/names.ts";
import { NeighbourRing } from "./neighbours.ts";

const neighbour = (name: string, listen = `${name}:1`) => ({ name: clusterName(name), listen });
const names = (ring: NeighbourRing, of: string) =>
  ring.after(clusterName(of)).map(({ name }) => name);

it("tells each child those after it, around the ring, without itself and without those nobody can join", () => {
  const ring = new NeighbourRing();
  for (const name of ["c", "a", "d", "b"]) ring.set(neighbour(name));
  ring.set(neighbour("bb", ""));
  expect([names(ring, "a"), names(ring, "c"), names(ring, "bb")]).toEqual([
    ["b", "c", "d"],
    ["d", "a", "b"],
    ["c", "d", "a", "b"],
  ]);
});

it("concerns only those whose lists change", () => {
  const ring = new NeighbourRing();
  for (let index = 100; index < 200; index++) ring.set(neighbour(`n${index}`));
  const lists = new Map<string, string[]>();
  for (let index = 100; index < 200; index++) lists.set(`n${index}`, names(ring, `n${index}`));
  const concerned = new Set<string>([
    ...ring.set(neighbour("n150x")),
    ...ring.delete(clusterName("n120")),
  ]);
  for (const [name, before] of lists) {
    if (name === "n120") continue;
    const same = JSON.stringify(before) === JSON.stringify(names(ring, name));
    expect([name, same || concerned.has(name)]).toEqual([name, true]);
  }
  expect(concerned.size).toBeLessThanOrEqual(20);
});

it("does not trouble anybody with a child that cannot be joined", () => {
  const ring = new NeighbourRing();
  ring.set(neighbour("a"));
  expect(ring.set(neighbour("b", ""))).toEqual([]);
  expect(ring.delete(clusterName("b"))).toEqual([]);
});
