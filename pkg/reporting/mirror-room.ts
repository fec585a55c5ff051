/** Largest object of a mirror, in characters of its JSON. A cluster does not report larger ones. */
export const MAX_OBJECT = 256 * 1024;
/** Most objects in the mirror of one cluster. */
export const MAX_OBJECTS = 100_000;
/** All objects in the mirror of one cluster, in characters of their JSON. */
export const MAX_MIRROR = 128 * 1024 * 1024;
/** What a mirror may have whatever the mirrors of others have, in characters. */
export const OWN_SHARE = 1024 * 1024;

/** Why an object is not in the mirror of its cluster: a word, and a text for people. */
export interface Omission {
  readonly reason: "ObjectTooLarge" | "MirrorFull" | "SpaceFull" | "ObjectRefused" | "NotWritten";
  readonly text: string;
}

/** What there is room for in all mirrors of one API together; a large mirror takes nothing from the small ones. */
export class MirrorSpace {
  readonly #limit: number;
  /** Characters of each mirror, also of those whose clusters are away. */
  readonly #mirrors = new Map<string, number>();
  #used = 0;

  /** `limit` is in characters of JSON. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The room for what a cluster reports, empty, in place of any that there was for it. */
  room(cluster: string): MirrorRoom {
    this.forget(cluster);
    return new MirrorRoom(this, cluster);
  }

  /** The mirror of a cluster is gone. */
  forget(cluster: string): void {
    this.#used -= this.#mirrors.get(cluster) ?? 0;
    this.#mirrors.delete(cluster);
  }

  /** Whether the mirror of a cluster may grow so. */
  mayGrow(cluster: string, by: number): boolean {
    const size = (this.#mirrors.get(cluster) ?? 0) + by;
    return by <= 0 || size <= OWN_SHARE || this.#used + by <= this.#limit;
  }

  /** The mirror of a cluster has grown, or shrunk. */
  grown(cluster: string, by: number): void {
    this.#mirrors.set(cluster, (this.#mirrors.get(cluster) ?? 0) + by);
    this.#used += by;
  }
}

/** What there is room for in the mirror of one cluster, so that none can fill the API of all. */
export class MirrorRoom {
  readonly #space: MirrorSpace;
  readonly #cluster: string;
  readonly #sizes = new Map<string, number>();
  #total = 0;

  constructor(space: MirrorSpace, cluster: string) {
    this.#space = space;
    this.#cluster = cluster;
  }

  has(name: string): boolean {
    return this.#sizes.has(name);
  }

  /** An object is there already, whether there is room for it or not. */
  hold(name: string, size: number): void {
    const by = size - (this.#sizes.get(name) ?? 0);
    this.#sizes.set(name, size);
    this.#total += by;
    this.#space.grown(this.#cluster, by);
  }

  /** Takes room for an object in place of what it had; returns why there is none, and changes nothing then. */
  take(name: string, size: number): Omission | undefined {
    const omission = this.#omission(name, size);
    if (omission === undefined) this.hold(name, size);
    return omission;
  }

  /** An object is gone. */
  give(name: string): void {
    this.hold(name, 0);
    this.#sizes.delete(name);
  }

  #omission(name: string, size: number): Omission | undefined {
    const by = size - (this.#sizes.get(name) ?? 0);
    if (size > MAX_OBJECT)
      return { reason: "ObjectTooLarge", text: `it has more than ${MAX_OBJECT} characters` };
    const isOneMore = !this.#sizes.has(name);
    const isFull = by > 0 && this.#total + by > MAX_MIRROR;
    if (isFull || (isOneMore && this.#sizes.size >= MAX_OBJECTS)) {
      const text = `a cluster may have ${MAX_OBJECTS} objects and ${MAX_MIRROR} characters here`;
      return { reason: "MirrorFull", text };
    }
    if (this.#space.mayGrow(this.#cluster, by)) return undefined;
    const text = "the objects of all clusters have as many characters as --collect-limit says";
    return { reason: "SpaceFull", text };
  }
}
