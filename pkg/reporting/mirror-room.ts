/** Largest object of a mirror, in characters of its JSON. A cluster does not report larger ones. */
export const MAX_OBJECT = 256 * 1024;
/** Most objects in the mirror of one cluster. */
export const MAX_OBJECTS = 100_000;
/** All objects in the mirror of one cluster, in characters of their JSON. */
export const MAX_MIRROR = 128 * 1024 * 1024;

/** What there is room for in the mirror of one cluster, so that none can fill the API of all. */
export class MirrorRoom {
  readonly #sizes = new Map<string, number>();
  #total = 0;

  has(name: string): boolean {
    return this.#sizes.has(name);
  }

  /** Takes room for an object in place of what it had; false, and no change, if there is none. */
  take(name: string, size: number): boolean {
    const before = this.#sizes.get(name);
    const total = this.#total - (before ?? 0) + size;
    const isOneMore = before === undefined;
    if (size > MAX_OBJECT || total > MAX_MIRROR) return false;
    if (isOneMore && this.#sizes.size >= MAX_OBJECTS) return false;
    this.#sizes.set(name, size);
    this.#total = total;
    return true;
  }

  /** An object is gone. */
  give(name: string): void {
    this.#total -= this.#sizes.get(name) ?? 0;
    this.#sizes.delete(name);
  }
}
