#!/usr/bin/env node
import { join } from "node:path";
import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import type { ApiProxy, ClusterProxy } from "../pkg/apis/cluster-proxy.ts";
import { OTE_CRDS } from "../pkg/apis/crds.ts";
import type { KubeObject } from "../pkg/apis/object.ts";
import type { ResourceClient } from "../pkg/apis/resource-client.ts";
import { APISERVER_METRICS } from "../pkg/apiserver/metrics.ts";
import { LmdbRecordStore } from "../pkg/base/lmdb-record-store.ts";
import type { Logger } from "../pkg/base/log.ts";
import type { RecordStore } from "../pkg/base/record-store.ts";
import type { Scope } from "../pkg/base/scope.ts";
import { ClusterController } from "../pkg/clustercontroller/cluster-controller.ts";
import type { AuthorityOptions } from "../pkg/clustercontroller/membership/authority.ts";
import type { MembershipOptions } from "../pkg/clustercontroller/membership/membership.ts";
import { CLUSTER_CONTROLLER_METRICS } from "../pkg/clustercontroller/metrics.ts";
import type { OldPeersOptions } from "../pkg/clustercontroller/oldpeers/open-old-children.ts";
import { LateProxy } from "../pkg/clustercontroller/streams/late-proxy.ts";
import { installCrds } from "../pkg/kube/install-crds.ts";
import { KubeconfigProxy } from "../pkg/kube/kubeconfig-proxy.ts";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../pkg/kube/transport-resource-client.ts";
import { DesiredStore } from "../pkg/propagation/desired-store.ts";
import { Enforcer } from "../pkg/propagation/enforcer.ts";
import { REPORT_CRDS } from "../pkg/reporting/mirror-objects.ts";
import { Reporter } from "../pkg/reporting/reporter.ts";
import { RemoteShim } from "../pkg/shim/remote-shim.ts";
import type { ClusterShim } from "../pkg/shim/shim.ts";
import { TUNNEL_METRICS } from "../pkg/tunnel/metrics.ts";
import { formatAddress } from "../pkg/wire/address.ts";
import {
  type ClusterControllerSettings,
  clusterControllerSettings,
} from "./cluster-controller-options.ts";
import { openOwnEntry } from "./entry.ts";
import { openFullShim } from "./full-shim.ts";
import { joinOnce } from "./join.ts";
import { type ProgramParts, runProgram } from "./program.ts";
import { NO_QUERIES, openQueries, type QueryPower } from "./queries.ts";
import { type RootRole, startOneOfSeveralRoots } from "./several-roots.ts";
import { memberIdentity, rootIdentity } from "./tree-identity.ts";
import { VERSION } from "./version.ts";

type Parts = ProgramParts<ClusterControllerSettings>;

if (process.argv[2] === "join") {
  process.exitCode = await joinOnce(process.argv.slice(3));
} else {
  await runProgram({
    name: "cluster-controller",
    options: (argv) => clusterControllerSettings(argv, VERSION),
    metrics: { ...TUNNEL_METRICS, ...CLUSTER_CONTROLLER_METRICS, ...APISERVER_METRICS },
    start,
  });
}

async function start(parts: Parts): Promise<void> {
  const { options, scope } = parts;
  const log = parts.log.child({ cluster: options.clusterName });
  const store = scope.use(await LmdbRecordStore.open(join(options.dataDir, "controller.lmdb")));
  const clusters = new LateProxy();
  const hasVisitors = options.apiListen !== undefined || options.entry !== undefined;
  const queries = hasVisitors ? await openQueries(log, parts.metrics) : NO_QUERIES;
  const transport = await ownApi(parts, clusters, queries.doors);
  if (transport !== undefined && options.entryPoint && options.kubeConfig !== undefined) {
    await installCrds(new TransportResourceClient(transport), definitions(options), scope.signal);
  }
  const entry = await openOwnEntry({ ...parts, log }, transport, queries.doors);
  if (options.leaderElect && transport !== undefined) {
    await startOneOfSeveralRoots({ ...parts, log }, transport, {
      identity: (client) => identity(parts, log, client),
      lead: async (role) => {
        const controller = await startController({ ...parts, log, ...role }, store);
        entry.lead(role.scope, controller, role.transport ?? transport);
        queries.lead(role.scope, controller);
        return controller;
      },
      onLeader: entry.follow,
    });
  } else {
    const controller = await startController({ ...parts, log, transport }, store);
    clusters.through = controller.streams;
    queries.lead(scope, controller);
    if (transport !== undefined) entry.lead(scope, controller, transport);
  }
}

/** The work of a cluster controller, in `scope`. */
async function startController(
  parts: Parts & Partial<RootRole> & { readonly scope: Scope },
  store: RecordStore,
): Promise<ClusterController> {
  const { options, scope, log, metrics, transport, listen = options.listen, isHeir } = parts;
  const remote = remoteShim(parts);
  const shim: ClusterShim | undefined = remote ?? (transport && (await ownShim(transport, parts)));
  const client = options.entryPoint || options.apiListen !== undefined ? transport : undefined;
  const resources = client && new TransportResourceClient(client);
  const apiProxy = ownProxy(parts) ?? remote?.proxy;
  const own = transport ?? remote?.transport();
  const who = await identity(parts, log, resources);
  const controller = await ClusterController.start(
    scope,
    {
      name: options.clusterName,
      tags: options.tags,
      version: VERSION,
      listen,
      advertise: options.advertise,
      parents: options.parents,
      heartbeatMs: options.heartbeatMs,
      oldPeers: oldPeers(options),
      isHeir,
      collected: options.collectReports,
      collectLimit: options.collectLimit,
      propagated: options.propagate,
    },
    {
      log,
      metrics,
      store,
      shim,
      client: resources,
      apiProxy,
      reporter: own && reporter(own, parts),
      enforcer: own && enforcer(own, parts, store),
      ...who,
    },
  );
  if (remote !== undefined) {
    scope.spawn("shim", (signal) => remote.serve(() => controller.hello(), signal));
  }
  return controller;
}

/** Knows the state of this cluster. */
function reporter(transport: ApiTransport, { options, log }: Parts): Reporter {
  const { report: modes, reportInterval: intervalMs } = options;
  return new Reporter({ transport, modes, intervalMs, log: log.child({ part: "reporter" }) });
}

/** Where clusters of OTE-Stack 2020 join; nowhere unless it was asked for. */
function oldPeers(settings: ClusterControllerSettings): OldPeersOptions | undefined {
  const { oteV1Listen: listen, oteV1TokenFile: tokenFile, dataDir } = settings;
  return listen && { listen, tokenFile, directory: join(dataDir, "adopted") };
}

/** Who we are in the tree; nothing in a tree without identities. */
async function identity(
  { options, scope }: Parts,
  log: Logger,
  resources: ResourceClient | undefined,
): Promise<{ identity?: MembershipOptions; authority?: AuthorityOptions }> {
  if (options.insecure) {
    log.warn({}, "--insecure: links carry no encryption, and everybody who can dial is believed");
    return {};
  }
  if (options.parents.length > 0)
    return { identity: await memberIdentity(options, log, scope.signal) };
  if (resources === undefined) throw new TypeError("Cannot start a root without an API");
  return rootIdentity(options, resources, scope.signal);
}

/** Keeps what entry points above want this cluster to have. */
function enforcer(
  transport: ApiTransport,
  { options, log, metrics }: Parts,
  store: RecordStore,
): Enforcer | undefined {
  if (!options.acceptsPropagated || options.parents.length === 0) return undefined;
  return new Enforcer({
    client: new TransportResourceClient(transport),
    store: new DesiredStore(store),
    log: log.child({ part: "propagated" }),
    metrics,
    onCorrected: () => metrics.count("ote_propagation_corrections_total"),
  });
}

/** Our kinds, and those of reported objects where these are kept. */
function definitions({ collectReports }: ClusterControllerSettings): readonly KubeObject[] {
  return collectReports === "all" ? [...OTE_CRDS, ...REPORT_CRDS] : OTE_CRDS;
}

/** The same API for those who come through the tree, each as who they are. */
function ownProxy({ options, scope }: Parts): ApiProxy | undefined {
  const { kubeConfig, apiListen, apiKubeConfig } = options;
  const file = kubeConfig ?? (apiListen === undefined ? undefined : apiKubeConfig);
  return file === undefined ? undefined : scope.use(new KubeconfigProxy(file));
}

/** The Kubernetes API of this cluster: another one's, or the embedded one. */
async function ownApi(
  { options, scope, log, metrics }: Parts,
  clusters: ClusterProxy,
  doors: QueryPower["doors"],
): Promise<ApiTransport | undefined> {
  const { apiListen, kubeConfig, dataDir, clusterName, apiKubeConfig } = options;
  const { apiTokenFile: tokenFile, apiAuditLog: auditLog } = options;
  if (kubeConfig !== undefined) return scope.use(await KubeconfigTransport.open(kubeConfig));
  if (apiListen === undefined) return undefined;
  // Only who has an API of its own pays for the code of one.
  const { EmbeddedApi } = await import("../pkg/apiserver/embedded-api.ts");
  const api = scope.use(
    await EmbeddedApi.open(
      {
        name: clusterName,
        dataDir: join(dataDir, "api"),
        listen: formatAddress(apiListen),
        crds: definitions(options),
        ...{ tokenFile, auditLog, clusters, doors },
      },
      { log: log.child({ part: "api" }), metrics },
    ),
  );
  await api.writeKubeconfig(apiKubeConfig);
  log.info({ url: api.url, kubeconfig: apiKubeConfig }, "embedded API is up");
  return api.transport;
}

/** Tasks of this cluster are executed by this process, at the API that it knows. */
function ownShim(transport: ApiTransport, { options, scope }: Parts): Promise<ClusterShim> {
  return openFullShim(transport, options.kubeConfig ?? options.apiKubeConfig, options, scope);
}

function remoteShim({ options, log, metrics }: Parts): RemoteShim | undefined {
  const endpoint = options.remoteShimEndpoint;
  if (endpoint === undefined) return undefined;
  return new RemoteShim({ endpoint }, { log: log.child({ part: "shim" }), metrics });
}
