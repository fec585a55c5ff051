import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Which values a labelled metric belongs to. */
export type Labels = Readonly<Record<string, string>>;

/** The numbers a program shows on /metrics. Names are full Prometheus names; a metric exists once it is asked for. */
export interface Metrics {
  /** Adds `by` (default 1) to a counter. */
  count(name: string, labels?: Labels, by?: number): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: Labels): void;
  /** Records one value in a histogram; the unit is part of the name (`_seconds`, `_bytes`). */
  observe(name: string, value: number, labels?: Labels): void;
}

/** Metrics that can be shown, too. */
export interface ShownMetrics extends Metrics {
  /** Calls `refresh`, which sets gauges that are cheaper to ask for than to keep, each time before they are shown. */
  beforeShown(refresh: () => void): Disposable;
  /** The exposition text, and its content type. */
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** One row of the table of metrics: its kind, its meaning and its label names. */
export interface MetricRow {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
}

/** The metrics of every program. */
export const BASE_METRICS = {
  ote_log_lines_left_out_total: {
    kind: "counter",
    help: "Lines that one peer made us say too often, and that the log does not have",
  },
} as const satisfies Record<string, MetricRow>;

/**
 * Metrics kept by prom-client. A name that has no row is a programming error and throws, so that
 * the table (and docs/operations.md, which a test compares with it) is complete.
 */
export class PrometheusMetrics implements ShownMetrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #refreshers = new Set<() => void>();

  constructor(table: Readonly<Record<string, MetricRow>>) {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, row] of Object.entries<MetricRow>({ ...BASE_METRICS, ...table })) {
      const options = {
        name,
        help: row.help,
        labelNames: [...(row.labels ?? [])],
        registers: [this.#registry],
      };
      if (row.kind === "counter") this.#counters.set(name, new Counter(options));
      else if (row.kind === "gauge") this.#gauges.set(name, new Gauge(options));
      else {
        const buckets = row.buckets === undefined ? {} : { buckets: [...row.buckets] };
        this.#histograms.set(name, new Histogram({ ...options, ...buckets }));
      }
    }
  }

  count(name: string, labels: Labels = {}, by = 1): void {
    known(this.#counters, name).inc(labels, by);
  }

  gauge(name: string, value: number, labels: Labels = {}): void {
    known(this.#gauges, name).set(labels, value);
  }

  observe(name: string, value: number, labels: Labels = {}): void {
    known(this.#histograms, name).observe(labels, value);
  }

  beforeShown(refresh: () => void): Disposable {
    this.#refreshers.add(refresh);
    return { [Symbol.dispose]: () => this.#refreshers.delete(refresh) };
  }

  async expose(): Promise<{ readonly text: string; readonly contentType: string }> {
    for (const refresh of this.#refreshers) refresh();
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}

function known<T>(metrics: Map<string, T>, name: string): T {
  const metric = metrics.get(name);
  if (metric === undefined) throw new TypeError(`Cannot record metric "${name}": it has no row`);
  return metric;
}

/** Metrics that nobody reads, for tests and tools. */
export const noMetrics: ShownMetrics = {
  count() {},
  gauge() {},
  observe() {},
  beforeShown: () => ({ [Symbol.dispose]() {} }),
  expose: async () => ({ text: "", contentType: "text/plain; version=0.0.4; charset=utf-8" }),
};
