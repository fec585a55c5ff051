import type { KubeObject } from "../apis/object.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { Informer, informerKey } from "../kube/informer.ts";
import { versionOf } from "../replication/digest.ts";
import type { Version } from "../replication/message.ts";
import type { Collection } from "../replication/source.ts";
import { parseSelector, type Selectable, type Selector } from "../topology/selector.ts";
import {
  collectionOf,
  DEFINITIONS,
  type Desired,
  desiredOf,
  PROPAGATE_LABEL,
  type PropagatedKind,
  SELECTOR_ANNOTATION,
  STATUS_ANNOTATION,
} from "./propagated-objects.ts";

/** One object that goes down. */
export interface Offer extends KubeObject {
  readonly kindOf: PropagatedKind;
  readonly version: Version;
  /** Absent where `problem` says why it goes nowhere. */
  readonly desired?: Desired | undefined;
  readonly selector?: Selector | undefined;
  readonly selectorText?: string | undefined;
  readonly problem?: string | undefined;
  /** The status that was last written to it. */
  readonly told?: string | undefined;
}

/** What a catalog works with. */
export interface CatalogParts {
  readonly client: ResourceClient;
  readonly log: Logger;
  /** The kinds whose objects go down. */
  readonly kinds: readonly PropagatedKind[];
  /** An object has come, changed or gone. */
  readonly onChange: (collection: string, key: string, now?: Offer, before?: Offer) => void;
  /** There may be more known than before. */
  readonly onKnown: () => void;
}

interface Entry {
  readonly kind: PropagatedKind;
  readonly informer: Informer<Offer>;
  readonly stop: AbortController;
  isKnown: boolean;
}

interface Definition extends KubeObject {
  readonly spec?: {
    readonly group?: string;
    readonly scope?: string;
    readonly names?: { readonly kind?: string; readonly plural?: string };
    readonly versions?: readonly { readonly name: string; readonly storage?: boolean }[];
  };
}

/** Every object of one API that goes down to clusters. */
export class Catalog {
  readonly #parts: CatalogParts;
  readonly #entries = new Map<string, Entry>();
  #signal: AbortSignal = AbortSignal.abort();
  #jobs = new Set<Promise<void>>();

  constructor(parts: CatalogParts) {
    this.#parts = parts;
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const kind of this.#parts.kinds) this.#open(kind);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.all(this.#jobs);
  }

  /** One object, by its collection and key. */
  offer(collection: string, key: string): Offer | undefined {
    return this.#entries.get(collection)?.informer.objects.get(key);
  }

  /** Every object, with its collection and key. */
  *offers(): Iterable<readonly [collection: string, key: string, offer: Offer]> {
    for (const [collection, { informer }] of this.#entries)
      for (const [key, offer] of informer.objects) yield [collection, key, offer];
  }

  /** What goes to one cluster; undefined as long as it is not known which kinds there are. */
  collections(cluster: () => Selectable): ReadonlyMap<string, Collection> | undefined {
    const definitions = this.#entries.get(collectionOf(DEFINITIONS.type));
    if (this.#parts.kinds.includes(DEFINITIONS) && definitions?.isKnown !== true) return undefined;
    return new Map(
      Array.from(this.#entries, ([name, entry]) => [name, new SelectedCollection(entry, cluster)]),
    );
  }

  #open(kind: PropagatedKind): void {
    const { client, log, onChange, onKnown } = this.#parts;
    const collection = collectionOf(kind.type);
    const stop = new AbortController();
    const informer = new Informer<Offer>(client, kind.type, {
      labelSelector: PROPAGATE_LABEL,
      log,
      trim: (object) => offerOf(kind, object),
      onChange: (key, now, before) => {
        if (kind === DEFINITIONS) this.#defined(now, before);
        if (now === undefined || before === undefined || !isSame(now, before))
          onChange(collection, key, now, before);
      },
    });
    const entry: Entry = { kind, informer, stop, isKnown: false };
    this.#entries.set(collection, entry);
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    void informer.synced.then(() => {
      entry.isKnown = !signal.aborted;
      onKnown();
    });
    const job = informer
      .run(signal)
      .catch((err: unknown) => log.error({ err, collection }, "cannot follow"))
      .finally(() => this.#jobs.delete(job));
    this.#jobs.add(job);
  }

  /** A definition goes down, or does not any more: its objects may, or may not. */
  #defined(now: Offer | undefined, before: Offer | undefined): void {
    const [is, was] = [now && kindOf(now), before && kindOf(before)];
    if (is !== undefined && was !== undefined && is.type.version === was.type.version) return;
    if (was !== undefined) {
      const collection = collectionOf(was.type);
      const entry = this.#entries.get(collection);
      entry?.stop.abort();
      this.#entries.delete(collection);
      for (const [key, offer] of entry?.informer.objects ?? [])
        this.#parts.onChange(collection, key, undefined, offer);
    }
    if (is !== undefined) this.#open(is);
    this.#parts.onKnown();
  }
}

/** What of one kind goes to one cluster. */
class SelectedCollection implements Collection {
  readonly #entry: Entry;
  readonly #cluster: () => Selectable;

  constructor(entry: Entry, cluster: () => Selectable) {
    this.#entry = entry;
    this.#cluster = cluster;
  }

  entries(): Iterable<readonly [string, Version]> | undefined {
    return this.#entry.isKnown ? this.#selected() : undefined;
  }

  get(key: string): { readonly version: Version; readonly object: unknown } | undefined {
    const offer = this.#entry.informer.objects.get(key);
    if (offer?.selector?.selects(this.#cluster()) !== true) return undefined;
    return { version: offer.version, object: offer.desired };
  }

  *#selected(): Generator<readonly [string, Version]> {
    const cluster = this.#cluster();
    for (const [key, { version, selector }] of this.#entry.informer.objects)
      if (selector?.selects(cluster) === true) yield [key, version];
  }
}

function offerOf(kindOf: PropagatedKind, object: KubeObject): Offer {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion, annotations } = metadata;
  const told = annotations?.[STATUS_ANNOTATION];
  const offer = {
    ...{ apiVersion, kind, kindOf, told },
    metadata: { name, namespace, uid, resourceVersion },
  };
  try {
    const text = annotations?.[SELECTOR_ANNOTATION];
    if (text === undefined)
      throw new SyntaxError(`it needs the annotation ${SELECTOR_ANNOTATION} to go anywhere`);
    const desired = desiredOf(kindOf, object);
    const selector = parseSelector(text);
    const version = versionOf(JSON.stringify(desired));
    return { ...offer, desired, selector, selectorText: text, version };
  } catch (error) {
    return { ...offer, problem: errorText(error), version: versionOf(informerKey(object)) };
  }
}

/** Whether there is nothing new in it for anybody. */
function isSame(now: Offer, before: Offer): boolean {
  return (
    now.version === before.version &&
    now.selectorText === before.selectorText &&
    now.problem === before.problem &&
    now.metadata.uid === before.metadata.uid
  );
}

/** The kind that a definition defines. */
function kindOf({ desired }: Offer): PropagatedKind | undefined {
  const { spec } = (desired?.object ?? {}) as Partial<Definition>;
  const version = spec?.versions?.find(({ storage }) => storage === true)?.name;
  const { group, names } = spec ?? {};
  if (version === undefined || group === undefined) return undefined;
  if (names?.kind === undefined || names.plural === undefined) return undefined;
  const namespaced = spec?.scope === "Namespaced";
  return {
    type: { group, version, kind: names.kind, plural: names.plural, namespaced },
    removal: "delete",
  };
}
