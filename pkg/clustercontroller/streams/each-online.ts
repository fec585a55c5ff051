import { attempts } from "../../base/backoff.ts";
import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LogLimit } from "../../base/log-limit.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { ClusterName } from "../../wire/names.ts";

/** What is done with each cluster that is online. */
export interface EachOnlineParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What it is, for the log. */
  readonly what: string;
  /** The names from the top of the tree to a cluster; undefined if there is no way to it now. */
  readonly path: (cluster: ClusterName) => readonly ClusterName[] | undefined;
  /** Talks to a cluster until that ends; resolves to the reason. */
  readonly once: (
    cluster: ClusterName,
    path: readonly ClusterName[],
    signal: AbortSignal,
  ) => Promise<unknown>;
}

/** A conversation that lasted this long was a good one: the next wait is short again. In milliseconds. */
const GOOD_MS = 30_000;
/** Waits before a cluster is asked again, in milliseconds. */
const RETRY = { first: 500, longest: 60_000 };
/** What a cluster says that will say the same again, until it or what it may is another. */
const HOPELESS = new Set(["NO_SERVICE", "NOT_GRANTED"]);
/** So long it is left alone then, in milliseconds. */
const HOPELESS_MS = 10 * 60_000;

/** Lines in a minute of all clusters below one child, which may come and go as it likes. */
const LINES = 200;

/** Talks to every cluster that is online, again and again, and to none that is not. */
export class EachOnline {
  readonly #parts: EachOnlineParts;
  readonly #lines: LogLimit;
  readonly #busy = new Map<ClusterName, Promise<void>>();
  /** Ends the wait for a cluster that had nothing to say. */
  readonly #wakes = new Map<ClusterName, () => void>();
  readonly #ended = new AbortController();

  constructor(parts: EachOnlineParts) {
    this.#parts = parts;
    this.#lines = new LogLimit(parts.log, parts.metrics, { lines: LINES });
  }

  /** Whether somebody talks to that cluster, or is about to. */
  has(name: string): boolean {
    return this.#busy.has(name as ClusterName);
  }

  /** There may be a way to these clusters now. */
  changed(names: Iterable<ClusterName>): void {
    for (const name of names) {
      this.#wakes.get(name)?.();
      const isIdle = !this.#ended.signal.aborted && !this.#busy.has(name);
      if (!isIdle || this.#parts.path(name) === undefined) continue;
      const work = this.#whileOnline(name)
        .catch((err: unknown) => {
          if (!this.#ended.signal.aborted)
            this.#parts.log.error({ cluster: name, err }, `cannot go on with ${this.#parts.what}`);
        })
        .finally(() => {
          this.#busy.delete(name);
          // A way may have come back at the very end.
          setImmediate(() => this.changed([name]));
        });
      this.#busy.set(name, work);
    }
  }

  /** Ends all conversations; resolves when they have ended. */
  async end(): Promise<void> {
    this.#ended.abort();
    for (const wake of this.#wakes.values()) wake();
    await Promise.all(this.#busy.values());
  }

  async #whileOnline(name: ClusterName): Promise<void> {
    while (this.#parts.path(name) !== undefined && !this.#ended.signal.aborted)
      await this.#whileGood(name);
  }

  async #whileGood(name: ClusterName): Promise<void> {
    const { path: pathOf, once, what } = this.#parts;
    for await (const { delay } of attempts(this.#ended.signal, RETRY)) {
      const path = pathOf(name);
      if (path === undefined) return;
      const startedAt = performance.now();
      const reason = await once(name, path, this.#ended.signal);
      const text = errorText(reason ?? "the stream ended");
      const log = this.#lines.of(path[1] ?? name);
      log.info({ cluster: name, code: errorCode(reason), text, delay }, `${what} ended`);
      if (HOPELESS.has(errorCode(reason))) await this.#leaveAlone(name);
      if (performance.now() - startedAt >= GOOD_MS) return;
    }
  }

  /** Waits a long time, or until there is news of the cluster. */
  async #leaveAlone(name: ClusterName): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, HOPELESS_MS);
      this.#wakes.set(name, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#wakes.delete(name);
  }
}
