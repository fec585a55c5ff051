import { NeighbourRing } from "../topology/neighbours.ts";
import {
  MAX_SUBTREE,
  type NameConflict,
  NO_CHANGE,
  type RouteChange,
  RouteTable,
} from "../topology/route-table.ts";
import type { LinkEnd } from "../tunnel/link.ts";
import type { Conflict, Hello, Route, Routes } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { MAX_DEPTH } from "../wire/parse-message.ts";
import type { TreeEffect } from "./event.ts";
import type { Position } from "./position.ts";

/** Most children of one cluster. */
export const MAX_CHILDREN = 20_000;
/** Milliseconds this cluster must have had a way to a root before it takes children from others that have one. */
export const SETTLE_MS = 10_000;

/** What an event of a child leads to. */
export interface ChildrenChange extends RouteChange {
  readonly effects: readonly TreeEffect[];
}

const NOTHING: ChildrenChange = { ...NO_CHANGE, effects: [] };

/**
 * The side towards the children: admits them, learns what is below them and tells them whom to join
 * should this cluster be lost. Pure: it says what is to be done and does nothing.
 */
export class ClusterHandler {
  readonly routes: RouteTable;
  readonly #self: ClusterName;
  readonly #congested = new Set<ClusterName>();
  /** Children that asked for a parent of at least that rank. */
  readonly #raising = new Map<ClusterName, number>();
  readonly #ring = new NeighbourRing();

  constructor(self: ClusterName) {
    this.#self = self;
    this.routes = new RouteTable(self);
  }

  /** Why a cluster that says hello may not join one of that rank, or undefined if it may. */
  refusal(hello: Hello, position: Position, rank: number, now: number): LinkEnd | undefined {
    const end = this.#refusalOfName(hello, position) ?? refusalOfPlace(hello, position, now);
    if (end !== undefined || rank > hello.rank) return end;
    const { name } = hello;
    return refused("RANK_TOO_LOW", name, "its parent must rank above it", "this cluster does not");
  }

  #refusalOfName(hello: Hello, position: Position): LinkEnd | undefined {
    const { name } = hello;
    if (position.path.includes(name)) {
      return refused(
        "LOOP",
        name,
        "it must not be above its parent",
        "it is on the path to the top",
      );
    }
    if (position.path.length >= MAX_DEPTH) {
      return refused(
        "TREE_TOO_DEEP",
        name,
        `a path may have ${MAX_DEPTH} clusters`,
        "this one is full",
      );
    }
    if (this.routes.childCount >= MAX_CHILDREN) {
      return refused(
        "TOO_MANY_CHILDREN",
        name,
        `at most ${MAX_CHILDREN} may`,
        "all places are taken",
      );
    }
    switch (this.routes.admits(routeOf(hello, this.#self))) {
      case "yes":
        return undefined;
      case "stale":
        return refused(
          "STALE_SESSION",
          name,
          "its session must not be older than the present one",
          "it is",
        );
      case "name-taken":
        return refused(
          "NAME_TAKEN",
          name,
          "each name may be used once in a tree",
          "another cluster uses it",
        );
    }
  }

  joined(hello: Hello, position: Position): ChildrenChange {
    const own = routeOf(hello, this.#self);
    if (hello.anchored) this.routes.expect(own);
    const change = hello.anchored ? NO_CHANGE : this.routes.join(own);
    this.#congested.delete(hello.name);
    this.#raising.delete(hello.name);
    const concerned = new Set(this.#ring.set(hello)).add(hello.name);
    return { ...change, effects: this.#teach(concerned, position) };
  }

  left(child: ClusterName, position: Position): ChildrenChange {
    const change = this.routes.leave(child);
    this.#congested.delete(child);
    this.#raising.delete(child);
    return { ...change, effects: this.#teach(this.#ring.delete(child), position) };
  }

  learn(child: ClusterName, routes: Routes): ChildrenChange {
    if (!this.routes.hasRoomFor(child, routes)) {
      const text = `Cannot learn the subtree of "${child}" as it must be at most ${MAX_SUBTREE} clusters: it is larger`;
      const reason = { code: "SUBTREE_TOO_LARGE", text };
      return { ...NOTHING, effects: [{ kind: "end-child", child, reason }] };
    }
    const { changed, removed, moved, conflicts, resync } = this.routes.learn(child, routes);
    const effects: TreeEffect[] = conflicts.map((conflict) => this.#conflict(conflict));
    if (resync) effects.push({ kind: "send-child", child, message: { kind: "resync" } });
    return { changed, removed, moved, effects };
  }

  /** An ancestor does not accept a cluster of the subtree: it is told, hop by hop. */
  pass(conflict: Conflict): ChildrenChange {
    const { name, instance, code, text } = conflict;
    const child = this.routes.announcer(name, instance);
    if (child !== undefined) {
      return { ...NOTHING, effects: [{ kind: "send-child", child, message: conflict }] };
    }
    if (this.routes.route(name)?.instance !== instance) return NOTHING;
    return { ...NOTHING, effects: [{ kind: "end-child", child: name, reason: { code, text } }] };
  }

  /** A child needs a parent of at least this rank; it is told when there is one. */
  raising(child: ClusterName, rank: number): void {
    this.#raising.set(child, rank);
  }

  /** The children that asked for a rank, and have it now. */
  raised(rank: number): ClusterName[] {
    const served = [...this.#raising].filter(([, wanted]) => wanted <= rank);
    for (const [child] of served) this.#raising.delete(child);
    return served.map(([child]) => child);
  }

  setCongested(child: ClusterName, congested: boolean): void {
    if (congested) this.#congested.add(child);
    else this.#congested.delete(child);
  }

  isCongested(child: ClusterName): boolean {
    return this.#congested.has(child);
  }

  /** Tells all children whom to join should this cluster be lost. */
  teach(position: Position): TreeEffect[] {
    return this.#teach(
      [...this.routes.children].map(({ name }) => name),
      position,
    );
  }

  #teach(children: Iterable<ClusterName>, { parentAddress, siblings }: Position): TreeEffect[] {
    const grandparent = parentAddress === undefined ? [] : [parentAddress];
    return [...children].map((child) => ({
      kind: "send-child",
      child,
      message: {
        kind: "neighbours",
        grandparent,
        aunts: siblings,
        siblings: this.#ring.after(child),
      },
    }));
  }

  #conflict({ name, instance, via }: NameConflict): TreeEffect {
    const { code, text } = refused(
      "NAME_TAKEN",
      name,
      "each name may be used once in a tree",
      "another cluster uses it",
    );
    return {
      kind: "send-child",
      child: via,
      message: { kind: "conflict", name, instance, code, text },
    };
  }
}

/** How the tiers above know a direct child. */
export function routeOf(hello: Hello, parent: ClusterName): Route {
  const { name, instance, session, tags, listen, version, preferredParent } = hello;
  const known = { name, parent, instance, session, tags, listen, version, preferredParent };
  const { certificate, proof } = hello;
  return proof === undefined ? known : { ...known, certificate, proof };
}

function refusalOfPlace(
  { name, anchored, preferredParent }: Hello,
  position: Position,
  now: number,
): LinkEnd | undefined {
  const self = position.path.at(-1);
  const isHome = preferredParent === "" || preferredParent === self;
  if (!position.anchored && (anchored || !isHome))
    return refused(
      "NO_ROOT",
      name,
      "its parent must have a way to a root",
      "this cluster has none",
    );
  if (anchored && now - position.since < SETTLE_MS)
    return refused("HOME_UNSETTLED", name, "home must have been well for a while", "not yet");
  return undefined;
}

function refused(code: string, name: ClusterName, must: string, is: string): LinkEnd {
  return { code, text: `Cannot admit cluster "${name}" as ${must}: ${is}` };
}
