import type { Route, Routes } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { type RouteChange, RouteClaims } from "./route-claims.ts";
import { RouteDigest } from "./route-digest.ts";

export type { RouteChange } from "./route-claims.ts";

/** Most clusters that one child may announce below itself. */
export const MAX_SUBTREE = 100_000;

/** Nothing is different. */
export const NO_CHANGE: RouteChange = { changed: [], removed: [], moved: [] };

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
  /** As it said in its latest hello. */
  own: Route;
  /** Whether its snapshot has come, with which it counts. */
  known: boolean;
  readonly below: Map<ClusterName, Route>;
  digest: RouteDigest;
  /** The beginning of an announcement that takes several messages. */
  begun: Routes | undefined;
}

/**
 * Which child leads to which cluster. What a child announces counts when it is complete: a child with
 * its snapshot, and a snapshot of many messages with the last of them, so that nobody sees a subtree
 * half moved. Which of several claims for one cluster counts, RouteClaims decides.
 */
export class RouteTable {
  readonly #self: ClusterName;
  readonly #children = new Map<ClusterName, Child>();
  readonly #claims: RouteClaims;

  constructor(self: ClusterName) {
    this.#self = self;
    this.#claims = new RouteClaims(self);
  }

  /** Digest of every route in the table, to be compared with what a parent has learnt. */
  get digest(): string {
    return this.#claims.digest;
  }

  /** How many clusters are below this one. */
  get size(): number {
    return this.#claims.size;
  }

  /** How many direct children there are. */
  get childCount(): number {
    return this.#children.size;
  }

  /** The direct children, as they said in their hello, also those whose snapshot has not come yet. */
  get children(): Iterable<Route> {
    return [...this.#children.values()].map((child) => child.own);
  }

  /** Every cluster of the subtree. */
  routes(): Iterable<Route> {
    return this.#claims.routes();
  }

  /** The route to `name`, or undefined if it is not in this subtree. */
  route(name: ClusterName): Route | undefined {
    return this.#claims.winner(name)?.route;
  }

  /** The child through which `name` is reached. */
  nextHop(name: ClusterName): ClusterName | undefined {
    return this.#claims.winner(name)?.via;
  }

  /** The session of a child's present link. */
  sessionOf(child: ClusterName): number | undefined {
    return this.#children.get(child)?.own.session;
  }

  /** Whether `child` has announced `name`: the only clusters it may speak for, beside itself. */
  announces(child: ClusterName, name: ClusterName): boolean {
    return child === name
      ? this.#children.has(child)
      : (this.#children.get(child)?.below.has(name) ?? false);
  }

  /** The child through which that instance of `name` was announced, accepted or not. */
  announcer(name: ClusterName, instance: string): ClusterName | undefined {
    const claims = this.#claims.of(name);
    return claims.find(({ via, route }) => via !== name && route.instance === instance)?.via;
  }

  /** Whether a cluster that says hello may join: not if another instance uses its name, or a newer session of itself. */
  admits({ name, instance, session }: Route): "yes" | "name-taken" | "stale" {
    if (name === this.#self) return "name-taken";
    const present = this.#claims.winner(name)?.route ?? this.#children.get(name)?.own;
    if (present !== undefined && present.instance !== instance) return "name-taken";
    const known = this.#claims.of(name).map(({ route }) => route);
    const waiting = this.#children.get(name)?.own;
    const newer = [...known, ...(waiting === undefined ? [] : [waiting])].some(
      (route) => route.instance === instance && route.session > session,
    );
    return newer ? "stale" : "yes";
  }

  /** A child has joined, or joined again: everything known through its former link is forgotten. */
  join(own: Route): RouteChange {
    this.#drop(own.name);
    this.#children.set(own.name, { ...newChild(own), known: true });
    this.#claims.put(own.name, own);
    return this.#claims.settle();
  }

  /**
   * A child comes over from another parent, where it can still be reached. So that there is no gap, what
   * is known of it counts until its snapshot is here.
   */
  expect(own: Route): void {
    const { below, digest } = this.#children.get(own.name) ?? newChild(own);
    this.#children.set(own.name, { ...newChild(own), below, digest });
  }

  /** A child has left, and its whole subtree with it. */
  leave(child: ClusterName): RouteChange {
    this.#drop(child);
    return this.#claims.settle();
  }

  /** Whether the child's subtree stays within MAX_SUBTREE with what it announces. */
  hasRoomFor(name: ClusterName, { reset, changed }: Routes): boolean {
    const child = this.#children.get(name);
    if (child === undefined || reset) return changed.length <= MAX_SUBTREE;
    const begun = child.begun?.changed.length ?? 0;
    const present = child.begun?.reset === true ? 0 : child.below.size;
    return present + begun + changed.length <= MAX_SUBTREE;
  }

  /** What a child says of its subtree; an unknown child changes nothing. */
  learn(from: ClusterName, message: Routes): RouteUpdate {
    const child = this.#children.get(from);
    if (child === undefined) return { ...NO_CHANGE, conflicts: [], resync: false };
    const whole = message.reset ? message : together(child.begun, message);
    child.begun = message.digest === "" ? whole : undefined;
    if (message.digest === "") return { ...NO_CHANGE, conflicts: [], resync: false };
    if (!child.known && !whole.reset) return { ...NO_CHANGE, conflicts: [], resync: true };
    this.#apply(from, child, whole);
    const change = this.#claims.settle();
    const conflicts = this.#conflicts(from, whole.changed);
    return { ...change, conflicts, resync: message.digest !== child.digest.toString() };
  }

  #drop(name: ClusterName): void {
    const child = this.#children.get(name);
    if (child === undefined) return;
    this.#children.delete(name);
    for (const below of child.below.keys()) if (below !== name) this.#claims.drop(name, below);
    this.#claims.drop(name, name);
  }

  #apply(from: ClusterName, child: Child, { reset, changed, removed }: Routes): void {
    if (!child.known) this.#claims.put(from, child.own);
    child.known = true;
    const stale = reset ? new Set(child.below.keys()) : undefined;
    if (reset) {
      child.below.clear();
      child.digest = new RouteDigest();
    }
    for (const name of removed) this.#forget(from, child, name);
    for (const route of changed) {
      stale?.delete(route.name);
      this.#accept(from, child, route);
    }
    for (const name of stale ?? []) if (name !== from) this.#claims.drop(from, name);
  }

  #accept(from: ClusterName, child: Child, route: Route): void {
    const before = child.below.get(route.name);
    if (before !== undefined) child.digest.toggle(before);
    child.below.set(route.name, route);
    child.digest.toggle(route);
    if (route.name !== this.#self && route.name !== from) this.#claims.put(from, route);
  }

  #forget(from: ClusterName, child: Child, name: ClusterName): void {
    const before = child.below.get(name);
    if (before === undefined) return;
    child.digest.toggle(before);
    child.below.delete(name);
    if (name !== from) this.#claims.drop(from, name);
  }

  #conflicts(via: ClusterName, routes: readonly Route[]): NameConflict[] {
    const taken = ({ name, instance }: Route): boolean => {
      if (name === this.#self || name === via) return true;
      const present = this.route(name);
      return present !== undefined && present.instance !== instance;
    };
    return routes.filter(taken).map(({ name, instance }) => ({ name, instance, via }));
  }
}

function newChild(own: Route): Child {
  return { own, known: false, below: new Map(), digest: new RouteDigest(), begun: undefined };
}

function together(begun: Routes | undefined, message: Routes): Routes {
  if (begun === undefined) return message;
  return {
    ...begun,
    changed: [...begun.changed, ...message.changed],
    removed: [...begun.removed, ...message.removed],
  };
}
