import { QUERY_LIMITS, QUERY_PATH } from "../../apis/cluster-query.ts";
import { StatusError } from "../../apis/status.ts";
import { parseClusterPath } from "../../apiserver/listen/cluster-path.ts";
import { badRequest } from "../../apiserver/request/refusals.ts";
import { labelTest } from "../../apiserver/verbs/selectors.ts";
import { errorText } from "../../base/errors.ts";
import { parseSelector } from "../../topology/selector.ts";
import type { Include } from "./answer-rows.ts";
import type { Question } from "./ask-cluster.ts";
import type { ClusterChoice } from "./choose-clusters.ts";
import type { ClusterQuery } from "./cluster-queries.ts";
import { parseResourceName } from "./resource-name.ts";

/** In which form an answer is wanted. */
export type QueryForm = "table" | "stream";

const PARAMETERS = [
  "clusters",
  "clusterSelector",
  "path",
  "resource",
  "namespace",
  "name",
  "labelSelector",
  "fieldSelector",
  "includeObject",
  "limit",
  "continue",
  "deadline",
] as const;
type Parameter = (typeof PARAMETERS)[number];
type Given = Readonly<Record<Parameter, string>>;

/** What has a meaning of its own here, and so must not be in a path. */
const OWN_IN_PATH = ["watch", "follow", "limit", "continue"];
const NAME = /^(?!\.\.?$)[^/%\p{Cc}]{1,253}$/u;
const UNITS: Readonly<Record<string, number>> = { "": 1000, ms: 1, s: 1000, m: 60_000 };

/** Whether a URL asks many clusters. */
export function isQueryUrl(url: string): boolean {
  return url === QUERY_PATH || url.startsWith(`${QUERY_PATH}?`);
}

/** Reads the query of a URL. Throws a StatusError that says what must hold. */
export function parseQuery(url: string, form: QueryForm): ClusterQuery {
  const given = parametersOf(url);
  const { clusters, clusterSelector } = given;
  const rows = whole(given.limit, QUERY_LIMITS.rows, "limit must be a number of rows from 1 to");
  return {
    question: questionOf(given),
    choice: choiceOf(given),
    choiceText: [clusters, clusterSelector].filter(Boolean).join(" & "),
    deadlineMs: deadlineOf(given.deadline),
    limit:
      rows ?? (form === "table" || given.continue !== "" ? QUERY_LIMITS.defaultRows : undefined),
    continue: given.continue,
  };
}

/** The form that an Accept header asks for; throws a StatusError if it is none of ours. */
export function formOf(accept: string | undefined): QueryForm {
  for (const range of (accept ?? "*/*").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (type === "application/jsonl" || type === "application/x-ndjson") return "stream";
    if (type === "application/json" && parameters.includes("stream=watch")) return "stream";
    const other = parameters.find((one) => one.startsWith("as=") && one !== "as=table");
    if (other === undefined && ["application/json", "application/*", "*/*"].includes(type))
      return "table";
  }
  throw StatusError.of(
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/jsonl",
  );
}

function parametersOf(url: string): Given {
  const query = new URLSearchParams(url.slice(QUERY_PATH.length));
  for (const name of query.keys()) {
    if (!(PARAMETERS as readonly string[]).includes(name))
      throw badRequest(
        `there is no parameter ${JSON.stringify(name.slice(0, 80))}: known are ${PARAMETERS.join(", ")}`,
      );
    if (query.getAll(name).length > 1) throw badRequest(`${name} must be given once`);
  }
  return Object.fromEntries(PARAMETERS.map((name) => [name, query.get(name) ?? ""])) as Given;
}

function choiceOf({ clusters, clusterSelector }: Given): ClusterChoice {
  if (clusters === "" && clusterSelector === "")
    throw badRequest(
      'clusters or clusterSelector must say which clusters are asked ("clusters=*" means all)',
    );
  const holds = clusterSelector === "" ? undefined : labelTest(clusterSelector);
  try {
    if (clusters !== "") parseSelector(clusters);
  } catch (error) {
    throw badRequest(errorText(error));
  }
  return {
    text: clusters === "" ? undefined : clusters,
    tags: holds && ((tags) => holds({ metadata: { labels: tags } })),
  };
}

function questionOf(given: Given): Question {
  const { labelSelector, fieldSelector } = given;
  return { target: targetOf(given), labelSelector, fieldSelector, include: includeOf(given) };
}

function targetOf({ path, resource, namespace, name }: Given): Question["target"] {
  if ((path === "") === (resource === ""))
    throw badRequest(
      'either resource (like "pods") or path (like "/version") must say what is asked for',
    );
  for (const [what, text] of Object.entries({ namespace, name }))
    if (text !== "" && !NAME.test(text)) throw badRequest(`${what} must be the name of an object`);
  if (path === "") {
    try {
      return { kind: "resource", resource: parseResourceName(resource), namespace, name };
    } catch (error) {
      throw badRequest(errorText(error));
    }
  }
  if (namespace !== "" || name !== "")
    throw badRequest("namespace and name go with resource; a path has them inside");
  return { kind: "path", path: pathOf(path) };
}

/** By the rules of a request to a single cluster. */
function pathOf(path: string): string {
  if (!/^\/[\x21-\x7e]*$/.test(path))
    throw badRequest('path must begin with "/" and be escaped as in a URL');
  const query = new URLSearchParams(path.split("?")[1] ?? "");
  const own = OWN_IN_PATH.find((name) => query.has(name));
  if (own !== undefined) throw badRequest(`path must not have the parameter ${own}`);
  return parseClusterPath(`/clusters/any${path}`).path;
}

function includeOf({ includeObject }: Given): Include {
  if (includeObject === "") return "Metadata";
  const found = (["None", "Metadata", "Object"] as const).find((one) => one === includeObject);
  if (found === undefined) throw badRequest("includeObject must be None, Metadata or Object");
  return found;
}

function deadlineOf(text: string): number {
  if (text === "") return QUERY_LIMITS.defaultDeadlineMs;
  const [, count, unit = ""] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|)$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? 0);
  if (!(ms >= 1 && ms <= QUERY_LIMITS.deadlineMs))
    throw badRequest(
      `deadline must be a time like 500ms, 10s or 2m, at most ${QUERY_LIMITS.deadlineMs / 1000}s`,
    );
  return ms;
}

function whole(text: string, most: number, what: string): number | undefined {
  if (text === "") return undefined;
  const value = Number(text);
  if (!/^\d{1,6}$/.test(text) || value < 1 || value > most) throw badRequest(`${what} ${most}`);
  return value;
}
