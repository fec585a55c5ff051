import type { Notice, Version } from "../replication/message.ts";

/** What has become of one object at the clusters to which it goes. */
interface Outcome {
  version: Version;
  readonly applied: Set<string>;
  readonly failed: Map<string, string>;
  corrected: number;
  lastCorrected: string | undefined;
}

/** Most failures that are named. */
const MAX_NAMED = 10;

/** What is said of an object at its entry point. */
export interface PropagationStatus {
  readonly selected: number;
  readonly applied: number;
  readonly failed: number;
  /** Clusters that have not said anything of the present version yet: offline, or still at it. */
  readonly pending: number;
  /** How often somebody had changed it at a cluster, since the entry point's start. */
  readonly corrected?: number;
  readonly lastCorrected?: string;
  /** The first of the failures, by cluster. */
  readonly failures?: Readonly<Record<string, string>>;
}

/** Gathers what clusters say of the objects that went to them. Pure. */
export class Outcomes {
  readonly #records = new Map<string, Outcome>();

  /** A cluster says something. */
  hear(cluster: string, { collection, key, version, state, text }: Notice): void {
    const name = `${collection}\n${key}`;
    let record = this.#records.get(name);
    if (record === undefined) {
      record = {
        version,
        applied: new Set(),
        failed: new Map(),
        corrected: 0,
        lastCorrected: undefined,
      };
      this.#records.set(name, record);
    }
    if (record.version !== version) return;
    if (state === "failed") {
      record.applied.delete(cluster);
      record.failed.set(cluster, text);
      return;
    }
    record.failed.delete(cluster);
    record.applied.add(cluster);
    if (state !== "corrected") return;
    record.corrected += 1;
    record.lastCorrected = cluster;
  }

  /** The object is another one now: nobody has said anything of this version yet. */
  changed(collection: string, key: string, version: Version): void {
    const name = `${collection}\n${key}`;
    const { corrected = 0, lastCorrected } = this.#records.get(name) ?? {};
    if (this.#records.get(name)?.version === version) return;
    this.#records.set(name, {
      ...{ version, corrected, lastCorrected },
      applied: new Set(),
      failed: new Map(),
    });
  }

  /** The object is gone. */
  forget(collection: string, key: string): void {
    this.#records.delete(`${collection}\n${key}`);
  }

  /** What is to be said of an object that goes to these clusters. */
  status(collection: string, key: string, selected: readonly string[]): PropagationStatus {
    const record = this.#records.get(`${collection}\n${key}`);
    const applied = selected.filter((name) => record?.applied.has(name) === true).length;
    const failed = selected.filter((name) => record?.failed.has(name) === true).sort();
    const named = failed.slice(0, MAX_NAMED).map((name) => [name, record?.failed.get(name) ?? ""]);
    return {
      selected: selected.length,
      applied,
      failed: failed.length,
      pending: selected.length - applied - failed.length,
      ...(record === undefined || record.corrected === 0
        ? {}
        : { corrected: record.corrected, lastCorrected: record.lastCorrected ?? "" }),
      ...(named.length === 0 ? {} : { failures: Object.fromEntries(named) }),
    };
  }
}
