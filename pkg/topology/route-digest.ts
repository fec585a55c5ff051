import { createHash } from "node:crypto";
import type { Route } from "../wire/message.ts";

/**
 * A digest of a set of routes that is the same whatever the order in which they came: the exclusive
 * or of one hash for each route. Adding and removing a route are the same step.
 */
export class RouteDigest {
  #high = 0;
  #low = 0;

  /** Puts a route in, or takes it out again. */
  toggle(route: Route): void {
    const hash = hashOf(route);
    this.#high ^= hash.readInt32BE(0);
    this.#low ^= hash.readInt32BE(4);
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return [this.#high, this.#low]
      .map((half) => (half >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }
}

/** Whether two routes say the same; the digest is made of exactly these fields. */
export function sameRoute(a: Route, b: Route): boolean {
  return a === b || text(a) === text(b);
}

/** The digest of the routes given, for comparison and tests. */
export function digestOf(routes: Iterable<Route>): string {
  const digest = new RouteDigest();
  for (const route of routes) digest.toggle(route);
  return digest.toString();
}

const hashes = new WeakMap<Route, Buffer>();

function hashOf(route: Route): Buffer {
  let hash = hashes.get(route);
  if (hash === undefined) {
    hash = createHash("sha256").update(text(route)).digest().subarray(0, 8);
    hashes.set(route, hash);
  }
  return hash;
}

function text(route: Route): string {
  const { name, parent, instance, session, tags, listen, version, preferredParent } = route;
  const sorted = Object.entries(tags).sort(([a], [b]) => compare(a, b));
  return JSON.stringify([
    name,
    parent,
    instance,
    session,
    sorted,
    listen,
    version,
    preferredParent,
  ]);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
