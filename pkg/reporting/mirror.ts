import { CLUSTER, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import { NAMESPACE } from "../apis/namespace.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus, StatusError } from "../apis/status.ts";
import { attempts } from "../base/backoff.ts";
import { errorText, OteError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { RateLimit } from "../base/rate-limit.ts";
import type { Version } from "../replication/message.ts";
import type { Kept } from "../replication/sink.ts";
import type { Keeper } from "../replication/sink-stream.ts";
import { checkedStatus } from "./checked-status.ts";
import { STATUS_COLLECTION, STATUS_KEY } from "./cluster-status.ts";
import { Completeness } from "./completeness.ts";
import {
  CLUSTER_LABEL,
  type MirrorOwner,
  mirrored,
  mirrorName,
  mirrorNamespace,
  mirrorType,
  reportedAs,
  sizeOf,
} from "./mirror-objects.ts";
import type { MirrorRoom, MirrorSpace, Omission } from "./mirror-room.ts";
import { REPORTED_TYPES } from "./reported-types.ts";

/** What a mirror works with. */
export interface MirrorParts {
  /** The central API. */
  readonly client: ResourceClient;
  readonly owner: MirrorOwner;
  /** It has a line for every object that the API does not take: limit it. */
  readonly log: Logger;
  /** The room for all mirrors of that API. */
  readonly space: MirrorSpace;
  /** How fast this cluster may change what is there. */
  readonly rate: RateLimit;
  /** Something was reported that the central API does not take. */
  readonly onRefused: () => void;
}

/** Whose fields they are, for server-side apply. */
const FIELD_MANAGER = "ote-reports";
/** Waits between attempts to write an object, in milliseconds. */
const RETRY = { first: 250, longest: 30_000 };
/** From this wait on an object counts as left out, in milliseconds. */
const WORRYING_MS = 4_000;
/** What says that the same object will be refused again, whenever it is sent. */
const HOPELESS = new Set([400, 405, 413, 415, 422]);

/** The namespace in which a cluster's mirror should be belongs to somebody else. */
export class MirrorNamespaceTakenError extends OteError {
  readonly code = "MIRROR_NAMESPACE_TAKEN";
  constructor(namespace: string, cluster: string) {
    super(
      `Cannot use namespace "${namespace}" for what cluster "${cluster}" reports: it has no label ${CLUSTER_LABEL}=${cluster}`,
    );
  }
}

/** The centre's half of reports: what one cluster has said, as objects of the central API. */
export class Mirror implements Keeper {
  readonly #parts: MirrorParts;
  readonly #room: MirrorRoom;
  readonly #completeness: Completeness;
  #ready: Promise<void> | undefined;

  constructor(parts: MirrorParts) {
    const { client, owner, log, space } = parts;
    this.#parts = parts;
    this.#room = space.room(owner.cluster);
    this.#completeness = new Completeness(client, owner.cluster, log);
  }

  /** Says at the Cluster object what is left out, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#completeness.run(signal);
  }

  /** Everything that was kept has been compared. */
  compared(): void {
    this.#completeness.check();
  }

  /** What is here from before. Rejects as the client does, or with a MirrorNamespaceTakenError. */
  async kept(signal: AbortSignal): Promise<Kept> {
    const { client, owner } = this.#parts;
    const kept = new Map<string, Map<string, Version>>();
    if (!(await hasNamespace(client, owner.cluster, signal))) return kept;
    for (const name of Object.keys(REPORTED_TYPES)) {
      const type = mirrorType(name);
      if (type === undefined) continue;
      const namespace = mirrorNamespace(owner.cluster);
      const versions = new Map<string, Version>();
      for await (const object of client.listMetadata(type, { namespace }, signal)) {
        const found = reportedAs(object, owner);
        if (found === undefined) continue;
        versions.set(found.key, found.version);
        this.#room.hold(nameOf(name, found.key), found.size);
      }
      kept.set(name, versions);
    }
    return kept;
  }

  async put(
    collection: string,
    key: string,
    version: Version,
    object: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#parts.rate.next(signal);
    if (collection === STATUS_COLLECTION) {
      if (key !== STATUS_KEY) return;
      const omission = await this.#write(key, signal, () => this.#status(object, signal));
      if (omission === undefined) this.#completeness.settle(key);
      else this.#refuse(key, omission);
      return;
    }
    const type = mirrorType(collection);
    if (type === undefined || typeof object !== "object" || object === null) return;
    const body = mirrored(type, this.#parts.owner, key, version, { ...object });
    const what = nameOf(collection, key);
    const wasThere = this.#room.has(what);
    const omission =
      this.#room.take(what, sizeOf(body)) ??
      (await this.#write(what, signal, () => this.#apply(type, body, signal)));
    if (omission === undefined) {
      this.#completeness.settle(what);
      return;
    }
    // What is known not to be so any more is not shown.
    if (wasThere) await this.#remove(type, key, what, signal);
    else this.#room.give(what);
    this.#refuse(what, omission);
  }

  async delete(collection: string, key: string, signal: AbortSignal): Promise<void> {
    await this.#parts.rate.next(signal);
    const type = mirrorType(collection);
    if (type === undefined) return;
    const what = nameOf(collection, key);
    await this.#remove(type, key, what, signal);
    this.#completeness.settle(what);
  }

  async #remove(type: ResourceType, key: string, what: string, signal: AbortSignal): Promise<void> {
    const at = { namespace: mirrorNamespace(this.#parts.owner.cluster), name: mirrorName(key) };
    const omission = await this.#write(what, signal, async () => {
      await this.#parts.client.delete(type, at, signal).catch(absent);
    });
    if (omission === undefined) this.#room.give(what);
    else this.#refuse(what, omission);
  }

  async #apply(type: ResourceType, body: KubeObject, signal: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    await this.#prepare(signal);
    const options = { fieldManager: FIELD_MANAGER, force: true };
    const made = await client.patch<KubeObject>(
      type,
      body.metadata,
      "apply",
      body,
      options,
      signal,
    );
    const { managedFields = [], resourceVersion } = made.metadata;
    const isOurs = managedFields.every(
      (entry) => (entry as { readonly manager?: unknown }).manager === FIELD_MANAGER,
    );
    // Applying leaves what others have added; nobody but the cluster says what it has.
    if (isOurs) return;
    const metadata = { ...body.metadata, resourceVersion };
    await client.update(type, { ...body, metadata }, undefined, signal);
  }

  async #status(object: unknown, signal: AbortSignal): Promise<void> {
    const key = { namespace: SYSTEM_NAMESPACE, name: this.#parts.owner.cluster };
    const body = {
      apiVersion: "ote.baidu.com/v1",
      kind: CLUSTER.kind,
      metadata: key,
      status: checkedStatus(object),
    };
    const options = { fieldManager: FIELD_MANAGER, force: true, subresource: "status" };
    await this.#parts.client.patch(CLUSTER, key, "apply", body, options, signal);
  }

  /** Makes the namespace, once for all who write at the same time. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const { client, owner } = this.#parts;
    this.#ready ??= ensureNamespace(client, owner.cluster, signal);
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  /** Tries until it is written, or cannot ever be; then resolves to why. Rejects when `signal` aborts. */
  async #write(
    what: string,
    signal: AbortSignal,
    write: () => Promise<void>,
  ): Promise<Omission | undefined> {
    for await (const { delay } of attempts(signal, RETRY)) {
      try {
        await write();
        return undefined;
      } catch (error) {
        signal.throwIfAborted();
        const text = errorText(error);
        if (error instanceof StatusError && HOPELESS.has(error.status.code))
          return { reason: "ObjectRefused", text };
        // The namespace may have been deleted by somebody: it is made again.
        if (isStatus(error, "NotFound")) this.#ready = undefined;
        this.#delayed(what, delay, text);
      }
    }
    throw signal.reason;
  }

  #delayed(what: string, delay: number, text: string): void {
    this.#parts.log.warn({ what, delay, text }, "cannot write report, will retry");
    if (delay >= WORRYING_MS) this.#completeness.omit(what, { reason: "NotWritten", text });
  }

  #refuse(what: string, omission: Omission): void {
    const { log, onRefused } = this.#parts;
    log.warn({ what, ...omission }, "report refused");
    this.#completeness.omit(what, omission);
    onRefused();
  }
}

async function ensureNamespace(
  client: ResourceClient,
  cluster: string,
  signal: AbortSignal,
): Promise<void> {
  if (await hasNamespace(client, cluster, signal)) return;
  const metadata = { name: mirrorNamespace(cluster), labels: { [CLUSTER_LABEL]: cluster } };
  await client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata }, signal);
}

/** Whether there is a namespace for what a cluster reports. Throws a MirrorNamespaceTakenError when it is another's. */
async function hasNamespace(
  client: ResourceClient,
  cluster: string,
  signal: AbortSignal,
): Promise<boolean> {
  const name = mirrorNamespace(cluster);
  const present = await client.get(NAMESPACE, { name }, signal).catch(absent);
  if (present === undefined) return false;
  if (present.metadata.labels?.[CLUSTER_LABEL] === cluster) return true;
  throw new MirrorNamespaceTakenError(name, cluster);
}

/** The clusters of which there is a mirror. */
export async function mirroredClusters(
  client: ResourceClient,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { items } = await client.list(NAMESPACE, { labelSelector: CLUSTER_LABEL }, signal);
  return items.flatMap(({ metadata }) => metadata.labels?.[CLUSTER_LABEL] ?? []);
}

/** Deletes everything that a cluster has reported; also when nothing is there. */
export async function removeMirror(
  client: ResourceClient,
  cluster: string,
  signal: AbortSignal,
): Promise<void> {
  const namespace = mirrorNamespace(cluster);
  const isOurs = hasNamespace(client, cluster, signal).catch((error: unknown) => {
    if (error instanceof MirrorNamespaceTakenError) return false;
    throw error;
  });
  if (!(await isOurs)) return;
  for (const name of Object.keys(REPORTED_TYPES)) {
    const type = mirrorType(name) as ResourceType;
    await client.deleteCollection(type, { namespace }, signal).catch(absent);
  }
  await client.delete(NAMESPACE, { name: namespace }, signal).catch(absent);
}

function nameOf(collection: string, key: string): string {
  return `${collection} ${key}`;
}

function absent(error: unknown): undefined {
  if (!isStatus(error, "NotFound")) throw error;
}
