import type { OldLink } from "../../otev1/old-link.ts";
import type { ClusterName } from "../../wire/names.ts";

/**
 * Which link leads to each old cluster. Nothing tells a cluster that has moved from another one of the
 * same name, so who came first has the name until it is gone, as it is between old clusters.
 */
export class OldPlaces {
  readonly #byLink = new Map<OldLink, Set<ClusterName>>();
  readonly #owners = new Map<ClusterName, OldLink>();

  /** Whether the name is free for somebody who is not known yet. */
  isFree(name: ClusterName): boolean {
    return !this.#owners.has(name);
  }

  /** Whether `link` has the name now. */
  take(name: ClusterName, link: OldLink): boolean {
    const owner = this.#owners.get(name);
    if (owner !== undefined) return owner === link;
    const own = this.#byLink.get(link) ?? new Set();
    this.#byLink.set(link, own.add(name));
    this.#owners.set(name, link);
    return true;
  }

  /** Gives up what `link` had and has no more. */
  keep(link: OldLink, isKept: (name: ClusterName) => boolean): void {
    const own = this.#byLink.get(link);
    for (const name of own ?? []) {
      if (isKept(name)) continue;
      own?.delete(name);
      this.#owners.delete(name);
    }
    if (own?.size === 0) this.#byLink.delete(link);
  }
}
