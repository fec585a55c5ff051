import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiTransport } from "../apis/api-transport.ts";
import { errorCode, errorText } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { TransportResourceClient } from "../kube/transport-resource-client.ts";
import type { Collection } from "../replication/source.ts";
import { SourceStream } from "../replication/source-stream.ts";
import {
  type ApiCondition,
  STATUS_COLLECTION,
  STATUS_KEY,
  StatusCollection,
  statusOf,
} from "./cluster-status.ts";
import type { ReportMode } from "./report-modes.ts";
import { ReportedKind } from "./reported-kind.ts";
import { REPORTED_TYPES } from "./reported-types.ts";
import { serverVersion } from "./server-version.ts";

/** What a reporter works with. */
export interface ReporterParts {
  /** The cluster's own API. */
  readonly transport: ApiTransport;
  /** What is reported of which kind. */
  readonly modes: ReadonlyMap<string, ReportMode>;
  /** How often the status is said anew although nothing has changed, in milliseconds. */
  readonly intervalMs: number;
  readonly log: Logger;
}

/** Changes of so many milliseconds make one new status. */
const GATHER_MS = 200;
/** Longest time that the API may take to say its version, in milliseconds. */
const ANSWER_MS = 10_000;

/** The edge's half of reports: knows the state of this cluster, and tells everybody who follows it. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #kinds = new Map<string, ReportedKind>();
  readonly #status = new StatusCollection();
  readonly #collections = new Map<string, Collection>([[STATUS_COLLECTION, this.#status]]);
  readonly #statusOnly = new Map<string, Collection>([[STATUS_COLLECTION, this.#status]]);
  readonly #ended = new AbortController();
  readonly #followers = new Set<SourceStream>();
  #isStale = false;
  #wake: () => void = () => {};
  #onAnswer: () => void = () => {};
  #version: string | undefined;
  #api: ApiCondition | undefined;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    const client = new TransportResourceClient(parts.transport);
    for (const [name, mode] of parts.modes) {
      const row = REPORTED_TYPES[name];
      if (row === undefined || mode === "none") continue;
      const kind = new ReportedKind(row, mode, {
        client,
        log: parts.log,
        onChange: (key) => this.#changed(name, key),
        onFacts: () => this.#stale(),
      });
      this.#kinds.set(name, kind);
      if (mode === "objects") this.#collections.set(name, kind);
    }
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#ended.abort(), { once: true });
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.all([
      this.#watchKinds(answered, signal),
      this.#sayStatus(signal),
      this.#askVersion(signal),
    ]);
  }

  /** Watches from the API's first answer on: one that never answers is asked for its version only. */
  async #watchKinds(answered: Promise<void>, signal: AbortSignal): Promise<void> {
    await answered;
    if (!signal.aborted)
      await Promise.all(Array.from(this.#kinds.values(), (kind) => kind.run(signal)));
  }

  /** Tells whoever is at the other end of `stream` everything, or the status alone, until it ends. Never rejects. */
  async serve(stream: Duplex, what: "all" | "status"): Promise<void> {
    const collections = what === "all" ? this.#collections : this.#statusOnly;
    const follower = new SourceStream(stream, () => collections);
    this.#followers.add(follower);
    await follower.run(this.#ended.signal);
    this.#followers.delete(follower);
  }

  #changed(collection: string, key: string | undefined): void {
    for (const follower of this.#followers) {
      if (key === undefined) follower.wake();
      else follower.mark(collection, key);
    }
  }

  #stale(): void {
    this.#isStale = true;
    this.#wake();
  }

  async #sayStatus(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      if (!this.#isStale)
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      await sleep(GATHER_MS, undefined, { signal }).catch(() => {});
      this.#isStale = false;
      if (this.#api === undefined || signal.aborted) continue;
      const facts = new Map(Array.from(this.#kinds, ([name, kind]) => [name, kind.facts()]));
      const rest = { reportedAt: now(), kubernetesVersion: this.#version, api: this.#api };
      this.#status.set(statusOf(facts, rest));
      this.#changed(STATUS_COLLECTION, STATUS_KEY);
      this.#changed(STATUS_COLLECTION, undefined);
    }
  }

  /** The API's version, and with it whether there is an API, again and again. */
  async #askVersion(signal: AbortSignal): Promise<void> {
    const { transport, intervalMs, log } = this.#parts;
    while (!signal.aborted) {
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
        this.#version = await serverVersion(transport, limit);
        this.#onAnswer();
        this.#reached("True", "Answered", "The Kubernetes API answers");
      } catch (error) {
        if (signal.aborted) return;
        // A light shim has no reports: there is nothing wrong, and nothing to say.
        if (isWithout(error)) {
          await sleep(intervalMs, undefined, { signal }).catch(() => {});
          continue;
        }
        log.warn({ code: errorCode(error), text: errorText(error) }, "the API does not answer");
        this.#reached("False", "NoAnswer", errorText(error).slice(0, 500));
      }
      this.#stale();
      // An API that is away is asked again soon: whoever looks wants to see it come back.
      const pause = this.#api?.status === "True" ? intervalMs : Math.min(intervalMs, 5_000);
      await sleep(pause * (0.9 + Math.random() / 5), undefined, { signal }).catch(() => {});
    }
  }

  #reached(status: "True" | "False", reason: string, message: string): void {
    const isSame = this.#api?.status === status;
    const lastTransitionTime = (isSame ? this.#api?.lastTransitionTime : undefined) ?? now();
    this.#api = { status, reason, message, lastTransitionTime };
  }
}

/** Whether the way to the API says that it does not take requests of ours at all. */
function isWithout(error: unknown): boolean {
  return error instanceof Error && errorCode(error.cause) === "NO_API";
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
