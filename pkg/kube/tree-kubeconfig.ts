import { parse, stringify } from "yaml";
import { KubeconfigInvalidError } from "./kubeconfig.ts";

interface Named {
  readonly name: string;
}
interface KubeconfigText {
  readonly "current-context"?: string;
  readonly contexts?: readonly (Named & { readonly context: Record<string, unknown> })[];
  readonly clusters?: readonly (Named & { readonly cluster: Record<string, unknown> })[];
  readonly users?: readonly (Named & { readonly user: Record<string, unknown> })[];
}

/**
 * The kubeconfig with which kubectl reaches a cluster through the API whose kubeconfig is `text`, as the same
 * user. Throws a KubeconfigInvalidError, naming `file`.
 */
export function treeKubeconfig(text: string, cluster: string, file: string): string {
  const { contexts = [], clusters = [], users = [], ...rest } = parse(text) as KubeconfigText;
  const current = contexts.find(({ name }) => name === rest["current-context"]);
  const api = clusters.find(({ name }) => name === current?.context.cluster);
  const user = users.find(({ name }) => name === current?.context.user);
  const server = api?.cluster.server;
  if (current === undefined || api === undefined || typeof server !== "string")
    throw new KubeconfigInvalidError(file, "its current context names no cluster with a server");
  const there = `${server.replace(/\/+$/, "")}/clusters/${encodeURIComponent(cluster)}`;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": cluster,
    contexts: [{ name: cluster, context: { cluster, user: current.context.user } }],
    clusters: [{ name: cluster, cluster: { ...api.cluster, server: there } }],
    users: user === undefined ? [] : [user],
  });
}
