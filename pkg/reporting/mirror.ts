import { CLUSTER, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import { NAMESPACE } from "../apis/namespace.ts";
import type { ResourceType } from "../apis/object.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus, StatusError } from "../apis/status.ts";
import { attempts } from "../base/backoff.ts";
import { errorText, OteError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Version } from "../replication/message.ts";
import type { Kept } from "../replication/sink.ts";
import type { Keeper } from "../replication/sink-stream.ts";
import { checkedStatus } from "./checked-status.ts";
import { STATUS_COLLECTION, STATUS_KEY } from "./cluster-status.ts";
import {
  CLUSTER_LABEL,
  type MirrorOwner,
  mirrored,
  mirrorName,
  mirrorNamespace,
  mirrorType,
  reportedAs,
} from "./mirror-objects.ts";
import { REPORTED_TYPES } from "./reported-types.ts";

/** What a mirror works with. */
export interface MirrorParts {
  /** The central API. */
  readonly client: ResourceClient;
  readonly owner: MirrorOwner;
  readonly log: Logger;
  /** Something was reported that the central API does not take. */
  readonly onRefused: () => void;
}

/** Whose fields they are, for server-side apply. */
const FIELD_MANAGER = "ote-reports";
/** Waits between attempts to write an object, in milliseconds. */
const RETRY = { first: 250, longest: 30_000 };
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
  #isReady = false;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
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
      const { items } = await client.list(type, { namespace }, signal);
      const versions = items.flatMap((object) => {
        const pair = reportedAs(object, owner);
        return pair === undefined ? [] : [pair];
      });
      kept.set(name, new Map(versions));
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
    if (collection === STATUS_COLLECTION) {
      if (key === STATUS_KEY) await this.#write(key, signal, () => this.#status(object, signal));
      return;
    }
    const type = mirrorType(collection);
    if (type === undefined || typeof object !== "object" || object === null) return;
    const body = mirrored(type, this.#parts.owner, key, version, { ...object });
    const { name, namespace } = body.metadata;
    const options = { fieldManager: FIELD_MANAGER, force: true };
    await this.#write(`${collection} ${key}`, signal, async () => {
      await this.#prepare(signal);
      await this.#parts.client.patch(type, { name, namespace }, "apply", body, options, signal);
    });
  }

  async delete(collection: string, key: string, signal: AbortSignal): Promise<void> {
    const type = mirrorType(collection);
    if (type === undefined) return;
    const at = { namespace: mirrorNamespace(this.#parts.owner.cluster), name: mirrorName(key) };
    await this.#write(`${collection} ${key}`, signal, async () => {
      try {
        await this.#parts.client.delete(type, at, signal);
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
      }
    });
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

  /** Makes the namespace, once. */
  async #prepare(signal: AbortSignal): Promise<void> {
    if (this.#isReady) return;
    const { client, owner } = this.#parts;
    await ensureNamespace(client, owner.cluster, signal);
    this.#isReady = true;
  }

  /** Tries until it is written, or cannot ever be. Rejects when `signal` aborts. */
  async #write(what: string, signal: AbortSignal, write: () => Promise<void>): Promise<void> {
    const { log, onRefused } = this.#parts;
    for await (const { delay } of attempts(signal, RETRY)) {
      try {
        await write();
        return;
      } catch (error) {
        signal.throwIfAborted();
        const isHopeless = error instanceof StatusError && HOPELESS.has(error.status.code);
        // The namespace may have been deleted by somebody: it is made again.
        if (isStatus(error, "NotFound")) this.#isReady = false;
        log.warn({ what, delay, text: errorText(error), given: isHopeless }, "cannot write report");
        if (!isHopeless) continue;
        onRefused();
        return;
      }
    }
    signal.throwIfAborted();
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
  if (!(await hasNamespace(client, cluster, signal).catch(() => false))) return;
  for (const name of Object.keys(REPORTED_TYPES)) {
    const type = mirrorType(name) as ResourceType;
    await client.deleteCollection(type, { namespace }, signal).catch(absent);
  }
  await client.delete(NAMESPACE, { name: namespace }, signal).catch(absent);
}

function absent(error: unknown): undefined {
  if (!isStatus(error, "NotFound")) throw error;
}
