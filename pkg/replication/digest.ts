import { hash } from "node:crypto";
import { BUCKETS, type Version } from "./message.ts";

/** The bucket in which an object of this key is compared. */
export function bucketOf(key: string): number {
  // FNV-1a: quick, and both ends must find the same.
  let sum = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) sum = Math.imul(sum ^ key.charCodeAt(at), 0x01000193);
  return (sum >>> 0) % BUCKETS;
}

/** The version of an object with this content. */
export function versionOf(content: string): Version {
  return hash("sha256", content, "hex").slice(0, 16);
}

/** Digests of the buckets that are not empty; the order of `entries` does not matter. */
export function digests(
  entries: Iterable<readonly [key: string, version: Version]>,
): Map<number, string> {
  const sums = new Map<number, bigint>();
  for (const [key, version] of entries) {
    const bucket = bucketOf(key);
    const one = BigInt(`0x${versionOf(`${key}\n${version}`)}`);
    sums.set(bucket, BigInt.asUintN(64, (sums.get(bucket) ?? 0n) + one));
  }
  return new Map([...sums].map(([at, sum]) => [at, sum.toString(16).padStart(16, "0")]));
}
