import type { Route, Routes } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { RouteDigest, sameRoute } from "./route-digest.ts";

/** Most clusters that one child may announce below itself. */
export const MAX_SUBTREE = 100_000;

/** Which routes are different after an event, as the rest of the tree should see it. */
export interface RouteChange {
  /** New or changed; the present value. */
  readonly changed: readonly Route[];
  readonly removed: readonly ClusterName[];
}

/** Two different clusters use one name; the one that came later is not accepted. */
export interface NameConflict {
  readonly name: ClusterName;
  readonly instance: string;
  readonly via: ClusterName;
}

/** What came of a child's announcement. */
export interface RouteUpdate extends RouteChange {
  readonly conflicts: readonly NameConflict[];
  /** The child's digest is another one than ours: ask for a snapshot. */
  readonly resync: boolean;
}

interface Child {
  own: Route;
  readonly below: Map<ClusterName, Route>;
  digest: RouteDigest;
}

interface Claim {
  readonly via: ClusterName;
  readonly route: Route;
}

/**
 * Which child leads to which cluster. Several children may claim the same cluster while it moves: the
 * claim with the larger session counts, on a tie the one that came later; the others are kept and step
 * in when it goes.
 */
export class RouteTable {
  readonly #self: ClusterName;
  readonly #children = new Map<ClusterName, Child>();
  readonly #winners = new Map<ClusterName, Claim>();
  readonly #losers = new Map<ClusterName, Map<ClusterName, Route>>();
  readonly #digest = new RouteDigest();

  constructor(self: ClusterName) {
    this.#self = self;
  }

  /** Digest of every route in the table, to be compared with what a parent has learnt. */
  get digest(): string {
    return this.#digest.toString();
  }

  /** How many clusters are below this one. */
  get size(): number {
    return this.#winners.size;
  }

  /** How many direct children there are. */
  get childCount(): number {
    return this.#children.size;
  }

  /** The direct children, as they said in their hello. */
  get children(): Iterable<Route> {
    return [...this.#children.values()].map((child) => child.own);
  }

  /** Every cluster of the subtree, parents before their children as far as they came so. */
  *routes(): Iterable<Route> {
    for (const { route } of this.#winners.values()) yield route;
  }

  /** The route to `name`, or undefined if it is not in this subtree. */
  route(name: ClusterName): Route | undefined {
    return this.#winners.get(name)?.route;
  }

  /** The child through which `name` is reached. */
  nextHop(name: ClusterName): ClusterName | undefined {
    return this.#winners.get(name)?.via;
  }

  /** Whether `child` has announced `name`: the only clusters it may speak for, beside itself. */
  announces(child: ClusterName, name: ClusterName): boolean {
    return child === name
      ? this.#children.has(child)
      : (this.#children.get(child)?.below.has(name) ?? false);
  }

  /** The child through which that instance of `name` was announced, accepted or not. */
  announcer(name: ClusterName, instance: string): ClusterName | undefined {
    for (const [child, { below }] of this.#children) {
      if (below.get(name)?.instance === instance) return child;
    }
    return undefined;
  }

  /** Whether a cluster that says hello may join: not if another instance uses its name, or a newer session of itself. */
  admits(route: Route): "yes" | "name-taken" | "stale" {
    if (route.name === this.#self) return "name-taken";
    const present = this.#winners.get(route.name)?.route;
    if (present === undefined) return "yes";
    if (present.instance !== route.instance) return "name-taken";
    return present.session > route.session ? "stale" : "yes";
  }

  /** A child has joined, or joined again: everything known through its former link is forgotten. */
  join(own: Route): RouteChange {
    const change = new ChangeLog();
    this.#drop(own.name, change);
    this.#children.set(own.name, { own, below: new Map(), digest: new RouteDigest() });
    this.#claim(own.name, own, change);
    return change.result(this);
  }

  /** A child has left, and its whole subtree with it. */
  leave(child: ClusterName): RouteChange {
    const change = new ChangeLog();
    this.#drop(child, change);
    return change.result(this);
  }

  /** Whether the child's subtree stays within MAX_SUBTREE with what it announces. */
  hasRoomFor(child: ClusterName, { reset, changed }: Routes): boolean {
    const present = reset ? 0 : (this.#children.get(child)?.below.size ?? 0);
    return present + changed.length <= MAX_SUBTREE;
  }

  /** What a child says of its subtree; an unknown child changes nothing. */
  learn(from: ClusterName, routes: Routes): RouteUpdate {
    const change = new ChangeLog();
    const child = this.#children.get(from);
    if (child === undefined) return { ...change.result(this), conflicts: [], resync: false };
    const stale = routes.reset ? new Map(child.below) : undefined;
    if (stale !== undefined) {
      child.below.clear();
      child.digest = new RouteDigest();
    }
    for (const name of routes.removed) this.#forget(from, child, name, change);
    for (const route of routes.changed) {
      stale?.delete(route.name);
      this.#accept(from, child, route, change);
    }
    for (const name of stale?.keys() ?? []) this.#unclaim(from, name, change);
    const resync = routes.digest !== "" && routes.digest !== child.digest.toString();
    return { ...change.result(this), conflicts: change.conflicts, resync };
  }

  #accept(from: ClusterName, child: Child, route: Route, change: ChangeLog): void {
    const before = child.below.get(route.name);
    if (before !== undefined) child.digest.toggle(before);
    child.below.set(route.name, route);
    child.digest.toggle(route);
    if (route.name !== this.#self && route.name !== from) this.#claim(from, route, change);
    else change.conflicts.push({ name: route.name, instance: route.instance, via: from });
  }

  #forget(from: ClusterName, child: Child, name: ClusterName, change: ChangeLog): void {
    const before = child.below.get(name);
    if (before === undefined) return;
    child.digest.toggle(before);
    child.below.delete(name);
    if (name !== from) this.#unclaim(from, name, change);
  }

  #drop(name: ClusterName, change: ChangeLog): void {
    const child = this.#children.get(name);
    if (child === undefined) return;
    this.#children.delete(name);
    for (const below of child.below.keys()) if (below !== name) this.#unclaim(name, below, change);
    this.#unclaim(name, name, change);
  }

  #claim(via: ClusterName, route: Route, change: ChangeLog): void {
    const present = this.#winners.get(route.name);
    if (present === undefined || present.via === via) {
      this.#win(via, route, change);
    } else if (present.route.instance !== route.instance) {
      this.#lose(via, route);
      change.conflicts.push({ name: route.name, instance: route.instance, via });
    } else if (route.session >= present.route.session) {
      this.#lose(present.via, present.route);
      this.#win(via, route, change);
    } else {
      this.#lose(via, route);
    }
  }

  #win(via: ClusterName, route: Route, change: ChangeLog): void {
    const present = this.#winners.get(route.name);
    this.#losers.get(route.name)?.delete(via);
    if (present !== undefined) {
      if (present.via === via && sameRoute(present.route, route)) return;
      this.#digest.toggle(present.route);
    }
    this.#winners.set(route.name, { via, route });
    this.#digest.toggle(route);
    change.names.add(route.name);
  }

  #lose(via: ClusterName, route: Route): void {
    const losers = this.#losers.get(route.name) ?? new Map<ClusterName, Route>();
    this.#losers.set(route.name, losers.set(via, route));
  }

  #unclaim(via: ClusterName, name: ClusterName, change: ChangeLog): void {
    const losers = this.#losers.get(name);
    losers?.delete(via);
    const present = this.#winners.get(name);
    if (present?.via === via) {
      this.#winners.delete(name);
      this.#digest.toggle(present.route);
      change.names.add(name);
      const next = best(losers);
      if (next !== undefined) this.#win(next[0], next[1], change);
    }
    if (losers?.size === 0) this.#losers.delete(name);
  }
}

/** Names touched during one event; what became of them is read from the table at its end. */
class ChangeLog {
  readonly names = new Set<ClusterName>();
  readonly conflicts: NameConflict[] = [];

  result(table: RouteTable): RouteChange {
    const changed: Route[] = [];
    const removed: ClusterName[] = [];
    for (const name of this.names) {
      const route = table.route(name);
      if (route === undefined) removed.push(name);
      else changed.push(route);
    }
    return { changed, removed };
  }
}

function best(
  losers: ReadonlyMap<ClusterName, Route> | undefined,
): [ClusterName, Route] | undefined {
  let found: [ClusterName, Route] | undefined;
  for (const [via, route] of losers ?? []) {
    if (found === undefined || route.session > found[1].session) found = [via, route];
  }
  return found;
}
