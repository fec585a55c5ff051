import type { RouteTable } from "../topology/route-table.ts";
import type { Neighbours, Route, Routes, Welcome } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import type { TreeEffect } from "./event.ts";
import { atTop, type Position } from "./position.ts";

/** Routes in one message; a snapshot of a large subtree is sent as several. */
export const ROUTES_PER_MESSAGE = 1000;

/**
 * The side towards the parent: where this cluster stands, and what the parent has been told of the
 * subtree. Pure: it says what is to be done and does nothing.
 */
export class EdgeHandler {
  readonly #self: ClusterName;
  #position: Position;

  constructor(self: ClusterName) {
    this.#self = self;
    this.#position = atTop(self);
  }

  get position(): Position {
    return this.#position;
  }

  get joined(): boolean {
    return this.#position.parent !== undefined;
  }

  /** A parent has welcomed us: it is told the whole subtree, once. */
  join(welcome: Welcome, routes: RouteTable): TreeEffect[] {
    const { name, path, listen } = welcome;
    const parentAddress = listen === "" ? undefined : { name, listen };
    this.#position = { path: this.#below(path), parent: name, siblings: [], parentAddress };
    if (path.includes(this.#self)) return [loop(this.#self)];
    return this.snapshot(routes);
  }

  /** The parent is gone; this cluster is the top of its own tree until it finds another. */
  leave(): void {
    this.#position = atTop(this.#self);
  }

  /** The parent's own place has changed; returns undefined if that makes no difference. */
  move(path: readonly ClusterName[]): TreeEffect[] | undefined {
    if (path.includes(this.#self)) return [loop(this.#self)];
    const below = this.#below(path);
    if (below.join() === this.#position.path.join()) return undefined;
    this.#position = { ...this.#position, path: below };
    return [];
  }

  /** The parent tells whom we may join without it, and so whom our children may. */
  learn({ siblings }: Neighbours): void {
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

  #below(path: readonly ClusterName[]): ClusterName[] {
    return [...path, this.#self];
  }
}

function loop(self: ClusterName): TreeEffect {
  const text = `Cannot stay below a cluster whose own path leads through "${self}"`;
  return { kind: "end-parent", reason: { code: "LOOP", text } };
}
