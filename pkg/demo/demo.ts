import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../apis/cluster.ts";
import { writePrivateFile } from "../base/certificates.ts";
import { ProcessLock } from "../base/process-lock.ts";
import type { Scope } from "../base/scope.ts";
import { KubeconfigTransport } from "../kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../kube/transport-resource-client.ts";
import { createToken } from "../trust/create-token.ts";
import { formatTags } from "../wire/names.ts";
import { HomeInUseError, ManagedProcess } from "./managed-process.ts";
import { type ClusterPorts, portsFor } from "./ports.ts";
import type { DemoCluster } from "./topology.ts";

/** How long the token of a cluster of a demonstration can be used. */
const TOKEN_MS = 3_600_000;

/** What to demonstrate, and where. */
export interface DemoOptions {
  /** Absolute. */
  readonly home: string;
  readonly portBase: number;
  readonly clusters: readonly DemoCluster[];
  readonly restartAfterMs: number;
  /** Absolute paths of the programs to run. */
  readonly programs: { readonly clusterController: string; readonly embeddedApiserver: string };
  /** Tells a person what is going on. */
  readonly say: (line: string) => void;
}

/** Starts a tree in which every controller, and every edge cluster's API, is a process of its own. */
export async function startDemo(
  options: DemoOptions,
  scope: Scope,
  signal: AbortSignal,
): Promise<void> {
  const { home, clusters, portBase, say } = options;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await lockHome(home, scope);
  for (const folder of ["logs", "run", "clusters", "data", "tokens"]) {
    await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  }
  const ports = await portsFor(
    clusters.map(({ name }) => name),
    portBase,
    home,
  );
  const processes: ManagedProcess[] = [];
  const start = async (name: string, argv: readonly string[]): Promise<void> => {
    const onDeath = (who: string, how: string): void =>
      say(`${who} died (${how}), it is started again in ${options.restartAfterMs / 1000} s`);
    const { restartAfterMs } = options;
    const managed = { name, argv, home, restartAfterMs, onDeath };
    processes.push(await ManagedProcess.start(managed, signal));
  };
  scope.use({
    [Symbol.asyncDispose]: async () => {
      await Promise.all(processes.map((running) => running[Symbol.asyncDispose]()));
    },
  });
  const own = clusters.filter(({ api }) => api === "own");
  for (const cluster of own) {
    await start(`${cluster.name}-api`, apiArguments(cluster, ports, options));
  }
  for (const cluster of clusters) {
    if (cluster.api === "own") {
      const kubeconfig = join(home, "clusters", `${cluster.name}.kubeconfig`);
      await eventually(signal, async () => (await stat(kubeconfig)).isFile());
    }
    if (cluster.parent !== undefined) await invite(cluster, options, signal);
    await start(cluster.name, controllerArguments(cluster, ports, options));
  }
}

/** Writes a token for this cluster alone, unless it has joined before. */
async function invite(
  { name, tags, api }: DemoCluster,
  { home }: DemoOptions,
  signal: AbortSignal,
): Promise<void> {
  const identity = join(home, "data", name, "identity", "cluster.crt");
  if (await isFile(identity)) return;
  const root = join(home, "clusters", "root.kubeconfig");
  await eventually(signal, async () => {
    await using transport = await KubeconfigTransport.open(root);
    const terms = {
      names: name,
      tags: Object.entries(tags).map(([key, value]) => `${key}=${value}`),
      uses: 1,
      expires: Date.now() + TOKEN_MS,
      parent: true,
      origin: api === "embedded",
      // A home whose data of one cluster was thrown away works again.
      replace: true,
    };
    const token = await createToken(new TransportResourceClient(transport), terms, signal);
    await writePrivateFile(tokenFile(home, name), `${token}\n`);
    return true;
  });
}

function tokenFile(home: string, name: string): string {
  return join(home, "tokens", name);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** Takes the home directory for this process alone; rejects with HomeInUseError. */
async function lockHome(home: string, scope: Scope): Promise<void> {
  const pidFile = join(home, "demo.pid");
  const lock = await ProcessLock.acquire(home, "demo.lock");
  if (lock === undefined) {
    throw new HomeInUseError(home, Number(await readFile(pidFile, "utf8").catch(() => "")));
  }
  scope.use(lock);
  await writeFile(pidFile, `${process.pid}\n`);
}

/** Resolves when every cluster is online and every kubeconfig is there; rejects when `signal` aborts. */
export async function everythingOnline(
  { home, clusters }: DemoOptions,
  signal: AbortSignal,
): Promise<void> {
  const root = join(home, "clusters", "root.kubeconfig");
  await eventually(signal, async () => {
    await copyFile(root, join(home, "root.kubeconfig"));
    await using transport = await KubeconfigTransport.open(root);
    const client = new TransportResourceClient(transport);
    const since = Date.now() - performance.now();
    const { items } = await client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE }, signal);
    return clusters.every(({ name }) =>
      isOnline(
        items.find(({ metadata }) => metadata.name === name),
        since,
      ),
    );
  });
}

/** One line for each cluster, indented by its depth. */
export function drawTree(
  clusters: readonly DemoCluster[],
  parent?: string,
  indent = "  ",
): string[] {
  return clusters
    .filter((cluster) => cluster.parent === parent)
    .flatMap(({ name, tags }) => [
      `${indent}${name}${Object.keys(tags).length === 0 ? "" : `  (${formatTags(tags)})`}`,
      ...drawTree(clusters, name, `${indent}  `),
    ]);
}

/** Objects from an earlier start may still say "online": only what was seen since this one counts. */
function isOnline(cluster: Cluster | undefined, since: number): boolean {
  const { status = "offline", lastSeen = "" } = cluster?.status ?? {};
  return status === "online" && Date.parse(lastSeen) >= Math.floor(since / 1000) * 1000;
}

async function eventually(signal: AbortSignal, holds: () => Promise<boolean>): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (await holds().catch(() => false)) return;
    await sleep(100, undefined, { signal });
  }
}

function apiArguments(
  { name }: DemoCluster,
  ports: ReadonlyMap<string, ClusterPorts>,
  { home, programs }: DemoOptions,
): string[] {
  return [
    programs.embeddedApiserver,
    ...["--name", name],
    ...["--listen", `127.0.0.1:${ports.get(name)?.api}`],
    ...["--data-dir", join(home, "data", `${name}-api`)],
    ...["--kube-config", join(home, "clusters", `${name}.kubeconfig`)],
  ];
}

function controllerArguments(
  { name, parent, tags, api }: DemoCluster,
  ports: ReadonlyMap<string, ClusterPorts>,
  { home, programs }: DemoOptions,
): string[] {
  const { tunnel, api: apiPort, health } = ports.get(name) as ClusterPorts;
  const kubeconfig = join(home, "clusters", `${name}.kubeconfig`);
  const embedded = ["--api-listen", `127.0.0.1:${apiPort}`, "--api-kube-config", kubeconfig];
  return [
    programs.clusterController,
    ...["--cluster-name", name],
    ...(parent === undefined ? [] : ["--parent-cluster", `127.0.0.1:${ports.get(parent)?.tunnel}`]),
    ...(parent === undefined ? [] : ["--token-file", tokenFile(home, name)]),
    ...["--tunnel-listen", `127.0.0.1:${tunnel}`],
    ...["--tags", formatTags(tags)],
    ...["--data-dir", join(home, "data", name)],
    ...["--health-listen", `127.0.0.1:${health}`],
    ...["--heartbeat-interval", "1"],
    ...(api === "embedded" ? embedded : ["--kube-config", kubeconfig]),
  ];
}
