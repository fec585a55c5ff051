import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { OldLink } from "../../otev1/old-link.ts";
import { digestOf } from "../../topology/route-digest.ts";
import type { Route } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { OldClaims } from "./old-claims.ts";
import type { OldPlaces } from "./old-places.ts";

/** Routes in one message; longer snapshots take several. */
const ROUTES_PER_MESSAGE = 1000;
/** Clusters below one old child that are adopted at the same time. */
const ASKED_AT_ONCE = 8;
/** Refused clusters after which no more of the same old child are looked at. */
const MAX_REFUSED = 100;
/** Milliseconds for which a cluster is left out that is not accepted in this tree. */
const CONFLICT_MS = 60_000;

type Place = readonly [name: ClusterName, parent: ClusterName];

/** Tells the tree what is below one old child, in words that it can check. */
export class SubtreeAnnouncer {
  readonly #link: OldLink;
  readonly #claims: OldClaims;
  readonly #places: OldPlaces;
  readonly #log: Logger;
  /** Undefined before anything was told. */
  #told: ReadonlyMap<ClusterName, Route> = new Map();
  readonly #leftOut = new Map<ClusterName, number>();
  /** Clusters that were refused in the present look. */
  #refused = 0;
  #busy = false;
  #due = false;

  constructor(link: OldLink, claims: OldClaims, places: OldPlaces, log: Logger) {
    this.#link = link;
    this.#claims = claims;
    this.#places = places;
    this.#log = log;
  }

  /** The tree says that it does not accept one of them. */
  conflict(name: ClusterName, text: string): void {
    this.#log.warn({ peer: this.#link.peer, name, code: "NAME_TAKEN", text }, "cluster left out");
    this.#leftOut.set(name, performance.now() + CONFLICT_MS);
    this.look();
  }

  /** Something may be different; many looks at a time are one. */
  look(): void {
    this.#due = true;
    if (!this.#busy) void this.#work();
  }

  /** Tells everything again. */
  repeat(): void {
    this.#tell(this.#told);
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#due && this.#link.open) {
        this.#due = false;
        const routes = await this.#routes();
        if (this.#link.open && !isSame(routes, this.#told)) this.#tell(routes);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #routes(): Promise<ReadonlyMap<ClusterName, Route>> {
    const now = performance.now();
    this.#refused = 0;
    const found = new Map<ClusterName, Route>();
    for (const [name, until] of this.#leftOut) if (until <= now) this.#leftOut.delete(name);
    const { parents } = this.#link.subtree;
    this.#places.keep(this.#link, (name) => name === this.#link.peer || parents.has(name));
    const isOurs = ([name]: Place): boolean =>
      !this.#leftOut.has(name) && this.#places.take(name, this.#link);
    const waiting = [...parents].filter(isOurs).values();
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, () => this.#find(waiting, found)));
    return found;
  }

  async #find(waiting: IterableIterator<Place>, found: Map<ClusterName, Route>): Promise<void> {
    for (const [name, parent] of waiting) {
      const route = await this.#route(name, parent);
      if (route !== undefined) found.set(name, route);
      else this.#refused++;
      // Somebody who makes names up must not keep the root busy.
      if (this.#refused >= MAX_REFUSED || !this.#link.open) return;
    }
  }

  /** A place is claimed once and then kept; undefined for who may not be in this tree. */
  async #route(name: ClusterName, parent: ClusterName): Promise<Route | undefined> {
    const told = this.#told.get(name);
    if (told?.parent === parent && !this.#claims.isRevoked(told)) return told;
    try {
      return await this.#claims.route(name, parent);
    } catch (error) {
      this.#log.debug({ name, code: errorCode(error), text: errorText(error) }, "not announced");
      return undefined;
    }
  }

  #tell(routes: ReadonlyMap<ClusterName, Route>): void {
    this.#told = routes;
    const all = [...routes.values()];
    const digest = digestOf(all);
    for (let at = 0; at === 0 || at < all.length; at += ROUTES_PER_MESSAGE) {
      const isLast = at + ROUTES_PER_MESSAGE >= all.length;
      this.#link.tell({
        kind: "routes",
        reset: at === 0,
        changed: all.slice(at, at + ROUTES_PER_MESSAGE),
        removed: [],
        digest: isLast ? digest : "",
      });
    }
  }
}

function isSame(a: ReadonlyMap<ClusterName, Route>, b: ReadonlyMap<ClusterName, Route>): boolean {
  return a.size === b.size && [...a].every(([name, route]) => b.get(name) === route);
}
