import { bucketOf, digests } from "./digest.ts";
import {
  BadReplicationError,
  type SinkMessage,
  type SourceMessage,
  type Version,
} from "./message.ts";

/** The objects of one kind as they are now, under keys that never mean two objects. */
export interface Collection {
  /** Keys and versions of all objects; undefined as long as they are not known. */
  entries(): Iterable<readonly [key: string, version: Version]> | undefined;
  /** One object; undefined if there is none. */
  get(key: string): { readonly version: Version; readonly object: unknown } | undefined;
}

/** The collections there are now, by name; undefined as long as it is not known which there are. */
export type Collections = () => ReadonlyMap<string, Collection> | undefined;

/**
 * The end of one stream that has the truth. It keeps which objects the other end has not been told of,
 * never what they were: whoever asks late hears the latest only.
 */
export class ReplicationSource {
  readonly #collections: Collections;
  /** By collection: what was marked since it was sent. */
  readonly #marked = new Map<string, Set<string>>();
  /** Collections whose digest was sent: before it, marks mean nothing to the other end. */
  readonly #begun = new Set<string>();
  /** Buckets that the other end wants to see. */
  readonly #asked = new Map<string, Set<number>>();
  /** Collections of which the other end has said what differs. */
  readonly #compared = new Set<string>();
  /** Buckets that were shown, and of which nothing was wanted yet. */
  readonly #shown = new Map<string, Set<number>>();
  /** The collections that the other end was told of, as one text. */
  #greeted: string | undefined;

  constructor(collections: Collections) {
    this.#collections = collections;
  }

  /** An object has changed, or exists no more. */
  mark(collection: string, key: string): void {
    if (this.#begun.has(collection)) place(this.#marked, collection).add(key);
  }

  /** How many objects of a collection the other end has not been told of. */
  waiting(collection: string): number {
    return this.#marked.get(collection)?.size ?? 0;
  }

  /** The other end says something. Throws a BadReplicationError if it asks for more than it can need. */
  hear(message: SinkMessage): void {
    const { collection } = message;
    if (!this.#begun.has(collection) || message.kind === "notice") return;
    if (message.kind === "differs") this.#differs(collection, message.buckets);
    else this.#want(collection, message.keys);
  }

  #differs(collection: string, buckets: readonly number[]): void {
    if (this.#compared.has(collection))
      throw new BadReplicationError(`"${collection}" is compared twice`);
    this.#compared.add(collection);
    const asked = place(this.#asked, collection);
    for (const bucket of buckets) asked.add(bucket);
  }

  #want(collection: string, keys: readonly string[]): void {
    const shown = place(this.#shown, collection);
    const wanted = new Set(keys.map(bucketOf));
    for (const bucket of wanted)
      if (!shown.delete(bucket))
        throw new BadReplicationError(`"${collection}" is wanted more than once`);
    const contents = this.#collections()?.get(collection);
    const marked = place(this.#marked, collection);
    // What went after it was listed was marked then; other keys only the other end has heard of.
    for (const key of keys) if (contents?.get(key) !== undefined) marked.add(key);
  }

  /** What is to be said next; undefined if nothing is. */
  next(): SourceMessage | undefined {
    const collections = this.#collections();
    if (collections === undefined) return undefined;
    return (
      this.#greeting(collections) ??
      this.#digest(collections) ??
      this.#listing(collections) ??
      this.#change(collections)
    );
  }

  #greeting(collections: ReadonlyMap<string, Collection>): SourceMessage | undefined {
    const names = [...collections.keys()];
    if (this.#greeted === names.join()) return undefined;
    this.#greeted = names.join();
    return { kind: "collections", names };
  }

  #digest(collections: ReadonlyMap<string, Collection>): SourceMessage | undefined {
    for (const [collection, contents] of collections) {
      if (this.#begun.has(collection)) continue;
      const entries = contents.entries();
      if (entries === undefined) continue;
      this.#begun.add(collection);
      return { kind: "digest", collection, buckets: [...digests(entries)] };
    }
    return undefined;
  }

  #listing(collections: ReadonlyMap<string, Collection>): SourceMessage | undefined {
    const found = takeFirst(this.#asked);
    if (found === undefined) return undefined;
    const [collection, bucket] = found;
    const entries = collections.get(collection)?.entries() ?? [];
    place(this.#shown, collection).add(bucket);
    return {
      kind: "listing",
      collection,
      bucket,
      entries: [...entries].filter(([key]) => bucketOf(key) === bucket),
    };
  }

  #change(collections: ReadonlyMap<string, Collection>): SourceMessage | undefined {
    const found = takeFirst(this.#marked);
    if (found === undefined) return undefined;
    const [collection, key] = found;
    const present = collections.get(collection)?.get(key);
    if (present === undefined) return { kind: "gone", collection, key };
    return { kind: "put", collection, key, ...present };
  }
}

function place<T>(sets: Map<string, Set<T>>, name: string): Set<T> {
  const set = sets.get(name) ?? new Set<T>();
  sets.set(name, set);
  return set;
}

/** Takes one item out; the collection it is from goes to the end, so that all have their turn. */
function takeFirst<T>(sets: Map<string, Set<T>>): [string, T] | undefined {
  for (const [name, set] of sets) {
    const [item] = set;
    sets.delete(name);
    if (item === undefined) continue;
    set.delete(item);
    if (set.size > 0) sets.set(name, set);
    return [name, item];
  }
  return undefined;
}
