import type { KubeList, KubeObject, ResourceType, WatchEvent } from "./object.ts";

/** Which object of a type: `namespace` is left out for cluster-scoped types. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What to list or watch; nothing given means all of them, in all namespaces. */
export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** How a patch document is to be read; each has its own media type (RFC 6902, RFC 7386, Kubernetes' own). */
export type PatchKind = "json" | "merge" | "strategic" | "apply";

/** How to patch: the subresource, and for apply the name that owns the fields. */
export interface PatchOptions {
  readonly subresource?: string | undefined;
  readonly fieldManager?: string | undefined;
  readonly force?: boolean | undefined;
}

/**
 * Typed access to one Kubernetes API, for any resource type. Every refusal is a StatusError, a missing
 * API an error with code `API_UNREACHABLE`. Nothing is retried here.
 */
export interface ResourceClient {
  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<T>;

  /** The whole collection: pages are fetched and joined. */
  list<T extends KubeObject>(
    type: ResourceType,
    options?: ListOptions,
    signal?: AbortSignal,
  ): Promise<KubeList<T>>;

  /**
   * The same without anything but metadata, page by page as it is read: no more than a page is held. What
   * is written meanwhile may be missing, and an object may come twice.
   */
  listMetadata(
    type: ResourceType,
    options?: ListOptions,
    signal?: AbortSignal,
  ): AsyncIterable<Pick<KubeObject, "metadata">>;

  /**
   * Changes after `resourceVersion`, with bookmarks, until `signal` aborts or the server ends the
   * stream (both end the iteration). An ERROR event is thrown as a StatusError; `Expired` or `Gone`
   * means: list again.
   */
  watch<T extends KubeObject>(
    type: ResourceType,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;

  create<T extends KubeObject>(type: ResourceType, object: T, signal?: AbortSignal): Promise<T>;

  /** Replaces the object; with metadata.resourceVersion set, only if it has not changed since. */
  update<T extends KubeObject>(
    type: ResourceType,
    object: T,
    subresource?: string,
    signal?: AbortSignal,
  ): Promise<T>;

  patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    kind: PatchKind,
    patch: unknown,
    options?: PatchOptions,
    signal?: AbortSignal,
  ): Promise<T>;

  /** Resolves also when the object is only marked for deletion; a missing object is `NotFound`. */
  delete(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<void>;

  /** Deletes the collection that `options` names. */
  deleteCollection(type: ResourceType, options: ListOptions, signal?: AbortSignal): Promise<void>;
}
