import type { ApiResponse } from "../../apis/api-transport.ts";
import { StatusError } from "../../apis/status.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { Attributes } from "../access/attributes.ts";
import { ADMIN_GROUP } from "../access/users.ts";
import type { User } from "../request/operation.ts";
import type { ServerRequest } from "../request/server-request.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import { withEnd } from "./body-end.ts";

/** How many requests may be answered at the same time; 0 is any number. */
export interface TrafficLimits {
  readonly reads: number;
  readonly writes: number;
  readonly watches: number;
}

export const DEFAULT_TRAFFIC_LIMITS: TrafficLimits = { reads: 400, writes: 200, watches: 20_000 };

/** The seconds after which somebody who was turned away may come again. */
const RETRY_SECONDS = 1;

type Lane = keyof TrafficLimits;

/** How metrics call the lanes. */
const REQUEST_KINDS: Readonly<Record<Lane, string>> = {
  reads: "readOnly",
  writes: "mutating",
  watches: "watch",
};
const READS = new Set(["get", "list"]);
const VERBS: Readonly<Record<string, string>> = {
  create: "POST",
  update: "PUT",
  delete: "DELETE",
  deletecollection: "DELETECOLLECTION",
};
const KNOWN_VERBS = new Set(["get", "list", "watch", "patch", ...Object.keys(VERBS)]);

/** What a request wants, and the place it got; each is there once it is known. */
export interface Passage {
  wanted?: Attributes;
  lane?: Lane;
}

/** Counts the requests, and turns away those that are too many. */
export class Traffic {
  readonly #metrics: Metrics;
  readonly #types: TypeRegistry;
  readonly #limits: TrafficLimits;
  readonly #open: Record<Lane, number> = { reads: 0, writes: 0, watches: 0 };
  readonly #watching = new Map<string, number>();

  constructor(metrics: Metrics, types: TypeRegistry, limits: TrafficLimits) {
    this.#metrics = metrics;
    this.#types = types;
    this.#limits = limits;
  }

  /** Gives a request of `user` its place, until its answer has ended. Throws 429 when there is none. */
  enter(passage: Passage, user: User, wanted: Attributes): void {
    const lane = laneOf(wanted);
    const limit = this.#limits[lane];
    const isExempt = user.groups.includes(ADMIN_GROUP);
    if (limit > 0 && this.#open[lane] >= limit && !isExempt) {
      this.#metrics.count("apiserver_dropped_requests_total", {
        request_kind: REQUEST_KINDS[lane],
      });
      throw StatusError.of("TooManyRequests", "Too many requests, please try again later.", {
        retryAfterSeconds: RETRY_SECONDS,
      });
    }
    passage.lane = lane;
    this.#move(lane, this.#resource(wanted), 1);
  }

  /** `response`, of which the end is counted and gives its place back. */
  follow(
    passage: Passage,
    { method, signal }: ServerRequest,
    response: ApiResponse,
    began: number,
  ): ApiResponse {
    const { wanted, lane } = passage;
    const resource = wanted === undefined ? "" : this.#resource(wanted);
    const verb = verbText(wanted, method);
    const code = String(response.status);
    this.#metrics.count("apiserver_request_total", { verb, resource, code });
    const body = withEnd(response.body, signal, () => {
      if (lane !== undefined) this.#move(lane, resource, -1);
      if (lane === "watches") return;
      const seconds = (performance.now() - began) / 1000;
      this.#metrics.observe("apiserver_request_duration_seconds", seconds, { verb, resource });
    });
    return { ...response, body };
  }

  #move(lane: Lane, resource: string, by: 1 | -1): void {
    this.#open[lane] += by;
    if (lane !== "watches") {
      const request_kind = REQUEST_KINDS[lane];
      this.#metrics.gauge("apiserver_current_inflight_requests", this.#open[lane], {
        request_kind,
      });
      return;
    }
    const watching = (this.#watching.get(resource) ?? 0) + by;
    this.#watching.set(resource, watching);
    this.#metrics.gauge("apiserver_longrunning_requests", watching, { resource });
  }

  /** Only what is served is named: callers could invent any number of others. */
  #resource(wanted: Attributes): string {
    if (wanted.kind !== "resource") return "";
    const { group, version, resource } = wanted;
    return this.#types.find(group, version, resource) === undefined ? "" : resource;
  }
}

function laneOf(wanted: Attributes): Lane {
  if (wanted.kind === "path") return "reads";
  if (wanted.verb === "watch") return "watches";
  return READS.has(wanted.verb) ? "reads" : "writes";
}

function verbText(wanted: Attributes | undefined, method: string): string {
  if (wanted?.kind !== "resource") return method === "GET" ? "GET" : "other";
  const { verb } = wanted;
  if (!KNOWN_VERBS.has(verb)) return "other";
  return VERBS[verb] ?? verb.toUpperCase();
}
