import type { Duplex } from "node:stream";
import type { ApiTransport } from "../../apis/api-transport.ts";
import type { ProxyAnswer, ProxyRequest } from "../../apis/cluster-proxy.ts";
import type { QueryEvent } from "../../apis/cluster-query.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import type { Message } from "../../wire/message.ts";
import { type ClusterName, clusterName, type Tags } from "../../wire/names.ts";
import { Streams } from "../streams/streams.ts";
import type { QueryCaller } from "./choose-clusters.ts";
import { ClusterQueries, type ClusterQuery } from "./cluster-queries.ts";
import type { GateLimits } from "./gate.ts";
import { parseQuery, type QueryForm } from "./query-request.ts";

/** What the API of a test cluster does with a request. */
export type TestApi = (
  request: ProxyRequest,
  body: Duplex,
  answer: (head: ProxyAnswer) => void,
) => void;

/** One cluster of a test: how its API behaves; without one it is offline. */
export interface TestCluster {
  readonly tags?: Tags;
  readonly api?: TestApi | undefined;
}

/**
 * A root, a region and clusters below it in this process: real streams with their flow control, over links that are
 * calls.
 */
export class TestClusters {
  readonly queries: ClusterQueries;
  readonly root: Streams;
  readonly region: Streams;
  /** Clusters that were asked, in order; a cluster comes once for each request. */
  readonly asked: string[] = [];
  /** Bytes that the clusters could send up to now. */
  sent = 0;
  /** Messages that went over any link. */
  moved = 0;
  readonly #streams = new Map<string, Streams>();
  readonly #clusters: ReadonlyMap<string, TestCluster>;

  constructor(clusters: Readonly<Record<string, TestCluster>>, limits?: GateLimits) {
    this.#clusters = new Map(Object.entries(clusters));
    const region = clusterName("region");
    const here = { log: silentLog, guard: undefined, api: undefined, room: () => undefined };
    this.root = new Streams({
      ...here,
      self: clusterName("root"),
      nextHop: (name) => (this.#clusters.get(name)?.api === undefined ? undefined : region),
      send: (_, message) => this.#move(() => this.region.hear("", message as never)),
    });
    this.region = new Streams({
      ...here,
      self: region,
      nextHop: (name) => name,
      send: (to, message) => this.#fromRegion(to, message),
    });
    for (const [name, { api }] of this.#clusters) if (api !== undefined) this.#join(name, api);
    this.queries = new ClusterQueries({
      clusters: this.root,
      directory: {
        known: () =>
          [...this.#clusters].map(([name, { tags = {} }]) => ({ name: clusterName(name), tags })),
        isOnline: (name) => this.#clusters.get(name)?.api !== undefined,
      },
      log: silentLog,
      metrics: noMetrics,
      limits,
    });
  }

  /** The link to a cluster is lost. */
  cut(name: string): void {
    this.region.lost(name as ClusterName);
    this.#streams.get(name)?.lost("");
  }

  /** Streams that are open anywhere. */
  get open(): number {
    const ends = [this.root, this.region, ...this.#streams.values()];
    return ends.reduce((sum, streams) => sum + streams.size, 0);
  }

  ask(
    parameters: Readonly<Record<string, string>>,
    {
      caller = everything,
      signal = new AbortController().signal,
      form = "stream",
    }: {
      readonly caller?: QueryCaller;
      readonly signal?: AbortSignal;
      readonly form?: QueryForm;
    } = {},
  ): AsyncGenerator<QueryEvent, void> {
    return this.queries.ask(queryOf(parameters, form), caller, signal);
  }

  #join(name: string, api: TestApi): void {
    const self = clusterName(name);
    const streams = new Streams({
      self,
      log: silentLog,
      guard: undefined,
      api: {
        serve: (request, body, answer) => {
          this.asked.push(name);
          api(request, body, answer);
        },
      },
      nextHop: () => undefined,
      send: (_, message) => {
        if (message.kind === "data") this.sent += message.bytes.length;
        this.#move(() => this.region.hear(self, message as never));
      },
      room: () => undefined,
    });
    this.#streams.set(name, streams);
  }

  #move(arrive: () => void): void {
    this.moved++;
    setImmediate(arrive);
  }

  #fromRegion(to: ClusterName | "", message: Message): void {
    this.#move(() => {
      if (to === "") this.root.hear(clusterName("region"), message as never);
      else this.#streams.get(to)?.hear("", message as never);
    });
  }
}

/** Turns of the event loop in which a message would have come that is on its way. */
const QUIET_TURNS = 200;

/** Waits until the clusters of a test have nothing more to do: no message moves, however slow the machine is. */
export async function quiet(clusters: TestClusters): Promise<void> {
  let before = -1;
  for (let turns = 0; turns < QUIET_TURNS; turns++) {
    await new Promise(setImmediate);
    if (clusters.moved !== before) turns = 0;
    before = clusters.moved;
  }
}

/** Somebody who may everything. */
export const everything: QueryCaller = {
  user: { name: "admin", groups: ["system:masters"] },
  mayReach: async () => true,
  mayList: async () => true,
};

/** The query that a URL with these parameters makes. */
export function queryOf(
  parameters: Readonly<Record<string, string>>,
  form: QueryForm = "stream",
): ClusterQuery {
  const all = { clusters: "*", ...parameters };
  const resource = "path" in all ? {} : { resource: "pods" };
  return parseQuery(`/api/v1/query?${new URLSearchParams({ ...resource, ...all })}`, form);
}

/** All events of an answer. */
export async function gathered(events: AsyncIterable<QueryEvent>): Promise<QueryEvent[]> {
  const all: QueryEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** The events of one type. */
export function of<T extends QueryEvent["type"]>(
  events: readonly QueryEvent[],
  type: T,
): (QueryEvent & { type: T })[] {
  return events.filter((event): event is QueryEvent & { type: T } => event.type === type);
}

/** An API that answers with this JSON, or text. */
export function answering(
  value: unknown,
  { status = 200, type = "application/json" }: { status?: number; type?: string } = {},
): TestApi {
  return (_, body, answer) => {
    answer({ status, headers: [["content-type", type]] });
    body.resume();
    body.end(typeof value === "string" ? value : JSON.stringify(value));
  };
}

/** A Table of pods with those names, without anything else. */
export function podTable(names: readonly string[], next = ""): object {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: next === "" ? {} : { continue: next },
    columnDefinitions: [
      { name: "Name", type: "string", format: "name", description: "", priority: 0 },
      { name: "Status", type: "string", format: "", description: "", priority: 0 },
    ],
    rows: names.map((name) => ({
      cells: [name, "Running"],
      object: { kind: "PartialObjectMetadata", metadata: { name, namespace: "shop" } },
    })),
  };
}

/** Pods in pages, as a Kubernetes API does it: `limit` rows, and the rest with `continue`. */
export function podsInPages(names: readonly string[]): TestApi {
  return ({ path }, body, answer) => {
    const query = new URL(path, "http://cluster").searchParams;
    const first = Number(query.get("continue") ?? 0);
    const last = first + Number(query.get("limit") ?? names.length);
    const next = last < names.length ? String(last) : "";
    answering(podTable(names.slice(first, last), next))({ path } as ProxyRequest, body, answer);
  };
}

/** The API of a transport, as who it is. */
export function behind(transport: ApiTransport): TestApi {
  return ({ method, path, headers }, body, answer) => {
    const gone = new AbortController();
    body.once("close", () => gone.abort());
    body.resume();
    const names = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
    const request = { method, path, headers: Object.fromEntries(names) };
    void transport.request(request, gone.signal).then(async (response) => {
      answer({ status: response.status, headers: Object.entries(response.headers) });
      for await (const piece of response.body) body.write(piece);
      body.end();
    });
  };
}
