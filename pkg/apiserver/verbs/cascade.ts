import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { at, type JsonObject, objectOf } from "../request/json.ts";
import { asKubeObject, keptIn } from "../request/operation.ts";
import {
  type StoredObject,
  type StoreEvent,
  type StoreKey,
  storeId,
  type VersionedStore,
} from "../store/store.ts";
import type { ServedType } from "../types/served-type.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import { removeOwned } from "./delete.ts";

/** Kinds whose objects take others with them, by resource. */
const OWNERS: Readonly<Record<string, (owner: StoredObject, key: StoreKey) => boolean>> = {
  namespaces: (owner, key) => key.namespace === owner.key.name,
  "customresourcedefinitions.apiextensions.k8s.io": (owner, key) => key.resource === owner.key.name,
};

/** Nobody is waited for where the whole namespace goes. */
const AT_ONCE = { gracePeriodSeconds: 0 };

/**
 * Ends namespaces and definitions that are marked for deletion: first what is in them, then, when all of
 * that is gone, themselves. Goes on where a former process stopped.
 */
export class Cascade implements AsyncDisposable {
  readonly #store: VersionedStore;
  readonly #types: TypeRegistry;
  readonly #log: Logger;
  readonly #subscription: Disposable;
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  #closed = false;

  constructor(store: VersionedStore, types: TypeRegistry, log: Logger) {
    this.#store = store;
    this.#types = types;
    this.#log = log;
    this.#subscription = store.watch(undefined, store.revision, {
      event: (event) => this.#look(event),
      end() {},
    });
    for (const owner of this.#marked()) this.#start(owner.key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#subscription[Symbol.dispose]();
    await Promise.all(this.#running.values());
  }

  #look({ type, stored }: StoreEvent): void {
    if (type === "DELETED") {
      for (const owner of this.#marked())
        if (OWNERS[owner.key.resource]?.(owner, stored.key) === true) this.#start(owner.key);
    } else if (Object.hasOwn(OWNERS, stored.key.resource) && isMarked(stored)) {
      this.#start(stored.key);
    }
  }

  #marked(): StoredObject[] {
    return Object.keys(OWNERS).flatMap((resource) =>
      this.#store.list(resource).filter((stored) => isMarked(stored)),
    );
  }

  #start(key: StoreKey): void {
    const id = storeId(key);
    if (this.#running.has(id)) {
      this.#again.add(id);
      return;
    }
    const run = this.#empty(key)
      .catch((err: unknown) => {
        this.#log.error({ err, object: id, why: errorText(err) }, "cannot finish a deletion");
      })
      .finally(() => {
        this.#running.delete(id);
        if (this.#again.delete(id) && !this.#closed) this.#start(key);
      });
    this.#running.set(id, run);
  }

  async #empty(key: StoreKey): Promise<void> {
    // Creations that were decided before the mark may be on their way to the disk.
    await this.#store.settled();
    const owner = this.#store.get(key);
    if (owner === undefined || !isMarked(owner)) return;
    const owned = this.#owned(owner);
    await Promise.all(
      owned.map(([type, stored]) => removeOwned(this.#store, type, stored, AT_ONCE)),
    );
    if (this.#owned(owner).length === 0) await this.#finish(key);
  }

  async #finish(key: StoreKey): Promise<void> {
    await this.#store.change(key, (current) => {
      if (current === undefined) throw new Error("it is gone already");
      const object = current.object as unknown as JsonObject;
      const waits = (at(object, "metadata", "finalizers") ?? []) as readonly unknown[];
      if (waits.length > 0) return { kind: "keep", current };
      const { finalizers, ...spec } = objectOf(object.spec);
      return { kind: "remove", object: asKubeObject({ ...object, spec }) };
    });
  }

  #owned(owner: StoredObject): [ServedType, StoredObject][] {
    const isOwned = OWNERS[owner.key.resource];
    const seen = new Set<string>();
    return [...this.#types.all()].flatMap((type) => {
      const resource = keptIn(type);
      if (seen.has(resource) || !type.verbs.includes("get")) return [];
      seen.add(resource);
      return this.#store
        .list(resource)
        .filter(({ key }) => isOwned?.(owner, key) === true)
        .map((stored): [ServedType, StoredObject] => [type, stored]);
    });
  }
}

function isMarked(stored: StoredObject): boolean {
  return at(stored.object, "metadata", "deletionTimestamp") !== undefined;
}
