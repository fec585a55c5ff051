import type { KubeObject } from "../../apis/object.ts";
import { OteError } from "../../base/errors.ts";

/** Where an object is kept. */
export interface StoreKey {
  /** "plural.group", and "plural" for the core group, whatever the version. */
  readonly resource: string;
  /** "" for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

/** One object as it was at one revision. It never changes, so it can be handed to anybody; do not write to it. */
export class StoredObject {
  readonly key: StoreKey;
  readonly revision: number;
  readonly #text: string | (() => string);
  /** What is parsed can be parsed again, so memory only holds it as long as there is room. */
  #object: WeakRef<KubeObject> | undefined;

  /** A function as `text` reads it again each time: for states of the past, which are in no memory. */
  constructor(key: StoreKey, revision: number, text: string | (() => string)) {
    this.key = key;
    this.revision = revision;
    this.#text = text;
  }

  /** The object as JSON. Throws `REVISION_GONE` for a state of the past that is forgotten. */
  get text(): string {
    return typeof this.#text === "string" ? this.#text : this.#text();
  }

  get object(): KubeObject {
    const known = this.#object?.deref();
    if (known !== undefined) return known;
    const object = JSON.parse(this.text) as KubeObject;
    this.#object = new WeakRef(object);
    return object;
  }

  /** The same, sure to be there as long as it is held. */
  loaded(): StoredObject {
    if (typeof this.#text === "string") return this;
    return new StoredObject(this.key, this.revision, this.#text());
  }
}

/** One change, at the revision of `stored`. For DELETED, `stored` is the last state, at the revision of its end. */
export class StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly stored: StoredObject;
  readonly previous: StoredObject | undefined;
  readonly #rendered = new Map<string, Uint8Array>();

  constructor(type: StoreEvent["type"], stored: StoredObject, previous: StoredObject | undefined) {
    this.type = type;
    this.stored = stored;
    this.previous = previous;
  }

  /** What `make` returns; made once for each `shape` however many watchers want it. */
  render(shape: string, make: () => string): Uint8Array {
    const known = this.#rendered.get(shape);
    if (known !== undefined) return known;
    const bytes = Buffer.from(make());
    this.#rendered.set(shape, bytes);
    return bytes;
  }

  /** Gives the rendered bytes back once everybody who is watching has them. */
  forgetRendered(): void {
    this.#rendered.clear();
  }
}

/** What to do with an object: write it, remove it (leaving `object` as its last state), or leave it as it is. */
export type Edit =
  | { readonly kind: "put"; readonly object: KubeObject }
  | { readonly kind: "remove"; readonly object: KubeObject }
  | { readonly kind: "keep"; readonly current: StoredObject };

/** Is told what changes, in order of revision and at once; neither call may throw or wait. */
export interface WatchSink {
  event(event: StoreEvent): void;
  /** The store closes. */
  end(): void;
}

/**
 * Objects under one growing revision. Reads are from memory and see exactly what is durable. A revision
 * is never given twice and never goes back, over restarts too.
 */
export interface VersionedStore extends AsyncDisposable {
  /** The revision of the latest durable change. */
  readonly revision: number;

  get(key: StoreKey): StoredObject | undefined;

  /** All objects of a resource (of one namespace), ordered by namespace and name. */
  list(resource: string, namespace?: string): readonly StoredObject[];

  /** The same as it was at `revision`. Throws `REVISION_GONE` when history does not reach back. */
  listAt(
    resource: string,
    namespace: string | undefined,
    revision: number,
  ): readonly StoredObject[];

  /** All objects of all resources, of this moment. */
  all(): readonly StoredObject[];

  /**
   * Changes one object. `edit` gets its present state, decides at once, and may throw to refuse;
   * nobody else changes the object between that and the write. Resolves, with the state written, when
   * it is durable; only then readers and watchers see it. Rejects with `STORE_FULL` or `STORE_FAILED`.
   */
  change(key: StoreKey, edit: (current: StoredObject | undefined) => Edit): Promise<StoredObject>;

  /** Resolves when all changes (of one object) that were begun before the call are visible or refused. */
  settled(key?: StoreKey): Promise<void>;

  /**
   * Tells `sink` every change of `resource` (of everything, if undefined) from now on until disposed;
   * those between revision `after` and now are in `past`. Throws `REVISION_GONE` when history does
   * not reach back to `after`, or `after` is yet to come.
   */
  watch(resource: string | undefined, after: number, sink: WatchSink): WatchSubscription;
}

/** A watch that goes on, and what was before it. */
export interface WatchSubscription extends Disposable {
  /**
   * Oldest first, read from the store when it is iterated. Throws `REVISION_GONE` when history was
   * shortened meanwhile so far that a change would be left out.
   */
  readonly past: Iterable<StoreEvent>;
}

/** History no longer, or does not yet, reach the revision that was asked for. */
export class RevisionGoneError extends OteError {
  readonly code = "REVISION_GONE";
  constructor(asked: number, oldest: number) {
    super(`too old resource version: ${asked} (${oldest})`);
  }
}

/** The text under which a store finds `key`; unique, and ordered by resource, namespace and name. */
export function storeId({ resource, namespace, name }: StoreKey): string {
  return `${resource}/${namespace}/${name}`;
}
