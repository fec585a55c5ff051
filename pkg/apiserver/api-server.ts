import type { ApiResponse } from "../apis/api-transport.ts";
import { type Status, StatusError } from "../apis/status.ts";
import { errorCode, errorText } from "../base/errors.ts";
import { noMetrics, type ShownMetrics } from "../base/metrics.ts";
import { Access } from "./access/access.ts";
import { attributesOf } from "./access/attributes.ts";
import type { AuditTrail, RequestNote } from "./access/audit-trail.ts";
import { isTokenPath } from "./access/token-request.ts";
import { jsonAnswer, notFoundPage, once, statusAnswer, withWarnings } from "./request/answers.ts";
import type { Operation, Outcome } from "./request/operation.ts";
import { isOn } from "./request/query.ts";
import { methodNotAllowed, noSuchPath, notSupported } from "./request/refusals.ts";
import { parseResourcePath, pathParts, type ResourcePath } from "./request/request-path.ts";
import type { ServerParts, ServerRequest } from "./request/server-request.ts";
import { openPage, Site } from "./site.ts";
import { backupAnswer } from "./store/backup.ts";
import { viewObject, viewOf } from "./table/view.ts";
import { compressed } from "./traffic/compression.ts";
import {
  DEFAULT_TRAFFIC_LIMITS,
  type Passage,
  Traffic,
  type TrafficLimits,
} from "./traffic/traffic.ts";
import type { ServedType } from "./types/served-type.ts";
import { actionOf } from "./verbs/actions.ts";
import { create } from "./verbs/create.ts";
import { remove, removeCollection } from "./verbs/delete.ts";
import { get, list } from "./verbs/list.ts";
import { patch } from "./verbs/patch.ts";
import { scaleOf } from "./verbs/scale.ts";
import { update } from "./verbs/update.ts";
import { watch } from "./verbs/watch.ts";

const MAX_PATH = 8192;

/** What the server stands on, and who decides who may what. */
export interface ApiServerParts extends ServerParts {
  /** Absent: the roles of the store count, and tokens of service accounts end with this process. */
  readonly access?: Access | undefined;
  readonly audit?: AuditTrail | undefined;
  /** Absent: the usual ones. */
  readonly limits?: TrafficLimits | undefined;
}

/** A Kubernetes API as a function from request to response; it knows no sockets. */
export class ApiServer {
  readonly #parts: ServerParts;
  readonly #access: Access;
  readonly #audit: AuditTrail | undefined;
  readonly #site: Site;
  readonly #metrics: ShownMetrics;
  readonly #traffic: Traffic;

  constructor({ access, audit, limits = DEFAULT_TRAFFIC_LIMITS, ...parts }: ApiServerParts) {
    this.#parts = parts;
    this.#access = access ?? new Access(parts);
    this.#audit = audit;
    this.#site = new Site(parts.types);
    this.#metrics = parts.metrics ?? noMetrics;
    this.#traffic = new Traffic(this.#metrics, parts.types, limits);
  }

  /** Answers `request`. Never rejects: whatever goes wrong is a Status. */
  async handle(request: ServerRequest): Promise<ApiResponse> {
    const began = performance.now();
    const date = new Date();
    const note: RequestNote & Passage = {};
    const plain = await this.#answer(request, note);
    const isWatch = note.lane === "watches";
    const sent = isWatch ? plain : await compressed(plain, request.headers["accept-encoding"]);
    const response = this.#traffic.follow(note, request, sent, began);
    if (note.wanted === undefined) return response;
    return this.#audit?.follow(request, note, date, response) ?? response;
  }

  async #answer(request: ServerRequest, note: RequestNote & Passage): Promise<ApiResponse> {
    try {
      if (request.path.length > MAX_PATH) throw tooLong();
      const [path = "", search = ""] = splitOnce(request.path, "?");
      const query = new URLSearchParams(search);
      const parts = pathParts(path);
      const open = openPage(request.method, parts);
      if (open !== undefined) return open;
      const wanted = attributesOf(request.method, parts, query);
      const user = this.#access.admit(request, wanted, note);
      this.#traffic.enter(note, user, wanted);
      if (path === "/metrics") return await this.#shownMetrics(request.method);
      const page = this.#site.page(request, parts);
      if (page !== undefined) return page;
      const backup = backupAnswer(request.method, parts, this.#parts.store);
      if (backup !== undefined) return backup;
      const at = parseResourcePath(parts);
      if (at === undefined) return notFoundPage();
      const guard = this.#access.guard(user, wanted);
      return await this.#operate(request, at, { query, user, guard });
    } catch (error) {
      return statusAnswer(this.#statusOf(error, request));
    }
  }

  async #shownMetrics(method: string): Promise<ApiResponse> {
    if (method !== "GET") throw methodNotAllowed();
    const { text, contentType } = await this.#metrics.expose();
    return { status: 200, headers: { "content-type": contentType }, body: once(Buffer.from(text)) };
  }

  async #operate(
    request: ServerRequest,
    at: ResourcePath,
    { query, user, guard }: Pick<Operation, "query" | "user" | "guard">,
  ): Promise<ApiResponse> {
    const { store, types, log } = this.#parts;
    const type = types.find(at.group, at.version, at.plural);
    if (type === undefined && !types.hasGroup(at.group)) return notFoundPage();
    if (type === undefined || !fits(type, at)) throw noSuchPath();
    if (at.watch) query.set("watch", "true");
    const { namespace, name, subresource } = at;
    const { headers, body, signal } = request;
    const warnings = new Set(type.deprecation === undefined ? [] : [type.deprecation]);
    const operation: Operation = {
      ...{ store, types, log, metrics: this.#metrics, type, namespace, name, subresource },
      ...{ query, headers, body, user, guard, signal, warnings },
    };
    const { method } = request;
    // Nothing may be changed for a caller who cannot read the answer.
    viewOf(headers.accept, query);
    try {
      const outcome = this.#access.answer(operation, method) ?? (await run(method, operation));
      return answer(operation, outcome);
    } catch (error) {
      return withWarnings(statusAnswer(this.#statusOf(error, request)), warnings);
    }
  }

  #statusOf(error: unknown, { method, path }: ServerRequest): Status {
    if (error instanceof StatusError) return error.status;
    const code = errorCode(error);
    if (code === "STORE_FULL" || code === "STORE_FAILED") {
      this.#parts.log.error({ err: error, method }, "cannot keep a change");
      const text = `${errorText(error)}; objects can be read but not changed until this is repaired`;
      const causes = [{ reason: code, message: errorText(error) }];
      return StatusError.of("ServiceUnavailable", text, { causes }).status;
    }
    this.#parts.log.error({ err: error, method, path }, "request failed inside");
    return StatusError.of("InternalError", `Internal error occurred: ${errorText(error)}`).status;
  }
}

function run(method: string, operation: Operation): Outcome | Promise<Outcome> {
  const { name, subresource, type, query } = operation;
  const action = actionOf(operation);
  if (action !== undefined) {
    if (method !== "POST") throw methodNotAllowed();
    return action(operation);
  }
  const isCollection = name === "";
  const verb = verbOf(method, isCollection, isOn(query, "watch"));
  checkPlace(method, operation);
  if (verb === undefined || (subresource === "" && !type.verbs.includes(verb)))
    throw methodNotAllowed();
  if (subresource !== "" && !["get", "update", "patch"].includes(verb)) throw methodNotAllowed();
  return VERBS[verb](operation);
}

/** Throws if `method` can never be meant here: all namespaces can only be read, a subresource only be changed. */
function checkPlace(method: string, { type, namespace, subresource }: Operation): void {
  if (type.namespaced && namespace === "" && method !== "GET") throw methodNotAllowed();
  if (!type.custom || subresource === "") return;
  if (method === "POST") throw notSupported(type, "create");
  if (method === "DELETE") throw notSupported(type, "delete");
}

const VERBS = {
  get: (operation: Operation) =>
    operation.subresource === "scale" ? getScale(operation) : get(operation),
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
} as const;

type Verb = keyof typeof VERBS;

/** What each method means for a collection, and for one object. */
const METHODS: Readonly<Record<string, { readonly all?: Verb; readonly one?: Verb }>> = {
  GET: { all: "list", one: "get" },
  POST: { all: "create" },
  PUT: { one: "update" },
  PATCH: { one: "patch" },
  DELETE: { all: "deletecollection", one: "delete" },
};

function verbOf(method: string, isCollection: boolean, isWatch: boolean): Verb | undefined {
  const verbs = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  const verb = isCollection ? verbs?.all : verbs?.one;
  return verb === "list" && isWatch ? "watch" : verb;
}

function getScale(operation: Operation): Outcome {
  const outcome = get(operation);
  if (outcome.kind !== "object") return outcome;
  return { kind: "object", code: 200, object: scaleOf(operation.type, outcome.object) };
}

function fits(type: ServedType, { namespace, name, subresource }: ResourcePath): boolean {
  if (!type.namespaced && namespace !== "") return false;
  if (type.namespaced && namespace === "" && name !== "") return false;
  if (subresource === "status") return type.status;
  if (subresource === "scale") return type.scale !== undefined;
  if (type.parts !== undefined && Object.hasOwn(type.parts, subresource)) return true;
  if (isTokenPath({ type, subresource })) return true;
  return subresource === "" || actionOf({ type, subresource }) !== undefined;
}

function answer(operation: Operation, outcome: Outcome): ApiResponse {
  const { type, subresource, headers, query, warnings } = operation;
  if (outcome.kind === "status") return withWarnings(statusAnswer(outcome.status), warnings);
  if (outcome.kind === "response") return withWarnings(outcome.response, warnings);
  const { object, text } = outcome;
  const whole = () => text ?? JSON.stringify(object);
  const isPlain = subresource === "scale" || object.kind !== type.kind;
  const body = isPlain ? whole() : viewObject(viewOf(headers.accept, query), type, object, whole);
  return withWarnings(jsonAnswer(outcome.code, body), warnings);
}

function tooLong(): StatusError {
  return StatusError.of("RequestEntityTooLarge", `the path is longer than ${MAX_PATH} characters`);
}

function splitOnce(text: string, separator: string): readonly string[] {
  const i = text.indexOf(separator);
  return i < 0 ? [text] : [text.slice(0, i), text.slice(i + 1)];
}
