import { type ApiRequest, type ApiTransport, ApiUnreachableError } from "../apis/api-transport.ts";
import {
  apiVersionOf,
  type KubeList,
  type KubeObject,
  type ResourceType,
  resourcePath,
  type WatchEvent,
} from "../apis/object.ts";
import type {
  ListOptions,
  ObjectKey,
  PatchKind,
  PatchOptions,
  ResourceClient,
} from "../apis/resource-client.ts";
import { isStatus, type Status, StatusError } from "../apis/status.ts";
import { jsonLines } from "../base/json-lines.ts";
import { discard, readObject, throwRefusal } from "./api-answer.ts";
import { Deadline } from "./deadline.ts";

const PAGE_SIZE = 500;
/** How often a list starts over because its pages went stale while it was read. */
const LIST_TRIES = 3;
/** etcd takes objects up to 1.5 MiB; as JSON with all its escapes one may be several times that. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Lists as their objects' metadata alone; kube-apiserver has it since 1.15. */
const METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const PATCH_MEDIA_TYPES: Readonly<Record<PatchKind, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** Limits of a client that tests make small. */
export interface ClientLimits {
  /** A single answer that takes longer counts as unreachable. */
  readonly answerMs?: number;
  /** A watch is ended by the server after one to two times this, and by us soon after that. */
  readonly watchSeconds?: number;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** ResourceClient over any way to a Kubernetes API. */
export class TransportResourceClient implements ResourceClient {
  readonly #transport: ApiTransport;
  readonly #answerMs: number;
  readonly #watchSeconds: number;

  constructor(
    transport: ApiTransport,
    { answerMs = 60_000, watchSeconds = 300 }: ClientLimits = {},
  ) {
    this.#transport = transport;
    this.#answerMs = answerMs;
    this.#watchSeconds = watchSeconds;
  }

  async get<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#object<T>({ method: "GET", path: objectPath(type, key) }, signal);
  }

  async list<T extends KubeObject>(
    type: ResourceType,
    options: ListOptions = {},
    signal?: AbortSignal,
  ): Promise<KubeList<T>> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#listPages<T>(type, options, signal);
      } catch (error) {
        if (!isStatus(error, "Expired") || tries === LIST_TRIES) throw error;
      }
    }
  }

  async *listMetadata(
    type: ResourceType,
    options: ListOptions = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Pick<KubeObject, "metadata">, void, void> {
    for (let tries = 1; ; tries++) {
      try {
        for await (const { items } of this.#pages(type, options, signal, METADATA))
          for (const { metadata } of items) yield { metadata };
        return;
      } catch (error) {
        if (!isStatus(error, "Expired") || tries === LIST_TRIES) throw error;
      }
    }
  }

  async *watch<T extends KubeObject>(
    type: ResourceType,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const seconds = Math.ceil(this.#watchSeconds * (1 + Math.random()));
    // The server should end the stream itself; one that does not has forgotten us.
    const deadline = new Deadline((seconds + Math.min(seconds, 10)) * 1000, signal);
    const path = collectionPath(type, options, {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      timeoutSeconds: seconds,
    });
    try {
      const request = { method: "GET", path, headers: { accept: "application/json" } };
      const response = await this.#transport.request(request, deadline.signal);
      await throwRefusal(response);
      for await (const line of jsonLines(response.body, MAX_EVENT_BYTES)) {
        yield watchEvent<T>(line);
      }
    } catch (error) {
      if (signal.aborted || deadline.passed) return;
      throw error;
    } finally {
      deadline.end();
    }
  }

  async create<T extends KubeObject>(
    type: ResourceType,
    object: T,
    signal?: AbortSignal,
  ): Promise<T> {
    const path = collectionPath(type, { namespace: object.metadata.namespace });
    return this.#object<T>({ method: "POST", path, ...json(object) }, signal);
  }

  async update<T extends KubeObject>(
    type: ResourceType,
    object: T,
    subresource?: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const path = objectPath(type, object.metadata, subresource);
    return this.#object<T>({ method: "PUT", path, ...json(object) }, signal);
  }

  async patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    kind: PatchKind,
    patch: unknown,
    { subresource, fieldManager, force }: PatchOptions = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const manager = fieldManager ?? (kind === "apply" ? "ote" : undefined);
    const path = objectPath(type, key, subresource) + queryText({ fieldManager: manager, force });
    const body = json(patch, PATCH_MEDIA_TYPES[kind]);
    return this.#object<T>({ method: "PATCH", path, ...body }, signal);
  }

  async delete(type: ResourceType, key: ObjectKey, signal?: AbortSignal): Promise<void> {
    await this.#done({ method: "DELETE", path: objectPath(type, key) }, signal);
  }

  async deleteCollection(
    type: ResourceType,
    options: ListOptions,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#done({ method: "DELETE", path: collectionPath(type, options) }, signal);
  }

  async #listPages<T extends KubeObject>(
    type: ResourceType,
    options: ListOptions,
    signal: AbortSignal | undefined,
  ): Promise<KubeList<T>> {
    const items: T[] = [];
    let first: Omit<KubeList<T>, "items"> | undefined;
    // Items of built-in lists do not say what they are.
    const header = { apiVersion: apiVersionOf(type), kind: type.kind };
    for await (const { items: some, ...head } of this.#pages<T>(type, options, signal)) {
      first ??= head;
      for (const item of some) items.push({ ...header, ...item });
    }
    const { apiVersion = "", kind = "", metadata } = first ?? {};
    const resourceVersion = metadata?.resourceVersion ?? "";
    return { apiVersion, kind, metadata: { resourceVersion }, items };
  }

  async *#pages<T extends KubeObject>(
    type: ResourceType,
    options: ListOptions,
    signal: AbortSignal | undefined,
    accept = "application/json",
  ): AsyncGenerator<KubeList<T>, void, void> {
    let next: string | undefined;
    do {
      const path = collectionPath(type, options, { limit: PAGE_SIZE, continue: next });
      const request = { method: "GET", path, headers: { accept } };
      const page = await this.#object<KubeList<T>>(request, signal);
      yield { ...page, items: page.items ?? [] };
      next = page.metadata.continue || undefined;
    } while (next !== undefined);
  }

  async #object<T>(request: ApiRequest, signal: AbortSignal | undefined): Promise<T> {
    return this.#timed(request, signal, async (limited) => {
      const headers = { accept: "application/json", ...request.headers };
      const response = await this.#transport.request({ ...request, headers }, limited);
      return (await readObject(response, request.path)) as T;
    });
  }

  async #done(request: ApiRequest, signal: AbortSignal | undefined): Promise<void> {
    return this.#timed(request, signal, async (limited) => {
      const headers = { accept: "application/json", ...request.headers };
      const response = await this.#transport.request({ ...request, headers }, limited);
      await throwRefusal(response);
      await discard(response);
    });
  }

  async #timed<T>(
    request: ApiRequest,
    signal: AbortSignal | undefined,
    work: (limited: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const deadline = new Deadline(this.#answerMs, signal);
    try {
      return await work(deadline.signal);
    } catch (error) {
      if (!deadline.passed || error instanceof StatusError) throw error;
      throw new ApiUnreachableError(request.path, `no answer within ${this.#answerMs} ms`);
    } finally {
      deadline.end();
    }
  }
}

function watchEvent<T extends KubeObject>(line: unknown): WatchEvent<T> {
  const event = line as WatchEvent<T> | { type: "ERROR"; object: Status };
  if (event.type === "ERROR") throw new StatusError(event.object);
  return event;
}

function json(value: unknown, mediaType = "application/json") {
  return { headers: { "content-type": mediaType }, body: JSON.stringify(value) };
}

function objectPath(type: ResourceType, key: ObjectKey, subresource?: string): string {
  const { namespace, name } = key;
  checkSegment(type, name);
  if (namespace !== undefined) checkSegment(type, namespace);
  return resourcePath(type, { namespace, name, subresource });
}

function collectionPath(type: ResourceType, options: ListOptions, query: Query = {}): string {
  const { namespace, labelSelector, fieldSelector } = options;
  if (namespace !== undefined) checkSegment(type, namespace);
  return resourcePath(type, { namespace }) + queryText({ ...query, labelSelector, fieldSelector });
}

/** The API server decodes a path before it splits it: such names would lead to another object, or to all. */
function checkSegment(type: ResourceType, name: string): void {
  if (name !== "" && name !== "." && name !== ".." && !/[/%]/.test(name)) return;
  const what = `Cannot address ${type.kind} "${name}"`;
  throw StatusError.of("BadRequest", `${what}: a name must not be empty, ".", ".." or hold / or %`);
}

function queryText(query: Query): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
