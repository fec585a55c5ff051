import { type StoredObject, storeId } from "./store.ts";

/** The character behind "/". */
const AFTER_SLASH = "0";

/** The latest state of every object, by resource and store id. */
export class PresentObjects {
  readonly #resources = new Map<string, Map<string, StoredObject>>();
  /** Ids in their order, and the objects in that order: kept as long as they are true. */
  readonly #order = new Map<string, readonly string[]>();
  readonly #lists = new Map<string, readonly StoredObject[]>();

  get(id: string, resource: string): StoredObject | undefined {
    return this.#resources.get(resource)?.get(id);
  }

  put(id: string, stored: StoredObject): void {
    const { resource } = stored.key;
    const objects = this.#resources.get(resource) ?? new Map<string, StoredObject>();
    if (!objects.has(id)) this.#order.delete(resource);
    this.#lists.delete(resource);
    this.#resources.set(resource, objects.set(id, stored));
  }

  remove(id: string, resource: string): void {
    this.#resources.get(resource)?.delete(id);
    this.#order.delete(resource);
    this.#lists.delete(resource);
  }

  /** All of a resource (of one namespace) in the order of their ids. What is returned does not change later. */
  list(resource: string, namespace: string | undefined): readonly StoredObject[] {
    const known = this.#lists.get(resource) ?? this.#sorted(resource);
    this.#lists.set(resource, known);
    return ofNamespace(known, resource, namespace);
  }

  /** The same, but with other states of some objects; undefined for one that is not there. */
  listBut(
    others: ReadonlyMap<string, StoredObject | undefined>,
    resource: string,
    namespace: string | undefined,
  ): readonly StoredObject[] {
    const objects = new Map(this.#resources.get(resource));
    for (const [id, other] of others) {
      if (other === undefined) objects.delete(id);
      else objects.set(id, other);
    }
    const all = [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored);
    return ofNamespace(all, resource, namespace);
  }

  all(): readonly StoredObject[] {
    return [...this.#resources.values()].flatMap((objects) => [...objects.values()]);
  }

  #sorted(resource: string): readonly StoredObject[] {
    const objects = this.#resources.get(resource) ?? new Map<string, StoredObject>();
    // Sorting thousands of names would be the main cost of a list.
    const order = this.#order.get(resource) ?? [...objects.keys()].sort();
    this.#order.set(resource, order);
    return order.map((id) => objects.get(id) as StoredObject);
  }
}

/** Those of one namespace, which stand together in the order of ids. */
function ofNamespace(
  objects: readonly StoredObject[],
  resource: string,
  namespace: string | undefined,
): readonly StoredObject[] {
  if (namespace === undefined) return objects;
  const prefix = storeId({ resource, namespace, name: "" });
  const first = firstFrom(objects, prefix);
  return objects.slice(first, firstFrom(objects, `${prefix.slice(0, -1)}${AFTER_SLASH}`));
}

function firstFrom(objects: readonly StoredObject[], id: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = objects[middle]?.key;
    if (key !== undefined && storeId(key) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
