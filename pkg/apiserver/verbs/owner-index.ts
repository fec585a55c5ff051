import { at, listOf } from "../request/json.ts";
import { type StoredObject, storeId } from "../store/store.ts";

/** Which objects name which owner, by the owner's uid. */
export class OwnerIndex {
  readonly #dependents = new Map<string, Map<string, StoredObject>>();

  /** `stored` is what it is now; `previous` what it was. Either can be missing. */
  replace(previous: StoredObject | undefined, stored: StoredObject | undefined): void {
    for (const uid of previous === undefined ? [] : ownersOf(previous)) this.#remove(uid, previous);
    for (const uid of stored === undefined ? [] : ownersOf(stored)) {
      const dependents = this.#dependents.get(uid) ?? new Map<string, StoredObject>();
      if (stored !== undefined) dependents.set(storeId(stored.key), stored);
      this.#dependents.set(uid, dependents);
    }
  }

  /** The objects that name the owner `uid`, as they are now. */
  dependentsOf(uid: string): readonly StoredObject[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  /** All owners that anybody names. */
  owners(): readonly string[] {
    return [...this.#dependents.keys()];
  }

  #remove(uid: string, stored: StoredObject | undefined): void {
    const dependents = this.#dependents.get(uid);
    if (dependents === undefined || stored === undefined) return;
    dependents.delete(storeId(stored.key));
    if (dependents.size === 0) this.#dependents.delete(uid);
  }
}

/** Whether `stored` says that its owner `uid` is of a kind for which `isServed` holds. */
export function namesOwnerOf(
  stored: StoredObject,
  uid: string,
  isServed: (apiVersion: unknown, kind: unknown) => boolean,
): boolean {
  const owner = referencesOf(stored).find((reference) => at(reference, "uid") === uid);
  return isServed(at(owner, "apiVersion"), at(owner, "kind"));
}

/** The owners that an object names. */
export function referencesOf(stored: StoredObject): readonly unknown[] {
  return listOf(at(stored.object, "metadata", "ownerReferences"));
}

/** The uids of the owners that an object names. */
export function ownersOf(stored: StoredObject): readonly string[] {
  // Most objects name none, and their text says so without being read as JSON.
  if (!stored.text.includes('"ownerReferences"')) return [];
  return referencesOf(stored).map((owner) => String(at(owner, "uid")));
}
