import type { Logger } from "../../base/log.ts";
import { at, type JsonObject, objectOf, same } from "../request/json.ts";
import { asKubeObject } from "../request/operation.ts";
import type { StoredObject, VersionedStore } from "../store/store.ts";
import { areNamesAccepted, judgeNames, type NamesStatus } from "./crd-names.ts";
import { DEFINITIONS } from "./definitions.ts";
import type { ServedType } from "./served-type.ts";

/**
 * Gives definitions their names: no two of a group have the same. One that comes too late is not
 * established until the name is free.
 */
export class DefinitionNames implements AsyncDisposable {
  readonly #store: VersionedStore;
  readonly #log: Logger;
  readonly #subscription: Disposable;
  /** Groups of which a definition has changed. */
  readonly #marked = new Set<string>();
  #running: Promise<void> | undefined;

  constructor(store: VersionedStore, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#subscription = store.watch(DEFINITIONS, store.revision, {
      event: ({ stored }) => this.#mark(groupOf(stored)),
      end() {},
    });
    for (const stored of store.list(DEFINITIONS)) this.#mark(groupOf(stored));
  }

  /** The rows of `types`, of which those of definitions judge names when one is written. */
  addTo(types: readonly ServedType[]): readonly ServedType[] {
    return types.map((type) => {
      const { complete } = type;
      if (type.kind !== "CustomResourceDefinition") return type;
      return {
        ...type,
        complete: (object, old) => {
          complete?.(object, old);
          object.status = { ...objectOf(object.status), ...this.#judge(object) };
        },
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
    while (this.#running !== undefined) await this.#running;
  }

  #judge(object: JsonObject): NamesStatus {
    return judgeNames(
      object,
      this.#store.list(DEFINITIONS).map((stored) => stored.object),
    );
  }

  #mark(group: string): void {
    this.#marked.add(group);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    // Changes of one moment are seen together.
    await Promise.resolve();
    for (const group of this.#marked) {
      this.#marked.delete(group);
      const definitions = this.#store
        .list(DEFINITIONS)
        .filter((stored) => groupOf(stored) === group);
      for (const stored of definitions)
        await this.#settle(stored, definitions).catch((err: unknown) => {
          this.#log.error({ err, definition: stored.key.name }, "cannot settle names");
        });
    }
  }

  async #settle(stored: StoredObject, definitions: readonly StoredObject[]): Promise<void> {
    const yields = mustYield(stored, definitions);
    if (!yields && areNamesAccepted(stored.object)) return;
    await this.#store.change(stored.key, (current) => {
      if (current === undefined) return { kind: "keep", current: stored };
      if (current.revision !== stored.revision) return { kind: "keep", current };
      const object = { ...objectOf(current.object) };
      const before = objectOf(object.status);
      // Two that were written in the same moment did not know of each other; the later one starts anew.
      if (yields) object.status = { storedVersions: before.storedVersions };
      object.status = { ...objectOf(object.status), ...this.#judge(object) };
      if (same(object.status, before)) return { kind: "keep", current };
      return { kind: "put", object: asKubeObject(object) };
    });
  }
}

function groupOf({ object }: StoredObject): string {
  return String(at(object, "spec", "group"));
}

/** Whether an older definition has a name that `stored` has, too. */
function mustYield(stored: StoredObject, definitions: readonly StoredObject[]): boolean {
  if (!areNamesAccepted(stored.object)) return false;
  const older = definitions.filter((other) => isOlder(other, stored)).map(({ object }) => object);
  const fresh = { ...objectOf(stored.object), status: {} };
  return judgeNames(fresh, older).conditions[0]?.status === "False";
}

function isOlder(a: StoredObject, b: StoredObject): boolean {
  return ageOf(a) < ageOf(b);
}

function ageOf({ object }: StoredObject): string {
  const [time, name] = ["creationTimestamp", "name"].map((field) => at(object, "metadata", field));
  return `${time} ${name}`;
}
