import { isOn } from "../request/query.ts";

/** A request for objects, as far as it matters for who may make it. */
export interface ResourceAttributes {
  readonly kind: "resource";
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** "" for everything at the cluster scope and for all namespaces. */
  readonly namespace: string;
  readonly resource: string;
  /** "" for the object itself. */
  readonly subresource: string;
  /** "" for a collection. */
  readonly name: string;
}

/** A request for anything else. */
export interface PathAttributes {
  readonly kind: "path";
  readonly verb: string;
  readonly path: string;
}

/** What somebody wants to do. */
export type Attributes = ResourceAttributes | PathAttributes;

const VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
const NAMESPACE_SUBRESOURCES = ["status", "finalize"];

/** What a request to the API of a cluster wants here: the subresource `proxy` of its Cluster object. */
export function proxyAttributes(method: string, cluster: string): ResourceAttributes {
  const verb = VERBS[method] ?? method.toLowerCase();
  const at = { group: "ote.baidu.com", version: "v1", namespace: "kube-system" };
  return {
    kind: "resource",
    verb,
    ...at,
    resource: "clusters",
    subresource: "proxy",
    name: cluster,
  };
}

/**
 * What a request wants, by its method, the parts of its path and its query: the same that a real
 * server's RequestInfo says, also of paths that are not served.
 */
export function attributesOf(
  method: string,
  parts: readonly string[],
  query: URLSearchParams,
): Attributes {
  const prefix = prefixOf(parts);
  if (prefix === undefined)
    return { kind: "path", verb: method.toLowerCase(), path: `/${parts.join("/")}` };
  const below = parts.slice(prefix + 1);
  // Old paths that mean a watch by themselves; with other methods they mean nothing more.
  const isWatch = below[0] === "watch" && below.length > 1;
  const { namespace, rest } = placed(isWatch ? below.slice(1) : below);
  const [resource = "", named = "", subresource = ""] = rest;
  const plain = verbOf(method, named === "", query);
  const verb = isWatch && isRead(plain, "get") ? "watch" : plain;
  const name = named === "" && isRead(verb, "watch") ? onlyName(query) : named;
  const group = prefix === 1 ? "" : (parts[1] ?? "");
  const version = parts[prefix] ?? "";
  return { kind: "resource", verb, group, version, namespace, resource, subresource, name };
}

/** Where the version stands in the path of a resource; undefined for other paths. */
function prefixOf(parts: readonly string[]): number | undefined {
  const [root] = parts;
  if (root !== "api" && root !== "apis") return undefined;
  const prefix = root === "api" ? 1 : 2;
  return parts.length < prefix + 2 ? undefined : prefix;
}

function isRead(verb: string, other: "get" | "watch"): boolean {
  return verb === "list" || verb === other;
}

/** "namespaces/x" is an object in itself, "namespaces/x/things" a collection in it. */
function placed(rest: readonly string[]): { namespace: string; rest: readonly string[] } {
  const [first, namespace = "", third] = rest;
  if (first !== "namespaces") return { namespace: "", rest };
  const isInside = third !== undefined && !NAMESPACE_SUBRESOURCES.includes(third);
  return { namespace, rest: isInside ? rest.slice(2) : rest };
}

function verbOf(method: string, isCollection: boolean, query: URLSearchParams): string {
  const verb = Object.hasOwn(VERBS, method) ? (VERBS[method] ?? "") : "";
  if (!isCollection) return verb;
  if (verb === "get") return isOn(query, "watch") ? "watch" : "list";
  return verb === "delete" ? "deletecollection" : verb;
}

/** Who lists or watches a single object by its name needs the right to no other. */
function onlyName(query: URLSearchParams): string {
  const [, name = ""] = /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/.exec(
    query.get("fieldSelector") ?? "",
  ) ?? [""];
  return /^[^/%]+$/.test(name) && name !== "." && name !== ".." ? name : "";
}
