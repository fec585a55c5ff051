import type { KubeObject } from "../../apis/object.ts";
import type { RecordChange, RecordStore } from "../../base/record-store.ts";
import { PresentObjects } from "./present-objects.ts";
import {
  type Change,
  changeOf,
  keyOfId,
  REVISIONS,
  revisionKey,
  textOf,
  toRecord,
} from "./revision-record.ts";
import {
  type Edit,
  RevisionGoneError,
  StoredObject,
  StoreEvent,
  type StoreKey,
  storeId,
  type VersionedStore,
  type WatchSink,
  type WatchSubscription,
} from "./store.ts";
import {
  DEFAULT_HISTORY,
  type HistoryLimits,
  StoreHistory,
  uselessRevisions,
} from "./store-history.ts";

interface PendingChange {
  readonly change: Change;
  readonly event: StoreEvent;
  readonly resolve: (stored: StoredObject) => void;
  readonly reject: (error: unknown) => void;
}

export const META = "meta";
/** The revision up to which history was removed from the disk. */
export const COMPACTED = "compacted";
const EVERYTHING = "";
/** Changes that are taken from history at a time. */
const PAST_CHUNK = 256;

/**
 * A VersionedStore whose present objects live in memory. Its records are the states by revision, so an
 * object is written once, and the past of the watches is what is not yet removed from the same records.
 */
export class RecordVersionedStore implements VersionedStore {
  readonly #records: RecordStore;
  readonly #present = new PresentObjects();
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
    this.#revision = Number(records.get(META, COMPACTED) ?? 0);
    this.#history = new StoreHistory(this.#revision, history);
    this.#load(this.#revision);
    this.#assigned = this.#revision;
  }

  get revision(): number {
    return this.#revision;
  }

  get(key: StoreKey): StoredObject | undefined {
    return this.#present.get(storeId(key), key.resource);
  }

  list(resource: string, namespace?: string): readonly StoredObject[] {
    return this.#present.list(resource, namespace);
  }

  all(): readonly StoredObject[] {
    return this.#present.all();
  }

  listAt(
    resource: string,
    namespace: string | undefined,
    revision: number,
  ): readonly StoredObject[] {
    const changes = this.#history
      .after(revision, this.#revision)
      .filter(({ id }) => isOf(id, resource));
    if (changes.length === 0) return this.list(resource, namespace);
    const before = new Map<string, StoredObject | undefined>();
    for (const [id, { previous }] of firstOfEach(changes))
      before.set(id, previous === 0 ? undefined : this.#stateAt(id, previous).loaded());
    return this.#present.listBut(before, resource, namespace);
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

  async settled(key?: StoreKey): Promise<void> {
    if (key === undefined) await Promise.all(this.#turns.values());
    else await this.#turns.get(storeId(key));
  }

  watch(resource: string | undefined, after: number, sink: WatchSink): WatchSubscription {
    this.#history.check(after, this.#revision);
    const scope = resource ?? EVERYTHING;
    const watchers = this.#watchers.get(scope) ?? new Set();
    this.#watchers.set(scope, watchers.add(sink));
    return {
      past: this.#past(resource, after, this.#revision),
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
    const added = current === undefined ? "ADDED" : "MODIFIED";
    const type = decision.kind === "remove" ? "DELETED" : added;
    const { revision, text } = stored;
    const previous = current?.revision ?? 0;
    const change = { revision, type, id, previous, size: text.length } as const;
    const event = new StoreEvent(type, stored, current);
    return new Promise((resolve, reject) => {
      this.#batch.push({ change, event, resolve, reject });
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
    const garbage = this.#history.takeGarbage();
    try {
      await this.#records.write([...batch.map(recordOf), ...removals(garbage)]);
    } catch (error) {
      this.#history.returnGarbage(garbage);
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const change of batch) this.#publish(change);
  }

  #publish({ change, event, resolve }: PendingChange): void {
    const { stored, type } = event;
    const { resource } = stored.key;
    this.#revision = stored.revision;
    if (type === "DELETED") this.#present.remove(change.id, resource);
    else this.#present.put(change.id, stored);
    this.#history.add(change);
    for (const scope of [resource, EVERYTHING])
      for (const sink of this.#watchers.get(scope) ?? []) sink.event(event);
    event.forgetRendered();
    resolve(stored);
  }

  /** Reads the records oldest first: each replaces or ends what is known by then. */
  #load(compacted: number): void {
    for (const [key, record] of this.#records.entries(REVISIONS)) {
      const change = changeOf(key, record);
      const { id, revision, type } = change;
      const place = keyOfId(id);
      if (type === "DELETED") this.#present.remove(id, place.resource);
      else this.#present.put(id, new StoredObject(place, revision, textOf(record)));
      if (revision > compacted) this.#history.add(change);
      this.#revision = Math.max(this.#revision, revision);
    }
  }

  /** In chunks, so that a watcher that takes its time holds no more than one of them. */
  *#past(resource: string | undefined, after: number, until: number): Generator<StoreEvent> {
    for (let last = after; last < until; ) {
      const changes = this.#history.after(last, this.#revision, PAST_CHUNK);
      for (const change of changes) {
        if (change.revision > until) return;
        last = change.revision;
        if (resource === undefined || isOf(change.id, resource)) yield this.#eventOf(change);
      }
      if (changes.length === 0) return;
    }
  }

  #eventOf({ revision, type, id, previous }: Change): StoreEvent {
    const before = previous === 0 ? undefined : this.#stateAt(id, previous);
    return new StoreEvent(type, this.#stateAt(id, revision), before);
  }

  #stateAt(id: string, revision: number): StoredObject {
    return new StoredObject(keyOfId(id), revision, () => {
      const record = this.#records.get(REVISIONS, revisionKey(revision));
      if (record === undefined) throw new RevisionGoneError(revision, this.#revision);
      return textOf(record);
    });
  }
}

function recordOf({ change, event }: PendingChange): RecordChange {
  const value = toRecord(change, event.stored.text);
  return { table: REVISIONS, key: revisionKey(change.revision), value };
}

function removals(garbage: readonly Change[]): readonly RecordChange[] {
  const last = garbage.at(-1);
  if (last === undefined) return [];
  return [
    ...uselessRevisions(garbage).map((revision) => ({
      table: REVISIONS,
      key: revisionKey(revision),
    })),
    { table: META, key: COMPACTED, value: String(last.revision) },
  ];
}

/** The first change of each object. */
function firstOfEach(changes: readonly Change[]): ReadonlyMap<string, Change> {
  return new Map(changes.toReversed().map((change) => [change.id, change]));
}

function isOf(id: string, resource: string): boolean {
  return id.startsWith(resource) && id.charAt(resource.length) === "/";
}

function stamped(key: StoreKey, revision: number, object: KubeObject): StoredObject {
  const { apiVersion, kind, ...rest } = object;
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  // The object is read back from its text, so that nobody who built it can change it later.
  const text = JSON.stringify({ apiVersion, kind, ...rest, metadata });
  return new StoredObject(key, revision, text);
}

function nothing(): void {}
