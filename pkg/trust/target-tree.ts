import { createHash } from "node:crypto";
import type { ClusterName } from "../wire/names.ts";

const HASH_BYTES = 32;
const STEP_BYTES = 1 + HASH_BYTES;
/** Halvings from the largest tree to one target. */
const MAX_STEPS = 32;
const LEFT = 0;
const RIGHT = 1;

/**
 * The clusters a task is for as a hash tree, so that one signature over its root serves all of them and
 * each can check that it is meant by a proof of a few hundred bytes.
 */
export class TargetTree {
  /** The hash that stands for all targets. */
  readonly root: Uint8Array;
  readonly #levels: readonly (readonly Uint8Array[])[];
  readonly #places: ReadonlyMap<ClusterName, number>;

  constructor(targets: Iterable<ClusterName>) {
    const names = [...targets];
    this.#places = new Map(names.map((name, place) => [name, place]));
    const levels = [names.map(leafHash)];
    for (let level = levels[0] ?? []; level.length > 1; level = levels.at(-1) ?? []) {
      levels.push(pairs(level));
    }
    this.#levels = levels;
    this.root = levels.at(-1)?.[0] ?? new Uint8Array(HASH_BYTES);
  }

  /** The proof that `name` is among the targets; undefined if it is not. */
  proofOf(name: ClusterName): Uint8Array | undefined {
    let place = this.#places.get(name);
    if (place === undefined) return undefined;
    const steps: Uint8Array[] = [];
    for (const level of this.#levels) {
      const sibling = level[place ^ 1];
      if (sibling !== undefined) steps.push(Uint8Array.of(place % 2 === 0 ? RIGHT : LEFT), sibling);
      place >>= 1;
    }
    return Buffer.concat(steps);
  }
}

/** The root of the tree to which `proof` belongs if `name` is in it; undefined for what is no proof. */
export function provenRoot(name: ClusterName, proof: Uint8Array): Uint8Array | undefined {
  if (proof.length % STEP_BYTES !== 0 || proof.length > MAX_STEPS * STEP_BYTES) return undefined;
  let hash: Uint8Array = leafHash(name);
  for (let at = 0; at < proof.length; at += STEP_BYTES) {
    const sibling = proof.subarray(at + 1, at + STEP_BYTES);
    if (proof[at] === LEFT) hash = pairHash(sibling, hash);
    else if (proof[at] === RIGHT) hash = pairHash(hash, sibling);
    else return undefined;
  }
  return hash;
}

/** Different first bytes keep a name from passing for a pair of hashes. */
function leafHash(name: ClusterName): Uint8Array {
  return createHash("sha256").update(Uint8Array.of(0)).update(name).digest();
}

function pairHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash("sha256").update(Uint8Array.of(1)).update(left).update(right).digest();
}

/** One without a partner moves up as it is. */
function pairs(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const left = level[at] as Uint8Array;
    const right = level[at + 1];
    above.push(right === undefined ? left : pairHash(left, right));
  }
  return above;
}
