import { type JsonObject, objectOf } from "../request/json.ts";
import type { StoredObject, VersionedStore } from "../store/store.ts";

/** What one object has claimed, each as a text. */
export type Claims = (object: unknown) => readonly string[];

/**
 * Who has what there is only one of. What is in the store counts, and what a change has just claimed that
 * is on its way there: that is forgotten when the change has become visible or was refused.
 */
export class ClaimBook {
  readonly #store: VersionedStore;
  readonly #resource: string;
  readonly #claims: Claims;
  readonly #kept = new Map<string, string>();
  readonly #held = new Map<string, { readonly owner: string }>();

  /** Follows the objects of `resource` as long as the store is open. */
  constructor(store: VersionedStore, resource: string, claims: Claims) {
    this.#store = store;
    this.#resource = resource;
    this.#claims = claims;
    for (const stored of store.list(resource)) this.#add(stored);
    store.watch(resource, store.revision, {
      event: ({ type, stored, previous }) => {
        if (previous !== undefined) this.#remove(previous);
        if (type !== "DELETED") this.#add(stored);
      },
      end() {},
    });
  }

  /** Whether somebody else than the owner `object` has it. */
  isTaken(thing: string, object: JsonObject): boolean {
    const owner = ownerOf(object);
    const holder = this.#held.get(thing)?.owner ?? this.#kept.get(thing) ?? owner;
    return holder !== owner;
  }

  /** To be called while a change to `object` is decided: what it claims is nobody else's from now on. */
  hold(object: JsonObject): void {
    const { namespace, name } = objectOf(object.metadata);
    const key = { resource: this.#resource, namespace: String(namespace), name: String(name) };
    const claim = { owner: ownerOf(object) };
    const things = this.#claims(object);
    for (const thing of things) this.#held.set(thing, claim);
    const release = () => {
      for (const thing of things) this.#release(thing, claim);
    };
    this.#store.settled(key).then(release, release);
  }

  #release(thing: string, claim: object): void {
    if (this.#held.get(thing) === claim) this.#held.delete(thing);
  }

  #add(stored: StoredObject): void {
    for (const thing of this.#claims(stored.object)) this.#kept.set(thing, ownerOf(stored.object));
  }

  #remove({ object }: StoredObject): void {
    const owner = ownerOf(object);
    for (const thing of this.#claims(object))
      if (this.#kept.get(thing) === owner) this.#kept.delete(thing);
  }
}

function ownerOf(object: unknown): string {
  const { namespace, name } = objectOf(objectOf(object).metadata);
  return `${namespace}/${name}`;
}
