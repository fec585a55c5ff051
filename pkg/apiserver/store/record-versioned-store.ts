import type { KubeObject } from "../../apis/object.ts";
import type { RecordStore } from "../../base/record-store.ts";
import {
  type Edit,
  StoredObject,
  StoreEvent,
  type StoreKey,
  storeId,
  type VersionedStore,
  type WatchSink,
} from "./store.ts";
import { DEFAULT_HISTORY, type HistoryLimits, StoreHistory, undo } from "./store-history.ts";

interface PendingChange {
  readonly id: string;
  readonly event: StoreEvent;
  readonly resolve: (stored: StoredObject) => void;
  readonly reject: (error: unknown) => void;
}

const OBJECTS = "objects";
const META = "meta";
const REVISION = "revision";
const EVERYTHING = "";

/** A VersionedStore whose objects live in memory, and whose changes are kept in a RecordStore. */
export class RecordVersionedStore implements VersionedStore {
  readonly #records: RecordStore;
  readonly #resources = new Map<string, Map<string, StoredObject>>();
  readonly #order = new Map<string, readonly string[]>();
  readonly #watchers = new Map<string, Set<WatchSink>>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #history: StoreHistory;
  #revision = 0;
  #assigned: number;
  #batch: PendingChange[] = [];
  #flushing: Promise<void> | undefined;

  /** The store of what `records` hold. It does not own them. */
  constructor(records: RecordStore, history: HistoryLimits = DEFAULT_HISTORY) {
    this.#records = records;
    this.#revision = Number(records.get(META, REVISION) ?? 0);
    for (const [id, value] of records.entries(OBJECTS)) this.#keep(id, fromRecord(id, value));
    this.#assigned = this.#revision;
    this.#history = new StoreHistory(this.#revision, history);
  }

  get revision(): number {
    return this.#revision;
  }

  get(key: StoreKey): StoredObject | undefined {
    return this.#resources.get(key.resource)?.get(storeId(key));
  }

  list(resource: string, namespace?: string): readonly StoredObject[] {
    const objects = this.#resources.get(resource) ?? new Map<string, StoredObject>();
    // The order is kept, as sorting thousands of names for each page would be the main cost of a list.
    const order = this.#order.get(resource) ?? [...objects.keys()].sort();
    this.#order.set(resource, order);
    const all = order.map((id) => objects.get(id) as StoredObject);
    return ofNamespace(all, namespace);
  }

  listAt(
    resource: string,
    namespace: string | undefined,
    revision: number,
  ): readonly StoredObject[] {
    const events = this.#history
      .after(revision, this.#revision)
      .filter(({ stored }) => stored.key.resource === resource);
    if (events.length === 0) return this.list(resource, namespace);
    const then = undo(this.#resources.get(resource) ?? new Map(), events);
    const all = [...then].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored);
    return ofNamespace(all, namespace);
  }

  change(key: StoreKey, edit: (current: StoredObject | undefined) => Edit): Promise<StoredObject> {
    const id = storeId(key);
    const before = this.#turns.get(id) ?? Promise.resolve();
    const turn = before.then(() => this.#decide(id, key, edit));
    const ended = turn.then(nothing, nothing).then(() => {
      if (this.#turns.get(id) === ended) this.#turns.delete(id);
    });
    this.#turns.set(id, ended);
    return turn;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#turns.values());
  }

  watch(resource: string | undefined, after: number, sink: WatchSink): Disposable {
    for (const event of this.#history.after(after, this.#revision)) {
      if (resource === undefined || event.stored.key.resource === resource) sink.event(event);
    }
    const scope = resource ?? EVERYTHING;
    const watchers = this.#watchers.get(scope) ?? new Set();
    this.#watchers.set(scope, watchers.add(sink));
    return {
      [Symbol.dispose]: () => {
        watchers.delete(sink);
        if (watchers.size === 0 && this.#watchers.get(scope) === watchers)
          this.#watchers.delete(scope);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    const sinks = [...this.#watchers.values()].flatMap((watchers) => [...watchers]);
    this.#watchers.clear();
    for (const sink of sinks) sink.end();
  }

  #decide(
    id: string,
    key: StoreKey,
    edit: (current: StoredObject | undefined) => Edit,
  ): StoredObject | Promise<StoredObject> {
    const current = this.get(key);
    const decision = edit(current);
    if (decision.kind === "keep") return decision.current;
    const stored = stamped(key, ++this.#assigned, decision.object);
    const change = current === undefined ? "ADDED" : "MODIFIED";
    const type = decision.kind === "remove" ? "DELETED" : change;
    const event = new StoreEvent(type, stored, current);
    return new Promise((resolve, reject) => {
      this.#batch.push({ id, event, resolve, reject });
      this.#flushing ??= this.#flushAll();
    });
  }

  async #flushAll(): Promise<void> {
    // Changes decided in the same turn of the event loop share the first flush.
    await Promise.resolve();
    while (this.#batch.length > 0) {
      const batch = this.#batch;
      this.#batch = [];
      await this.#flush(batch);
    }
    this.#flushing = undefined;
  }

  async #flush(batch: readonly PendingChange[]): Promise<void> {
    const last = batch.at(-1)?.event.stored.revision ?? this.#revision;
    try {
      await this.#records.write([
        ...batch.map(({ id, event }) => ({ table: OBJECTS, key: id, value: toRecord(event) })),
        { table: META, key: REVISION, value: String(last) },
      ]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const change of batch) this.#publish(change);
  }

  #publish({ id, event, resolve }: PendingChange): void {
    const { stored, type } = event;
    const { resource } = stored.key;
    this.#revision = stored.revision;
    if (type !== "MODIFIED") this.#order.delete(resource);
    if (type === "DELETED") this.#resources.get(resource)?.delete(id);
    else this.#keep(id, stored);
    this.#history.add(event);
    for (const scope of [resource, EVERYTHING])
      for (const sink of this.#watchers.get(scope) ?? []) sink.event(event);
    event.forgetRendered();
    resolve(stored);
  }

  #keep(id: string, stored: StoredObject): void {
    const { resource } = stored.key;
    const objects = this.#resources.get(resource) ?? new Map<string, StoredObject>();
    this.#resources.set(resource, objects.set(id, stored));
    this.#revision = Math.max(this.#revision, stored.revision);
  }
}

function ofNamespace(
  objects: readonly StoredObject[],
  namespace: string | undefined,
): readonly StoredObject[] {
  if (namespace === undefined) return objects;
  return objects.filter(({ key }) => key.namespace === namespace);
}

function stamped(key: StoreKey, revision: number, object: KubeObject): StoredObject {
  const { apiVersion, kind, ...rest } = object;
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  // The object is read back from its text, so that nobody who built it can change it later.
  const text = JSON.stringify({ apiVersion, kind, ...rest, metadata });
  return new StoredObject(key, revision, text);
}

/** A record is the revision, a space and the object; so opening a store parses no objects. */
function toRecord({ type, stored }: StoreEvent): string | undefined {
  return type === "DELETED" ? undefined : `${stored.revision} ${stored.text}`;
}

function fromRecord(id: string, value: string): StoredObject {
  const [resource = "", namespace = "", name = ""] = id.split("/");
  const space = value.indexOf(" ");
  const revision = Number(value.slice(0, space));
  return new StoredObject({ resource, namespace, name }, revision, value.slice(space + 1));
}

function nothing(): void {}
