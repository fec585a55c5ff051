import type { RouteTable } from "../topology/route-table.ts";
import type { LinkEnd } from "../tunnel/link.ts";
import type { Neighbours, Path, Route, Routes, Welcome } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import type { TreeEffect } from "./event.ts";
import { atTop, type Position } from "./position.ts";
import { Rank } from "./rank.ts";

/** Routes in one message; a snapshot of a large subtree is sent as several. */
export const ROUTES_PER_MESSAGE = 1000;

/**
 * The side towards the parent: where this cluster stands, and what the parent has been told of the
 * subtree. Pure: it says what is to be done and does nothing.
 */
export class EdgeHandler {
  readonly #self: ClusterName;
  readonly #isRoot: boolean;
  readonly #rank = new Rank();
  #position: Position;

  constructor(self: ClusterName, isRoot: boolean) {
    this.#self = self;
    this.#isRoot = isRoot;
    this.#position = atTop(self, isRoot, 0);
  }

  get position(): Position {
    return this.#position;
  }

  get joined(): boolean {
    return this.#position.parent !== undefined;
  }

  get rank(): number {
    return this.#rank.value;
  }

  /** Why a cluster that has welcomed us cannot be our parent, or undefined if it can. */
  unfit({ name, path, rank, anchored }: Welcome, home: boolean): LinkEnd | undefined {
    if (path.includes(this.#self)) return loop(this.#self);
    if (rank <= this.rank) return tooLow(name, this.#self);
    if (anchored || (home && !this.#position.anchored)) return undefined;
    const text = `Cannot join "${name}" as it must have a way to a root: it has none`;
    return { code: "NO_ROOT", text };
  }

  /** A parent has welcomed us: it is told the whole subtree, once. */
  join(welcome: Welcome, routes: RouteTable, now: number): TreeEffect[] {
    const { name, path, rank, listen } = welcome;
    const reason = path.includes(this.#self) ? loop(this.#self) : undefined;
    if (reason !== undefined || rank <= this.rank) {
      this.leave(now);
      return [{ kind: "end-parent", reason: reason ?? tooLow(name, this.#self) }];
    }
    const parentAddress = listen === "" ? undefined : { name, listen };
    this.#rank.below(rank);
    this.#place(path, welcome.anchored, now);
    this.#position = { ...this.#position, parent: name, parentAddress };
    return this.snapshot(routes);
  }

  /** The parent is gone; this cluster is the top of its own tree until it finds another. */
  leave(now: number): void {
    const { siblings, parentAddress } = this.#position;
    // Our children may need them as much as we do.
    this.#position = { ...atTop(this.#self, this.#isRoot, now), siblings, parentAddress };
  }

  /** The parent's place or rank has changed; returns undefined if that makes no difference to us. */
  move({ path, rank, anchored }: Path, now: number): TreeEffect[] | undefined {
    const before = this.#position;
    if (before.parent === undefined) return undefined;
    if (path.includes(this.#self)) {
      return [{ kind: "end-parent", reason: loop(this.#self) }];
    }
    this.#rank.hear(rank);
    this.#place(path, anchored, now);
    const { path: after } = this.#position;
    if (anchored === before.anchored && after.join() === before.path.join()) return undefined;
    return [];
  }

  /** Sees to it that this cluster ranks at least as high: at once without a parent, soon with one. */
  rise(wanted: number, now: number): TreeEffect[] {
    if (this.rank >= wanted) return [];
    if (!this.joined) {
      this.#rank.take(wanted);
      return [];
    }
    const rank = this.#rank.ask(wanted, now);
    return rank === undefined ? [] : [{ kind: "send-parent", message: { kind: "raise", rank } }];
  }

  #place(path: readonly ClusterName[], anchored: boolean, now: number): void {
    const since = anchored === this.#position.anchored ? this.#position.since : now;
    this.#position = { ...this.#position, path: [...path, this.#self], anchored, since };
  }

  /** It is known whom we may join without our parent, and so whom our children may without us. */
  learn({ siblings }: Pick<Neighbours, "siblings">): void {
    this.#position = { ...this.#position, siblings };
  }

  /** Everything below this cluster, as the parent should know it. */
  snapshot(routes: RouteTable): TreeEffect[] {
    return this.#messages([...routes.routes()], [], true, routes.digest);
  }

  /** What has changed below this cluster; nothing while there is no parent. */
  changes(
    changed: readonly Route[],
    removed: readonly ClusterName[],
    digest: string,
  ): TreeEffect[] {
    if (!this.joined || changed.length + removed.length === 0) return [];
    return this.#messages(changed, removed, false, digest);
  }

  #messages(
    changed: readonly Route[],
    removed: readonly ClusterName[],
    reset: boolean,
    digest: string,
  ): TreeEffect[] {
    const messages: Routes[] = [];
    const rounds = Math.max(
      1,
      Math.ceil(Math.max(changed.length, removed.length) / ROUTES_PER_MESSAGE),
    );
    for (let round = 0; round < rounds; round++) {
      const from = round * ROUTES_PER_MESSAGE;
      messages.push({
        kind: "routes",
        reset: reset && round === 0,
        changed: changed.slice(from, from + ROUTES_PER_MESSAGE),
        removed: removed.slice(from, from + ROUTES_PER_MESSAGE),
        digest: round === rounds - 1 ? digest : "",
      });
    }
    return messages.map((message) => ({ kind: "send-parent", message }));
  }
}

function loop(self: ClusterName): LinkEnd {
  const text = `Cannot stay below a cluster whose own path leads through "${self}"`;
  return { code: "LOOP", text };
}

function tooLow(parent: ClusterName, self: ClusterName): LinkEnd {
  const text = `Cannot join "${parent}" as a parent must rank above "${self}": it does not`;
  return { code: "RANK_TOO_LOW", text };
}
