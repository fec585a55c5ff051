import { dirname, isAbsolute, resolve } from "node:path";
import { parse, stringify } from "yaml";
import type { EntryAddress } from "../apis/entry.ts";
import { KubeconfigInvalidError } from "./kubeconfig.ts";

type Fields = Readonly<Record<string, unknown>>;
interface Named {
  readonly name: string;
}
interface KubeconfigText {
  readonly "current-context"?: string;
  readonly contexts?: readonly (Named & { readonly context: Fields })[] | null;
  readonly clusters?: readonly (Named & { readonly cluster: Fields })[] | null;
  readonly users?: readonly (Named & { readonly user: Fields })[] | null;
}

/** Fields that name files; they are meant from where the kubeconfig is. */
const FILES = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];
/** Fields that say how to trust the server that is named beside them, and no other. */
const TRUST = [
  "certificate-authority",
  "certificate-authority-data",
  "insecure-skip-tls-verify",
  "tls-server-name",
];

/**
 * The kubeconfig with which kubectl reaches a cluster through the API whose kubeconfig is `text`, or through
 * `entry` if there is one, as the same user. Throws a KubeconfigInvalidError, naming `file`.
 */
export function treeKubeconfig(
  text: string,
  cluster: string,
  file: string,
  entry?: EntryAddress,
): string {
  const config = (parse(text) ?? {}) as KubeconfigText;
  const current = config.contexts?.find(({ name }) => name === config["current-context"]);
  const api = config.clusters?.find(({ name }) => name === current?.context.cluster);
  const user = config.users?.find(({ name }) => name === current?.context.user);
  const server = entry?.url ?? api?.cluster.server;
  if (current === undefined || api === undefined || typeof server !== "string")
    throw new KubeconfigInvalidError(file, "its current context names no cluster with a server");
  const folder = dirname(resolve(file));
  const there = `${server.replace(/\/+$/, "")}/clusters/${encodeURIComponent(cluster)}`;
  const trusted =
    entry === undefined ? absolute(api.cluster, folder) : trusting(api.cluster, entry);
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": cluster,
    contexts: [{ name: cluster, context: { cluster, user: current.context.user } }],
    clusters: [{ name: cluster, cluster: { ...trusted, server: there } }],
    users: user === undefined ? [] : [{ ...user, user: credentials(user.user, folder) }],
  });
}

function trusting(cluster: Fields, { ca }: EntryAddress): Fields {
  const others = Object.entries(cluster).filter(([name]) => !TRUST.includes(name));
  const data = ca && { "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return { ...Object.fromEntries(others), ...data };
}

/** What it names by files must be found from elsewhere, too. */
function absolute(fields: Fields, folder: string): Fields {
  const entries = Object.entries(fields).map(([name, value]) => {
    const isFile = FILES.includes(name) && typeof value === "string" && value !== "";
    return [name, isFile ? resolve(folder, value) : value] as const;
  });
  return Object.fromEntries(entries);
}

function credentials(user: Fields, folder: string): Fields {
  const found = absolute(user, folder);
  const exec = found.exec as { readonly command?: unknown } | undefined | null;
  const command = exec?.command;
  // A bare name is looked up on PATH.
  if (typeof command !== "string" || !command.includes("/") || isAbsolute(command)) return found;
  return { ...found, exec: { ...exec, command: resolve(folder, command) } };
}
