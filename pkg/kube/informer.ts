import type { KubeObject, ResourceType, WatchEvent } from "../apis/object.ts";
import type { ListOptions, ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";
import { attempts } from "../base/backoff.ts";
import { errorCode } from "../base/errors.ts";
import { type Logger, silentLog } from "../base/log.ts";

/** A watch that held this long was a healthy one: the next delay is short again. */
const HEALTHY_MS = 5_000;
/** From this delay on a failure is no passing one, and logged louder. */
const WORRYING_MS = 5_000;

/** What to keep, and whom to tell. */
export interface InformerOptions<T extends KubeObject> extends ListOptions {
  /**
   * Told after `objects` has changed, in order, one at a time: `object` is missing when it was
   * deleted, `previous` when it is new. A name may come back as another object (compare uids).
   * It should only mark the key; what it throws is logged.
   */
  readonly onChange?: (key: string, object: T | undefined, previous: T | undefined) => void;
  /** Makes objects smaller before they are kept; must leave metadata's uid and resourceVersion. */
  readonly trim?: (object: T) => T;
  readonly log?: Logger;
  readonly retry?: { readonly first?: number; readonly longest?: number };
}

/** How an object is called in an informer: "namespace/name", or "name" where there is no namespace. */
export function informerKey({ metadata }: KubeObject): string {
  return metadata.namespace === undefined
    ? metadata.name
    : `${metadata.namespace}/${metadata.name}`;
}

/**
 * A collection of an API as it is now, kept true by list and watch through every disconnect: it
 * catches up with the changes since, or compares with a new list when they are gone.
 */
export class Informer<T extends KubeObject> {
  /** Resolves when the first list is in `objects`, or when `run` has ended without one. */
  readonly synced: Promise<void>;
  readonly #client: Pick<ResourceClient, "list" | "watch">;
  readonly #type: ResourceType;
  readonly #options: InformerOptions<T>;
  readonly #log: Logger;
  readonly #objects = new Map<string, T>();
  readonly #markSynced: () => void;
  /** What is known is true as of this revision; undefined when a list is needed. */
  #revision: string | undefined;

  constructor(
    client: Pick<ResourceClient, "list" | "watch">,
    type: ResourceType,
    options: InformerOptions<T> = {},
  ) {
    this.#client = client;
    this.#type = type;
    this.#options = options;
    this.#log = (options.log ?? silentLog).child({ resource: type.plural });
    let markSynced = () => {};
    this.synced = new Promise((resolve) => {
      markSynced = resolve;
    });
    this.#markSynced = markSynced;
  }

  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  /** Keeps `objects` true until `signal` aborts, whatever the API does. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.#runUntilHealthy(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#markSynced();
    }
  }

  async #runUntilHealthy(signal: AbortSignal): Promise<void> {
    for await (const { delay } of attempts(signal, this.#options.retry)) {
      if (await this.#follow(delay, signal)) return;
    }
  }

  /** One list where it is needed and one watch to its end; tells whether that was a healthy time. */
  async #follow(delay: number, signal: AbortSignal): Promise<boolean> {
    const startedAt = performance.now();
    let alive = false;
    try {
      if (this.#revision === undefined) {
        this.#revision = await this.#list(signal);
        alive = true;
      }
      const options = { ...this.#options, resourceVersion: this.#revision };
      for await (const event of this.#client.watch<T>(this.#type, options, signal)) {
        alive = true;
        this.#apply(event);
      }
      alive = true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!resumable(error, alive)) this.#revision = undefined;
      this.#say(delay, error);
    }
    return alive && performance.now() - startedAt >= HEALTHY_MS;
  }

  async #list(signal: AbortSignal): Promise<string> {
    const list = await this.#client.list<T>(this.#type, this.#options, signal);
    const gone = new Set(this.#objects.keys());
    for (const object of list.items) {
      gone.delete(informerKey(object));
      this.#keep(object);
    }
    for (const key of gone) this.#forget(key);
    this.#markSynced();
    return list.metadata.resourceVersion;
  }

  #apply(event: WatchEvent<T>): void {
    this.#revision = event.object.metadata.resourceVersion ?? this.#revision;
    if (event.type === "BOOKMARK") return;
    if (event.type !== "DELETED") {
      this.#keep(event.object);
      return;
    }
    const key = informerKey(event.object);
    // The end of an earlier object of that name may be told again after a list has shown its successor.
    if (this.#objects.get(key)?.metadata.uid === event.object.metadata.uid) this.#forget(key);
  }

  #keep(found: T): void {
    const key = informerKey(found);
    const previous = this.#objects.get(key);
    if (previous !== undefined && sameVersion(previous, found)) return;
    const object = this.#options.trim?.(found) ?? found;
    this.#objects.set(key, object);
    this.#tell(key, object, previous);
  }

  #forget(key: string): void {
    const previous = this.#objects.get(key);
    if (this.#objects.delete(key)) this.#tell(key, undefined, previous);
  }

  #tell(key: string, object: T | undefined, previous: T | undefined): void {
    try {
      this.#options.onChange?.(key, object, previous);
    } catch (err) {
      this.#log.error({ err, key }, "cannot handle change");
    }
  }

  #say(delay: number, err: unknown): void {
    const level = delay < WORRYING_MS ? "info" : "warn";
    this.#log[level]({ err, delay, listAgain: this.#revision === undefined }, "watch ended");
  }
}

/**
 * A stream that broke goes on where it was. An API that could not be reached at all may be another
 * one when it is back, for example restored from a backup: only a list is certain to be true then.
 */
function resumable(error: unknown, alive: boolean): boolean {
  return (alive && errorCode(error) === "API_UNREACHABLE") || isStatus(error, "TooManyRequests");
}

function sameVersion(one: KubeObject, other: KubeObject): boolean {
  return (
    one.metadata.uid === other.metadata.uid &&
    one.metadata.resourceVersion !== undefined &&
    one.metadata.resourceVersion === other.metadata.resourceVersion
  );
}
