import { type Include, type RowBatch, readAnswer } from "./answer-rows.ts";
import type { ClusterAnswer, ClusterApi } from "./cluster-api.ts";
import { discover } from "./discovery.ts";
import { type ClusterFailedError, refusalOf, statusIn } from "./failure.ts";
import {
  type ResourceName,
  type ResourcePlace,
  resourcePath,
  type ServedResource,
  shownResource,
} from "./resource-name.ts";

/** What every cluster is asked. */
export interface Question {
  /** A path with its query, or objects of a resource. */
  readonly target:
    | { readonly kind: "path"; readonly path: string }
    | ({ readonly kind: "resource"; readonly resource: ResourceName } & ResourcePlace);
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly include: Include;
}

/** Where it is remembered what a resource was found to be, in whatever cluster. */
export interface ResourceMemory {
  known(name: ResourceName): ServedResource | undefined;
  learn(name: ResourceName, resource: ServedResource): void;
}

/** Rows of a cluster on their way, and what they are, if that is known. */
export interface ToldRows extends RowBatch {
  readonly resource: string | undefined;
}

/** From where, how much and to whom a cluster is to tell. */
export interface Telling {
  /** With what that API continues; "" from the beginning. */
  readonly from: string;
  /** After so many rows it ends. */
  readonly maxRows: number;
  readonly memory: ResourceMemory;
  readonly tell: (rows: ToldRows) => Promise<void>;
}

/** Rows that are asked for at a time, as kubectl does. */
const CHUNK_ROWS = 500;
/** Bytes that are read of a refusal. */
const MAX_REFUSAL = 64 * 1024;

const TABLE = ["v1", "v1beta1"]
  .map((version) => `application/json;as=Table;v=${version};g=meta.k8s.io`)
  .concat("application/json")
  .join(",");
/** Everything else has a better name: who only speaks of this kind is asked once more. */
const ANYTHING = "application/json, */*";

/**
 * Asks one cluster, chunk by chunk, until it has told everything or `maxRows` rows; resolves with what it
 * continues with ("" if that was all). Rejects with a ClusterFailedError, or as the proxy does.
 */
export async function askCluster(
  api: ClusterApi,
  question: Question,
  telling: Telling,
): Promise<string> {
  const asking = new Asking(api, question, telling.memory);
  let left = telling.maxRows;
  let next = telling.from;
  do {
    next = await asking.chunk(next, Math.min(left, CHUNK_ROWS), async (rows) => {
      left -= rows.rows.length;
      await telling.tell(rows);
    });
  } while (next !== "" && left > 0);
  return next;
}

type Tell = (rows: ToldRows) => Promise<void>;

class Asking {
  readonly #api: ClusterApi;
  readonly #question: Question;
  readonly #memory: ResourceMemory;
  #accept = TABLE;
  #resource: ServedResource | undefined;
  /** Whether this very cluster has said what the resource is. */
  #isSure = false;

  constructor(api: ClusterApi, question: Question, memory: ResourceMemory) {
    this.#api = api;
    this.#question = question;
    this.#memory = memory;
  }

  /** One request, and those that it takes to know how to make it. */
  async chunk(from: string, limit: number, tell: Tell): Promise<string> {
    const path = await this.#path(from, limit);
    const answered = await this.#api.get(path, this.#accept, (answer) => this.#read(answer, tell));
    if (typeof answered === "string") return answered;
    if (answered.again) return this.chunk(from, limit, tell);
    throw answered.refusal;
  }

  async #read(
    answer: ClusterAnswer,
    tell: Tell,
  ): Promise<string | { readonly again: boolean; readonly refusal: ClusterFailedError }> {
    const { status, contentType } = answer;
    if (status !== 200) {
      const text = await this.#api.text(answer, MAX_REFUSAL);
      return { again: this.#canDoBetter(status, text), refusal: refusalOf(status, text) };
    }
    const rows = readAnswer(contentType, this.#question.include);
    const resource = this.#resource && shownResource(this.#resource);
    for await (const piece of answer.pieces(() => rows.held)) {
      const batch = rows.feed(piece);
      if (batch !== undefined) await tell({ ...batch, resource });
    }
    const { last, next } = rows.end();
    if (last !== undefined) await tell({ ...last, resource });
    return next;
  }

  /** Whether there is another way to ask that may do. */
  #canDoBetter(status: number, text: string): boolean {
    if (status === 406 && this.#accept === TABLE) {
      this.#accept = ANYTHING;
      return true;
    }
    const isGuess = this.#resource !== undefined && !this.#isSure;
    const isOfName = (statusIn(text)?.details?.name ?? "") !== "";
    if (status !== 404 || !isGuess || isOfName) return false;
    this.#resource = undefined;
    this.#isSure = true;
    return true;
  }

  async #path(from: string, limit: number): Promise<string> {
    const { target, labelSelector, fieldSelector, include } = this.#question;
    const [path = "", given = ""] =
      target.kind === "path"
        ? splitQuery(target.path)
        : [resourcePath(await this.#served(target.resource), target)];
    const query = new URLSearchParams(given);
    const isOne = target.kind === "resource" && target.name !== "";
    const wanted = { labelSelector, fieldSelector, continue: from, includeObject: include };
    for (const [name, value] of Object.entries(wanted))
      if (value !== "" && !query.has(name)) query.set(name, value);
    if (!isOne && !query.has("limit")) query.set("limit", String(limit));
    return `${path}?${query}`;
  }

  async #served(name: ResourceName): Promise<ServedResource> {
    if (this.#resource !== undefined) return this.#resource;
    const known = this.#isSure ? undefined : this.#memory.known(name);
    if (known === undefined) {
      this.#resource = await discover(this.#api, name);
      this.#isSure = true;
      this.#memory.learn(name, this.#resource);
    } else this.#resource = known;
    return this.#resource;
  }
}

function splitQuery(path: string): readonly [string, string] {
  const at = path.indexOf("?");
  return at < 0 ? [path, ""] : [path.slice(0, at), path.slice(at + 1)];
}
