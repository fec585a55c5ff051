import type { RecordStore } from "../base/record-store.ts";
import type { Version } from "../replication/message.ts";
import type { Kept } from "../replication/sink.ts";
import { type Desired, readDesired } from "./propagated-objects.ts";

/** The table of what entry points want this cluster to have. */
const TABLE = "desired";

/** Which object, and by whose wish. */
export interface DesiredKey {
  /** The entry point. */
  readonly entry: string;
  readonly collection: string;
  /** "namespace/name", or "name". */
  readonly key: string;
}

/** An object that this cluster is to have, or, where `isGone`, not any more. */
export interface DesiredRecord {
  readonly version: Version;
  readonly desired: Desired;
  readonly isGone?: boolean;
}

/** What entry points want this cluster to have, on disk: it holds while nobody above can be reached, and over restarts. */
export class DesiredStore {
  readonly #store: RecordStore;

  constructor(store: RecordStore) {
    this.#store = store;
  }

  /** Everything, as it is now. What cannot be read any more is left out: it comes again. */
  *all(): Iterable<readonly [key: DesiredKey, record: DesiredRecord]> {
    for (const [text, value] of this.#store.entries(TABLE)) {
      const record = recordOf(value);
      if (record !== undefined) yield [keyOf(text), record];
    }
  }

  get(key: DesiredKey): DesiredRecord | undefined {
    const value = this.#store.get(TABLE, textOf(key));
    return value === undefined ? undefined : recordOf(value);
  }

  /** What one entry point has sent, and not taken back. */
  kept(entry: string): Kept {
    const kept = new Map<string, Map<string, Version>>();
    for (const [{ collection, key, ...of }, { version, isGone }] of this.all()) {
      if (of.entry !== entry || isGone === true) continue;
      kept.set(collection, (kept.get(collection) ?? new Map<string, Version>()).set(key, version));
    }
    return kept;
  }

  /** Resolves when it would survive a crash. */
  async put(key: DesiredKey, record: DesiredRecord): Promise<void> {
    await this.#store.write([{ table: TABLE, key: textOf(key), value: JSON.stringify(record) }]);
  }

  /** Forgets a record; resolves when that would survive a crash. */
  async remove(key: DesiredKey): Promise<void> {
    await this.#store.write([{ table: TABLE, key: textOf(key) }]);
  }
}

/** A key as one text. */
export function textOf({ entry, collection, key }: DesiredKey): string {
  return `${entry}\n${collection}\n${key}`;
}

/** A key from its text. */
export function keyOf(text: string): DesiredKey {
  const [entry = "", collection = "", key = ""] = text.split("\n");
  return { entry, collection, key };
}

function recordOf(text: string): DesiredRecord | undefined {
  const { version, desired, isGone } = JSON.parse(text) as DesiredRecord;
  const read = readDesired(desired);
  return read && { version, desired: read, ...(isGone === true ? { isGone } : {}) };
}
