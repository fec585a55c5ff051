import type { KubeObject, ResourceType } from "../apis/object.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import type { Logger } from "../base/log.ts";
import { Informer } from "../kube/informer.ts";
import { collectionOf, PROPAGATED_BY_LABEL } from "./propagated-objects.ts";

/** Sees every change of objects that have come from an entry point; one watch for each kind there is. */
export class DriftWatch {
  readonly #client: ResourceClient;
  readonly #log: Logger;
  readonly #onChange: (entry: string, type: ResourceType, key: string) => void;
  readonly #watched = new Map<string, ResourceType>();
  readonly #jobs = new Set<Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(
    client: ResourceClient,
    log: Logger,
    onChange: (entry: string, type: ResourceType, key: string) => void,
  ) {
    this.#client = client;
    this.#log = log;
    this.#onChange = onChange;
  }

  /** Looks at the objects of a kind from now on. */
  watch(type: ResourceType): void {
    const name = collectionOf(type);
    if (this.#watched.has(name)) return;
    this.#watched.set(name, type);
    if (this.#signal !== undefined) this.#open(type, this.#signal);
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const type of this.#watched.values()) this.#open(type, signal);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.all(this.#jobs);
  }

  #open(type: ResourceType, signal: AbortSignal): void {
    const informer = new Informer(this.#client, type, {
      labelSelector: PROPAGATED_BY_LABEL,
      log: this.#log,
      trim: ({ apiVersion, kind, metadata }) => {
        const { name, namespace, uid, resourceVersion, labels = {} } = metadata;
        const entry = labels[PROPAGATED_BY_LABEL] ?? "";
        const kept = { name, namespace, uid, resourceVersion };
        return {
          apiVersion,
          kind,
          metadata: { ...kept, labels: { [PROPAGATED_BY_LABEL]: entry } },
        };
      },
      onChange: (key, now, before) => {
        const entries = new Set([entryOf(now), entryOf(before)]);
        for (const entry of entries) if (entry !== undefined) this.#onChange(entry, type, key);
      },
    });
    const job = informer.run(signal).finally(() => this.#jobs.delete(job));
    this.#jobs.add(job);
  }
}

function entryOf(object: KubeObject | undefined): string | undefined {
  return object?.metadata.labels?.[PROPAGATED_BY_LABEL];
}
