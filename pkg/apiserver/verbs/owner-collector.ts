import { apiVersionOf } from "../../apis/object.ts";
import type { Logger } from "../../base/log.ts";
import { keptIn } from "../request/operation.ts";
import {
  type StoredObject,
  type StoreEvent,
  storeId,
  type VersionedStore,
} from "../store/store.ts";
import type { ServedType } from "../types/served-type.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import { removeOwned } from "./delete.ts";
import { OwnerFinalizers } from "./owner-finalizers.ts";
import { namesOwnerOf, OwnerIndex, ownersOf } from "./owner-index.ts";

/**
 * Deletes objects whose owners are all gone, in the background, as Kubernetes' garbage collector does. An
 * owner is gone when its deletion was seen here, or when at the start nobody of a kind served here has its uid.
 * Owners that wait for their dependents are ended, too.
 */
export class OwnerCollector implements AsyncDisposable {
  readonly #store: VersionedStore;
  readonly #types: TypeRegistry;
  readonly #log: Logger;
  readonly #index = new OwnerIndex();
  readonly #present = new Set<string>();
  readonly #finalizers: OwnerFinalizers;
  readonly #subscription: Disposable;
  readonly #running = new Set<Promise<void>>();

  constructor(store: VersionedStore, types: TypeRegistry, log: Logger) {
    this.#store = store;
    this.#types = types;
    this.#log = log;
    this.#finalizers = new OwnerFinalizers(store, types, this.#index);
    // Nobody is ended before all dependents are known.
    const ending = [...this.#resources().values()]
      .flatMap((type) => store.list(keptIn(type)))
      .flatMap((stored) => this.#learn(undefined, stored));
    this.#advance(ending);
    this.#subscription = store.watch(undefined, store.revision, {
      event: (event) => this.#look(event),
      end() {},
    });
    for (const uid of this.#index.owners())
      if (!this.#present.has(uid) && this.#wasServedHere(uid)) this.#collect(uid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
    await Promise.all(this.#running);
  }

  #look({ type, stored, previous }: StoreEvent): void {
    if (type !== "DELETED") {
      this.#advance(this.#learn(previous, stored));
      return;
    }
    this.#index.replace(previous, undefined);
    const uid = uidOf(stored);
    this.#present.delete(uid);
    this.#collect(uid);
    this.#advance(this.#finalizers.forget(stored));
  }

  /** Returns the owners to be looked at because of it. */
  #learn(previous: StoredObject | undefined, stored: StoredObject): readonly StoredObject[] {
    this.#present.add(uidOf(stored));
    this.#index.replace(previous, stored);
    return this.#finalizers.learn(previous, stored);
  }

  #advance(owners: readonly StoredObject[]): void {
    for (const owner of owners) this.#run(this.#finalizers.advance(owner), uidOf(owner));
  }

  #collect(uid: string): void {
    const orphans = this.#index
      .dependentsOf(uid)
      .filter((stored) => !ownersOf(stored).some((owner) => this.#present.has(owner)));
    if (orphans.length === 0) return;
    this.#run(this.#removeAll(orphans), uid);
  }

  #run(work: Promise<void>, uid: string): void {
    const run = work
      .catch((err: unknown) => this.#log.error({ err, owner: uid }, "cannot delete dependents"))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** An owner of a kind that is not served may live somewhere else. */
  #wasServedHere(uid: string): boolean {
    const types = [...this.#types.all()];
    const isServed = (apiVersion: unknown, kind: unknown) =>
      types.some((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
    return this.#index.dependentsOf(uid).every((stored) => namesOwnerOf(stored, uid, isServed));
  }

  async #removeAll(orphans: readonly StoredObject[]): Promise<void> {
    const types = this.#resources();
    for (const stored of orphans) {
      const type = types.get(stored.key.resource);
      if (type !== undefined) await removeOwned(this.#store, type, stored);
      this.#log.debug({ object: storeId(stored.key) }, "deleted with its owner");
    }
  }

  #resources(): ReadonlyMap<string, ServedType> {
    return new Map([...this.#types.all()].map((type) => [keptIn(type), type]));
  }
}

function uidOf(stored: StoredObject): string {
  return stored.object.metadata.uid ?? "";
}
