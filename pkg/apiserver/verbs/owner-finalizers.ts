import { at, type JsonObject, listOf } from "../request/json.ts";
import { keptIn } from "../request/operation.ts";
import type { Edit, StoredObject, VersionedStore } from "../store/store.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import { isMarked, removeOwned } from "./delete.ts";
import { FOREGROUND, ORPHAN } from "./delete-options.ts";
import { type OwnerIndex, ownersOf, referencesOf } from "./owner-index.ts";
import { settle } from "./update.ts";

/** Ends owners whose deletion waits for their dependents: until these are orphaned, or gone. */
export class OwnerFinalizers {
  readonly #store: VersionedStore;
  readonly #types: TypeRegistry;
  readonly #index: OwnerIndex;
  /** The owners that wait, by uid. */
  readonly #waiting = new Map<string, StoredObject>();

  constructor(store: VersionedStore, types: TypeRegistry, index: OwnerIndex) {
    this.#store = store;
    this.#types = types;
    this.#index = index;
  }

  /** Takes note of an object as it is now, and returns the owners that have to be looked at because of it. */
  learn(previous: StoredObject | undefined, stored: StoredObject): readonly StoredObject[] {
    const uid = String(stored.object.metadata.uid);
    const waits = isMarked(stored) && (has(stored, ORPHAN) || has(stored, FOREGROUND));
    if (waits) this.#waiting.set(uid, stored);
    else this.#waiting.delete(uid);
    return [...(waits ? [stored] : []), ...this.#ownersOf(previous)];
  }

  /** The same for an object that is gone. */
  forget(stored: StoredObject): readonly StoredObject[] {
    this.#waiting.delete(String(stored.object.metadata.uid));
    return this.#ownersOf(stored);
  }

  /** Does for `owner` what it waits for, as far as that can be done now. */
  async advance(owner: StoredObject): Promise<void> {
    const uid = String(owner.object.metadata.uid);
    const dependents = this.#index.dependentsOf(uid);
    if (has(owner, ORPHAN)) {
      for (const dependent of dependents) await this.#edit(dependent, without(uid));
      await this.#edit(owner, withoutFinalizer(uid, ORPHAN));
    } else if (has(owner, FOREGROUND)) {
      for (const dependent of dependents) await this.#remove(dependent, uid);
      if (!this.#index.dependentsOf(uid).some((dependent) => isBlocking(dependent, uid)))
        await this.#edit(owner, withoutFinalizer(uid, FOREGROUND));
    }
  }

  #ownersOf(stored: StoredObject | undefined): readonly StoredObject[] {
    if (stored === undefined || this.#waiting.size === 0) return [];
    return ownersOf(stored).flatMap((uid) => this.#waiting.get(uid) ?? []);
  }

  /** What somebody else owns, too, stays. */
  async #remove(dependent: StoredObject, uid: string): Promise<void> {
    const type = [...this.#types.all()].find((item) => keptIn(item) === dependent.key.resource);
    if (type === undefined || isMarked(dependent)) return;
    const others = ownersOf(dependent).filter((owner) => owner !== uid);
    if (others.some((owner) => !this.#waiting.has(owner)))
      await this.#edit(dependent, without(uid));
    else {
      const inner = this.#index.dependentsOf(String(dependent.object.metadata.uid));
      const options = inner.length > 0 ? { propagationPolicy: "Foreground" } : {};
      await removeOwned(this.#store, type, dependent, options);
    }
  }

  async #edit(stored: StoredObject, change: (metadata: JsonObject) => JsonObject): Promise<void> {
    await this.#store.change(stored.key, (current): Edit => {
      if (current === undefined) return { kind: "keep", current: stored };
      const object = current.object as unknown as JsonObject;
      return settle(current, { ...object, metadata: change(object.metadata as JsonObject) });
    });
  }
}

function has(stored: StoredObject, finalizer: string): boolean {
  return listOf(at(stored.object, "metadata", "finalizers")).includes(finalizer);
}

function isBlocking(dependent: StoredObject, uid: string): boolean {
  return referencesOf(dependent).some(
    (reference) => at(reference, "uid") === uid && at(reference, "blockOwnerDeletion") === true,
  );
}

function without(uid: string): (metadata: JsonObject) => JsonObject {
  return (metadata) => {
    const ownerReferences = listOf(metadata.ownerReferences).filter(
      (reference) => at(reference, "uid") !== uid,
    );
    return {
      ...metadata,
      ownerReferences: ownerReferences.length > 0 ? ownerReferences : undefined,
    };
  };
}

/** Another object may have taken the name meanwhile. */
function withoutFinalizer(uid: string, finalizer: string): (metadata: JsonObject) => JsonObject {
  return (metadata) => {
    if (metadata.uid !== uid) return metadata;
    const finalizers = listOf(metadata.finalizers).filter((item) => item !== finalizer);
    return { ...metadata, finalizers: finalizers.length > 0 ? finalizers : undefined };
  };
}
