import type { Route } from "../wire/message.ts";
import type { ClusterName } from "../wire/names.ts";
import { MAX_DEPTH } from "../wire/parse-message.ts";
import { RouteDigest, sameRoute } from "./route-digest.ts";

/** What one child says of one cluster. */
export interface Claim {
  readonly via: ClusterName;
  readonly route: Route;
}

/** Which routes are different after an event, as the rest of the tree should see it. */
export interface RouteChange {
  /** New or changed; the present value. */
  readonly changed: readonly Route[];
  readonly removed: readonly ClusterName[];
  /** Said as before, but reached another way or standing elsewhere, because a cluster above it moved. */
  readonly moved: readonly ClusterName[];
}

interface Entry {
  claims: readonly Claim[];
  winner: Claim | undefined;
}

/**
 * What the children say of all clusters, and which of it counts. A cluster is where its newest session
 * says: below the parent that this session was opened to; and that parent is reached where _its_ newest
 * session says, up to a child of ours. A claim that another child makes for the same session is a
 * memory of how it was. So nothing depends on the order in which claims come, a cluster is never
 * reached through somebody whose own way is gone, and with a middle tier its whole subtree goes at once.
 */
export class RouteClaims {
  readonly #self: ClusterName;
  readonly #entries = new Map<ClusterName, Entry>();
  /** Clusters with a claim that puts them below the key. */
  readonly #below = new Map<ClusterName, Set<ClusterName>>();
  readonly #digest = new RouteDigest();
  #touched = new Set<ClusterName>();
  #size = 0;

  constructor(self: ClusterName) {
    this.#self = self;
  }

  /** How many clusters can be reached. */
  get size(): number {
    return this.#size;
  }

  /** Digest of every route that counts. */
  get digest(): string {
    return this.#digest.toString();
  }

  /** The claim that counts. */
  winner(name: ClusterName): Claim | undefined {
    return this.#entries.get(name)?.winner;
  }

  /** Every route that counts. */
  *routes(): Iterable<Route> {
    for (const { winner } of this.#entries.values()) if (winner !== undefined) yield winner.route;
  }

  /** Everything that is said of `name`, whether it counts or not. */
  of(name: ClusterName): readonly Claim[] {
    return this.#entries.get(name)?.claims ?? [];
  }

  /** `via` says this now; counts from the next `settle`. */
  put(via: ClusterName, route: Route): void {
    const { name } = route;
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      this.#entries.set(name, { claims: [{ via, route }], winner: undefined });
    } else {
      const others = entry.claims.filter((claim) => claim.via !== via);
      if (others.length < entry.claims.length) this.#drop(via, name);
      entry.claims = [...others, { via, route }];
    }
    if (route.parent !== this.#self) {
      const siblings = this.#below.get(route.parent) ?? new Set();
      this.#below.set(route.parent, siblings.add(name));
    }
    this.#touched.add(name);
  }

  /** `via` does not say anything of `name` any more. */
  drop(via: ClusterName, name: ClusterName): void {
    this.#drop(via, name);
    this.#touched.add(name);
  }

  /** Decides anew what counts, after one event with all its claims; returns what is different. */
  settle(): RouteChange {
    const former = new Map<ClusterName, Claim | undefined>();
    const moved = new Set<ClusterName>();
    let names = this.#touched;
    this.#touched = new Set();
    while (names.size > 0) {
      for (const name of names) if (!former.has(name)) former.set(name, this.winner(name));
      const shifted = [...names].filter((name) => !this.#decide(name));
      for (const name of shifted) this.#mark(name, moved);
      names = new Set(shifted.flatMap((name) => [...(this.#below.get(name) ?? [])]));
    }
    return this.#difference(former, moved);
  }

  /** Decides what counts for one cluster; true if that leaves it where it was. */
  #decide(name: ClusterName): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return true;
    const before = entry.winner;
    const after = this.#choose(entry);
    this.#crown(name, entry, after);
    return samePlace(before, after);
  }

  /** Notes that everything below `name` is somewhere else now. */
  #mark(name: ClusterName, moved: Set<ClusterName>): void {
    const open = [name];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const child of this.#below.get(at) ?? []) {
        if (moved.has(child) || this.winner(child)?.route.parent !== at) continue;
        moved.add(child);
        open.push(child);
      }
    }
  }

  #difference(
    former: ReadonlyMap<ClusterName, Claim | undefined>,
    moved: Set<ClusterName>,
  ): RouteChange {
    const changed: Route[] = [];
    const removed: ClusterName[] = [];
    for (const [name, before] of former) {
      const after = this.winner(name);
      if (after === undefined) {
        if (before !== undefined) removed.push(name);
        moved.delete(name);
      } else if (before === undefined || !sameRoute(before.route, after.route)) {
        changed.push(after.route);
        moved.delete(name);
      } else if (before.via !== after.via) {
        moved.add(name);
      }
    }
    return {
      changed,
      removed,
      moved: [...moved].filter((name) => this.winner(name) !== undefined),
    };
  }

  #crown(name: ClusterName, entry: Entry, after: Claim | undefined): void {
    const before = entry.winner;
    entry.winner = after;
    if (before?.route !== after?.route) {
      if (before !== undefined) this.#digest.toggle(before.route);
      if (after !== undefined) this.#digest.toggle(after.route);
      this.#size += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    }
    if (entry.claims.length === 0) this.#entries.delete(name);
  }

  #choose({ claims, winner }: Entry): Claim | undefined {
    const [first] = claims;
    if (first === undefined) return undefined;
    if (claims.length === 1) return this.#isFounded(first) ? first : undefined;
    const instances = [...new Set(claims.map(({ route }) => route.instance))];
    const found = instances.flatMap((instance) => this.#newest(claims, instance) ?? []);
    const same = found.find(({ route }) => route.instance === winner?.route.instance);
    return same ?? found.sort(byAge)[0];
  }

  /** The claim for the newest session of one instance, if it leads somewhere: an older one never does. */
  #newest(claims: readonly Claim[], instance: string): Claim | undefined {
    const own = claims.filter(({ route }) => route.instance === instance);
    const session = Math.max(...own.map(({ route }) => route.session));
    return own.find((claim) => claim.route.session === session && this.#isFounded(claim));
  }

  /** Whether every cluster above it, up to a child of ours, is reached through the same child. */
  #isFounded({ via, route }: Claim): boolean {
    let { name, parent } = route;
    for (let depth = 0; depth <= MAX_DEPTH; depth++) {
      if (parent === this.#self) return name === via;
      if (parent === route.name) return false;
      const above = this.winner(parent);
      if (above === undefined || above.via !== via) return false;
      ({ name, parent } = above.route);
    }
    return false;
  }

  #drop(via: ClusterName, name: ClusterName): void {
    const entry = this.#entries.get(name);
    const gone = entry?.claims.find((claim) => claim.via === via);
    if (entry === undefined || gone === undefined) return;
    entry.claims = entry.claims.filter((claim) => claim !== gone);
    const { parent } = gone.route;
    if (entry.claims.some(({ route }) => route.parent === parent)) return;
    const siblings = this.#below.get(parent);
    siblings?.delete(name);
    if (siblings?.size === 0) this.#below.delete(parent);
  }
}

function samePlace(a: Claim | undefined, b: Claim | undefined): boolean {
  return a?.via === b?.via && a?.route.parent === b?.route.parent;
}

/** Instances cannot be compared by age; the order only has to be the same everywhere. */
function byAge(a: Claim, b: Claim): number {
  if (a.route.session !== b.route.session) return b.route.session - a.route.session;
  return a.route.instance < b.route.instance ? -1 : 1;
}
