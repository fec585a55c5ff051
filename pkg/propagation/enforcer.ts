import type { Duplex } from "node:stream";
import type { KubeObject } from "../apis/object.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import { isStatus } from "../apis/status.ts";
import { errorText, OteError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { LogLimit } from "../base/log-limit.ts";
import type { Metrics } from "../base/metrics.ts";
import { WorkQueue } from "../base/work-queue.ts";
import type { Version } from "../replication/message.ts";
import { type Keeper, SinkStream } from "../replication/sink-stream.ts";
import {
  type DesiredKey,
  type DesiredRecord,
  type DesiredStore,
  keyOf,
  textOf,
} from "./desired-store.ts";
import { DriftWatch } from "./drift-watch.ts";
import { bodyOf, isShown, surplusIn, takesOver } from "./kept-object.ts";
import {
  ADOPTED_ANNOTATION,
  collectionOf,
  type Desired,
  PROPAGATED_BY_LABEL,
  readDesired,
  VERSION_ANNOTATION,
} from "./propagated-objects.ts";
import { type Outcome, Teller } from "./teller.ts";

/** What an enforcer works with. */
export interface EnforcerParts {
  /** The cluster's own API. */
  readonly client: ResourceClient;
  readonly store: DesiredStore;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Somebody had changed or deleted an object here, and it is as it should be again. */
  readonly onCorrected: () => void;
}

/** Whose fields they are, for server-side apply. */
const FIELD_MANAGER = "ote-propagation";
/** What was changed here again and again is corrected this often at most, in milliseconds. */
const CALM_MS = 5_000;

/** Keeps in this cluster what entry points above want it to have, also while none of them can be reached. */
export class Enforcer {
  readonly #parts: EnforcerParts;
  /** For what is said of single objects. */
  readonly #lines: LogLimit;
  readonly #queue: WorkQueue;
  readonly #drift: DriftWatch;
  readonly #outcomes = new Map<string, Outcome>();
  /** By object: the revision in which we left it, and the version that it was to have. */
  readonly #left = new Map<string, { readonly revision?: string; readonly version: Version }>();
  readonly #corrected = new Map<string, number>();
  /** By object that is being taken in or away: how often an entry point has spoken of it. */
  readonly #spoken = new Map<string, number>();
  /** By entry point: who tells it, on each of its streams. */
  readonly #tellers = new Map<string, Set<Teller>>();
  readonly #ended = new AbortController();

  constructor(parts: EnforcerParts) {
    this.#parts = parts;
    this.#lines = new LogLimit(parts.log, parts.metrics);
    this.#queue = new WorkQueue((name, signal) => this.#reconcile(name, signal), {
      concurrency: 4,
      log: this.#lines.of("queue"),
    });
    this.#drift = new DriftWatch(parts.client, parts.log, (entry, type, key) =>
      this.#queue.mark(textOf({ entry, collection: collectionOf(type), key })),
    );
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#ended.abort(), { once: true });
    for (const [key, { desired }] of this.#parts.store.all()) {
      this.#drift.watch(desired.type);
      this.#queue.mark(textOf(key));
    }
    await Promise.all([this.#queue.run(signal), this.#drift.run(signal)]);
  }

  /** Does as the entry point at the other end of `stream` says, until it ends. Never rejects. */
  async follow(stream: Duplex, entry: string): Promise<void> {
    const sink = new SinkStream(stream, this.#parts.store.kept(entry), this.#keeper(entry));
    const teller = new Teller(sink);
    const tellers = this.#tellers.get(entry) ?? new Set<Teller>();
    this.#tellers.set(entry, tellers.add(teller));
    for (const [name, outcome] of this.#outcomes) {
      const { entry: of, collection, key } = keyOf(name);
      if (of === entry) teller.tell(collection, key, outcome);
    }
    const error = await sink.run(this.#ended.signal);
    tellers.delete(teller);
    if (tellers.size === 0) this.#tellers.delete(entry);
    if (error !== undefined)
      this.#lines.of(entry).info({ entry, text: error.message }, "stream ended");
  }

  #keeper(entry: string): Keeper {
    return {
      put: async (collection, key, version, object) => {
        const desired = readDesired(object);
        const isThat = desired !== undefined && isOf(desired, collection, key);
        if (!isThat) {
          const log = this.#lines.of(entry);
          log.warn({ entry, collection, key }, "cannot read a propagated object");
          return;
        }
        await this.#take({ entry, collection, key }, { version, desired });
      },
      delete: async (collection, key) => {
        const name = { entry, collection, key };
        const record = this.#parts.store.get(name);
        if (record !== undefined) await this.#take(name, { ...record, isGone: true });
      },
    };
  }

  async #take(key: DesiredKey, record: DesiredRecord): Promise<void> {
    const name = textOf(key);
    this.#spoken.set(name, (this.#spoken.get(name) ?? 0) + 1);
    await this.#parts.store.put(key, record);
    this.#drift.watch(record.desired.type);
    this.#queue.mark(name);
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const key = keyOf(name);
    const record = this.#parts.store.get(key);
    if (record === undefined) return;
    if (record.isGone === true) {
      await this.#remove(key, record, signal);
      return;
    }
    if (this.#isRestless(name)) return;
    const { version } = record;
    try {
      const state = await this.#keep(name, key, record, signal);
      this.#settle(name, key, { state, text: "", version });
    } catch (error) {
      if (signal.aborted) return;
      this.#settle(name, key, { state: "failed", text: errorText(error).slice(0, 1000), version });
      throw error;
    }
  }

  /** Makes the object what it should be; "corrected" if it was, and was not any more. */
  async #keep(
    name: string,
    key: DesiredKey,
    { version, desired }: DesiredRecord,
    signal: AbortSignal,
  ): Promise<"applied" | "corrected"> {
    const { client, onCorrected } = this.#parts;
    const { type, object } = desired;
    const at = { namespace: object.metadata.namespace, name: object.metadata.name };
    const present = await client.get(type, at, signal).catch(absent);
    const left = this.#left.get(name);
    const wasLeft = left?.version === version;
    if (wasLeft && present !== undefined && present.metadata.resourceVersion === left.revision)
      return "applied";
    const isAdopted = takesOver(present, desired, key, left !== undefined);
    const body = bodyOf(desired, key.entry, version, isAdopted);
    const options = { fieldManager: FIELD_MANAGER, force: true };
    let made = await client.patch<KubeObject>(type, at, "apply", body, options, signal);
    const surplus = surplusIn(made, desired);
    if (surplus !== undefined) made = await client.patch(type, at, "merge", surplus, {}, signal);
    const { resourceVersion: revision } = made.metadata;
    this.#left.set(name, { version, ...(revision === undefined ? {} : { revision }) });
    const wasRight = wasLeft || (present !== undefined && isShown(present, key.entry, version));
    const isChange = made.metadata.resourceVersion !== present?.metadata.resourceVersion;
    if (!wasRight || !isChange) return "applied";
    this.#corrected.set(name, performance.now());
    this.#lines.of(key.entry).warn({ ...key }, "drift corrected");
    onCorrected();
    return "corrected";
  }

  async #remove(key: DesiredKey, { desired }: DesiredRecord, signal: AbortSignal): Promise<void> {
    const { client, store } = this.#parts;
    const { type, object, removal } = desired;
    const name = textOf(key);
    const spoken = this.#spoken.get(name);
    const at = { namespace: object.metadata.namespace, name: object.metadata.name };
    const present = await client.get(type, at, signal).catch(absent);
    const { labels: shown, annotations } = present?.metadata ?? {};
    if (shown?.[PROPAGATED_BY_LABEL] === key.entry) {
      const labels = { [PROPAGATED_BY_LABEL]: null };
      const metadata = {
        labels,
        annotations: { [VERSION_ANNOTATION]: null, [ADOPTED_ANNOTATION]: null },
      };
      const isOurs = annotations?.[ADOPTED_ANNOTATION] === undefined;
      if (removal === "delete" && isOurs) await client.delete(type, at, signal).catch(absent);
      else await client.patch(type, at, "merge", { metadata }, {}, signal).catch(absent);
    }
    if (this.#spoken.get(name) !== spoken)
      throw new WantedAgainError(`"${key.key}" was wanted again while it was removed`);
    this.#spoken.delete(name);
    await store.remove(key);
    this.#outcomes.delete(name);
    this.#left.delete(name);
    this.#corrected.delete(name);
  }

  /** Whether it was corrected a moment ago; then it is looked at again later. */
  #isRestless(name: string): boolean {
    const wait = CALM_MS - (performance.now() - (this.#corrected.get(name) ?? -CALM_MS));
    if (wait <= 0) return false;
    const timer = setTimeout(() => this.#queue.mark(name), wait);
    this.#ended.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    return true;
  }

  #settle(name: string, key: DesiredKey, outcome: Outcome): void {
    const before = this.#outcomes.get(name);
    const isSame =
      before?.state === outcome.state &&
      before.text === outcome.text &&
      before.version === outcome.version;
    this.#outcomes.set(name, {
      ...outcome,
      state: outcome.state === "corrected" ? "applied" : outcome.state,
    });
    if (isSame) return;
    for (const teller of this.#tellers.get(key.entry) ?? [])
      teller.tell(key.collection, key.key, outcome);
  }
}

/** While an object was being removed, it was put again. */
class WantedAgainError extends OteError {
  readonly code = "WANTED_AGAIN";
}

/** Whether an object is the one that its key says it is. */
function isOf({ type, object }: Desired, collection: string, key: string): boolean {
  const { name, namespace } = object.metadata;
  const own = namespace === undefined ? name : `${namespace}/${name}`;
  // Records are kept under names whose parts end with a line.
  return collectionOf(type) === collection && own === key && !key.includes("\n");
}

function absent(error: unknown): undefined {
  if (!isStatus(error, "NotFound")) throw error;
}
