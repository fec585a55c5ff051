import { bucketOf, digests } from "./digest.ts";
import {
  BadReplicationError,
  MAX_COLLECTIONS,
  type SinkMessage,
  type SourceMessage,
  type Version,
} from "./message.ts";

/** What the end that follows has to do. */
export type SinkStep =
  | { readonly kind: "say"; readonly message: SinkMessage }
  | {
      readonly kind: "put";
      readonly collection: string;
      readonly key: string;
      readonly version: Version;
      readonly object: unknown;
    }
  | { readonly kind: "delete"; readonly collection: string; readonly key: string };

/** Keys and versions of what the following end has kept, by collection. */
export type Kept = ReadonlyMap<string, ReadonlyMap<string, Version>>;

/** What is still to be compared of one collection. */
interface Comparison {
  readonly kept: Map<string, Version>;
  /** Buckets that are others there, and were not shown yet, with the keys that are in them here. */
  readonly open: Map<number, string[]>;
}

/**
 * The end of one stream that follows. It compares what it has kept with what the other end has, and deletes
 * only what the other end has shown, or said, to be gone. What was compared it forgets.
 */
export class ReplicationSink {
  readonly #comparisons = new Map<string, Comparison>();
  /** The collections that exist at the other end; undefined until it has said so. */
  #names: ReadonlySet<string> | undefined;
  /** Collections whose digest has come. */
  readonly #digested = new Set<string>();

  constructor(kept: Kept) {
    for (const [collection, versions] of kept) {
      if (versions.size > 0)
        this.#comparisons.set(collection, { kept: new Map(versions), open: new Map() });
    }
  }

  /** Whether everything that was kept has been compared. */
  get isCompared(): boolean {
    return this.#names !== undefined && this.#comparisons.size === 0;
  }

  /** The other end says something; the steps are in the order in which they have to be done. */
  hear(message: SourceMessage): readonly SinkStep[] {
    switch (message.kind) {
      case "collections":
        return this.#greeted(message.names);
      case "digest":
        // More collections than were announced would be more than anybody can hold.
        if (this.#names?.has(message.collection) !== true)
          throw new BadReplicationError(`"${message.collection}" was not announced`);
        // To compare costs us more than it costs them to ask for it.
        if (this.#digested.has(message.collection) || this.#digested.size >= MAX_COLLECTIONS)
          throw new BadReplicationError(`"${message.collection}" is compared too often`);
        this.#digested.add(message.collection);
        return this.#compare(message.collection, new Map(message.buckets));
      case "listing":
        return this.#shown(message.collection, message.bucket, new Map(message.entries));
      case "put": {
        const kept = this.#comparisons.get(message.collection)?.kept;
        // What is new here is only asked for once more if it is listed later.
        if (kept?.has(message.key) === true) kept.set(message.key, message.version);
        return [message];
      }
      case "gone": {
        const { collection, key } = message;
        this.#comparisons.get(collection)?.kept.delete(key);
        return [{ kind: "delete", collection, key }];
      }
    }
  }

  #greeted(names: readonly string[]): SinkStep[] {
    this.#names = new Set(names);
    const steps: SinkStep[] = [];
    for (const [collection, { kept }] of this.#comparisons) {
      if (this.#names.has(collection)) continue;
      for (const key of kept.keys()) steps.push({ kind: "delete", collection, key });
      this.#comparisons.delete(collection);
    }
    return steps;
  }

  #compare(collection: string, theirs: ReadonlyMap<number, string>): SinkStep[] {
    const kept = this.#comparisons.get(collection)?.kept ?? new Map<string, Version>();
    const ours = digests(kept);
    const buckets = [...new Set([...ours.keys(), ...theirs.keys()])].filter(
      (bucket) => ours.get(bucket) !== theirs.get(bucket),
    );
    if (buckets.length === 0) {
      this.#comparisons.delete(collection);
      return [];
    }
    const open = new Map(buckets.map((bucket): [number, string[]] => [bucket, []]));
    for (const key of kept.keys()) open.get(bucketOf(key))?.push(key);
    this.#comparisons.set(collection, { kept, open });
    return [{ kind: "say", message: { kind: "differs", collection, buckets } }];
  }

  #shown(
    collection: string,
    bucket: number,
    entries: ReadonlyMap<string, Version>,
  ): readonly SinkStep[] {
    const comparison = this.#comparisons.get(collection);
    const ours = comparison?.open.get(bucket);
    if (comparison === undefined || ours === undefined) return [];
    const { kept, open } = comparison;
    open.delete(bucket);
    const steps: SinkStep[] = [];
    for (const key of ours)
      if (kept.has(key) && !entries.has(key)) steps.push({ kind: "delete", collection, key });
    const keys = [...entries].filter(([key, version]) => kept.get(key) !== version);
    if (keys.length > 0) {
      const message = { kind: "want", collection, keys: keys.map(([key]) => key) } as const;
      steps.push({ kind: "say", message });
    }
    if (open.size === 0) this.#comparisons.delete(collection);
    return steps;
  }
}
