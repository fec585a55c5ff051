import type { KubeObject } from "../apis/object.ts";
import type { ResourceClient } from "../apis/resource-client.ts";
import type { Logger } from "../base/log.ts";
import { Informer } from "../kube/informer.ts";
import { versionOf } from "../replication/digest.ts";
import type { Version } from "../replication/message.ts";
import type { Collection } from "../replication/source.ts";
import type { Facts } from "./facts.ts";
import { MAX_OBJECT } from "./mirror-room.ts";
import { pick } from "./pick.ts";
import type { ReportMode } from "./report-modes.ts";
import type { ReportedType } from "./reported-types.ts";

/** What is kept of an object: enough to report it and to count it. */
interface Trimmed extends KubeObject {
  readonly facts: Facts;
  /** Absent where only numbers are reported, and of what is too large. */
  readonly report?: { readonly version: Version; readonly object: unknown };
}

/** What a reported kind works with. */
export interface ReportedKindParts {
  readonly client: Pick<ResourceClient, "list" | "watch">;
  readonly log: Logger;
  /** An object is to be reported anew; without a key everything is known now. */
  readonly onChange: (key?: string) => void;
  /** The numbers may be others now. */
  readonly onFacts: () => void;
}

/** The objects of one kind in this cluster, as they are reported. */
export class ReportedKind implements Collection {
  readonly #informer: Informer<Trimmed>;
  readonly #onKnown: () => void;
  #isKnown = false;

  constructor(row: ReportedType, mode: ReportMode, parts: ReportedKindParts) {
    const { client, log, onChange, onFacts } = parts;
    this.#onKnown = () => {
      onChange();
      onFacts();
    };
    this.#informer = new Informer<Trimmed>(client, row.type, {
      log,
      trim: (object) => trimmed(row, mode, object),
      onChange: (key, object, previous) => {
        if (object?.report?.version !== previous?.report?.version) onChange(key);
        onFacts();
      },
    });
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    void this.#informer.synced.then(() => {
      this.#isKnown = !signal.aborted;
      this.#onKnown();
    });
    await this.#informer.run(signal);
  }

  /** What every object adds to the numbers; undefined as long as they are not known. */
  facts(): readonly Facts[] | undefined {
    return this.#isKnown
      ? Array.from(this.#informer.objects.values(), ({ facts }) => facts)
      : undefined;
  }

  entries(): Iterable<readonly [string, Version]> | undefined {
    return this.#isKnown ? this.#entries() : undefined;
  }

  get(key: string): { readonly version: Version; readonly object: unknown } | undefined {
    return this.#informer.objects.get(key)?.report;
  }

  *#entries(): Generator<readonly [string, Version]> {
    for (const [key, { report }] of this.#informer.objects)
      if (report !== undefined) yield [key, report.version];
  }
}

function trimmed(row: ReportedType, mode: ReportMode, object: KubeObject): Trimmed {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion, labels, creationTimestamp } = metadata;
  const identity = { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } };
  const facts = row.facts(object);
  if (mode !== "objects") return { ...identity, facts };
  const reported = {
    metadata: { name, namespace, uid, labels, creationTimestamp },
    ...(pick(object, row.keep) as object | undefined),
  };
  const text = JSON.stringify(reported);
  // The centre would not take it, whatever else it takes.
  if (text.length > MAX_OBJECT) return { ...identity, facts };
  const version = versionOf(text);
  return { ...identity, facts, report: { version, object: reported } };
}
