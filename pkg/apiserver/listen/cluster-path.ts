import type { HeaderList } from "../../apis/cluster-proxy.ts";
import { StatusError } from "../../apis/status.ts";
import { isClusterName } from "../../wire/names.ts";
import { badRequest } from "../request/refusals.ts";

/** Under which path the API of a cluster is found, and what is left for that API. */
const CLUSTER_PATH = /^\/clusters\/([^/?]+)(\/.*|\?.*)?$/s;
/** Characters that must not be hidden by their codes in what is looked at as a path. */
const HIDDEN = /%2e|%2f|%5c/gi;
const SHOWN: Readonly<Record<string, string>> = { "%2e": ".", "%2f": "/", "%5c": "\\" };

/** Where a request under /clusters/ is to go. */
export interface ClusterPath {
  readonly cluster: string;
  /** Absolute path with its query, as the API of that cluster should see it. */
  readonly path: string;
}

/** Whether a URL is one of the API of a cluster. */
export function isClusterPath(url: string): boolean {
  return CLUSTER_PATH.test(url);
}

/** Throws a StatusError for a name that no cluster can have, and for a path that leads up. */
export function parseClusterPath(url: string): ClusterPath {
  const [, name = "", rest = "/"] = CLUSTER_PATH.exec(url) ?? [];
  const cluster = decoded(name);
  if (!isClusterName(cluster))
    throw StatusError.of("NotFound", `clusters.ote.baidu.com ${JSON.stringify(cluster)} not found`);
  // The kubeconfig of a cluster may lead to a part of a server; who may ask for that part may not ask for others.
  if (leadsUp(rest)) throw badRequest('the path must not contain "." or ".." as a part');
  return { cluster, path: rest.startsWith("?") ? `/${rest}` : rest };
}

/** Headers of an answer, as they must be for who sees that API under /clusters/`cluster`. */
export function relocated(headers: HeaderList, cluster: string): HeaderList {
  return headers.map(([name, value]) => {
    const isPath = name.toLowerCase() === "location" && /^\/(?!\/)/.test(value);
    return isPath ? [name, `/clusters/${encodeURIComponent(cluster)}${value}`] : [name, value];
  });
}

function leadsUp(rest: string): boolean {
  const [path = ""] = rest.split("?");
  const shown = path.replace(HIDDEN, (code) => SHOWN[code.toLowerCase()] ?? "");
  return shown.split(/[/\\]/).some((part) => part === "." || part === "..");
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
