import { hash } from "node:crypto";
import { BUCKETS, type Version } from "./message.ts";

/** The bucket in which an object of this key is compared. */
export function bucketOf(key: string): number {
  return numberOf(key) % BUCKETS;
}

/** The version of an object with this content. */
export function versionOf(content: string): Version {
  return hash("sha256", content, "hex").slice(0, 16);
}

/** Digests of the buckets that are not empty; the order of `entries` does not matter. */
export function digests(
  entries: Iterable<readonly [key: string, version: Version]>,
): Map<number, string> {
  const highs = new Uint32Array(BUCKETS);
  const lows = new Uint32Array(BUCKETS);
  const counts = new Uint32Array(BUCKETS);
  for (const [key, version] of entries) {
    const number = numberOf(key);
    const bucket = number % BUCKETS;
    highs[bucket] = (highs[bucket] ?? 0) + mixed(number ^ Number.parseInt(version.slice(0, 8), 16));
    lows[bucket] = (lows[bucket] ?? 0) + mixed(~number ^ Number.parseInt(version.slice(8), 16));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const digits = (sum: number | undefined): string => (sum ?? 0).toString(16).padStart(8, "0");
  const found = new Map<number, string>();
  for (let at = 0; at < BUCKETS; at++)
    if (counts[at] !== 0) found.set(at, digits(highs[at]) + digits(lows[at]));
  return found;
}

/** FNV-1a: quick, and both ends must find the same. */
function numberOf(key: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) sum = Math.imul(sum ^ key.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}

/** A number that differs in half of its bits when one bit of `value` does, so that sums of them differ, too (the end of MurmurHash3). */
function mixed(value: number): number {
  let sum = value;
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35);
  return (sum ^ (sum >>> 16)) >>> 0;
}
