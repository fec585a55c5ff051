import { describe, expect, it } from "vitest";
import { type ClusterName, clusterName } from "../wire/names.ts";
import { provenRoot, TargetTree } from "./target-tree.ts";

function names(count: number): ClusterName[] {
  return Array.from({ length: count }, (_, index) => clusterName(`c-${index}`));
}

function proves(tree: TargetTree, name: ClusterName, proof: Uint8Array): boolean {
  const root = provenRoot(name, proof);
  return root !== undefined && Buffer.from(root).equals(tree.root);
}

describe("the targets of a task", () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 31, 100, 1000])("each have a proof, of %i", (count) => {
    const targets = names(count);
    const tree = new TargetTree(targets);
    for (const name of targets)
      expect(proves(tree, name, tree.proofOf(name) as Uint8Array)).toBe(true);
  });

  it("have proofs that serve nobody else", () => {
    const targets = names(20);
    const tree = new TargetTree(targets);
    const outsider = clusterName("outsider");
    expect(tree.proofOf(outsider)).toBeUndefined();
    for (const name of targets) {
      const proof = tree.proofOf(name) as Uint8Array;
      expect(proves(tree, outsider, proof)).toBe(false);
      for (const other of targets) expect(proves(tree, other, proof)).toBe(other === name);
    }
  });

  it("have short proofs", () => {
    const tree = new TargetTree(names(10_000));
    expect(tree.proofOf(clusterName("c-77"))?.length).toBeLessThanOrEqual(14 * 33);
  });

  it("take nothing for a proof that is none", () => {
    const tree = new TargetTree(names(4));
    const proof = tree.proofOf(clusterName("c-1")) as Uint8Array;
    const wrongSide = Uint8Array.from(proof);
    wrongSide[0] = 2;
    for (const rubbish of [proof.subarray(1), wrongSide, new Uint8Array(33 * 40)])
      expect(provenRoot(clusterName("c-1"), rubbish)).toBeUndefined();
    expect(proves(tree, clusterName("c-1"), new Uint8Array())).toBe(false);
  });
});
