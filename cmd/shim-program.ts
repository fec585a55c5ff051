import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import type { Scope } from "../pkg/base/scope.ts";
import { KubeconfigProxy } from "../pkg/kube/kubeconfig-proxy.ts";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import type { ClusterShim } from "../pkg/shim/shim.ts";
import { ShimServer } from "../pkg/shim/shim-server.ts";
import { TUNNEL_METRICS } from "../pkg/tunnel/metrics.ts";
import type { Address } from "../pkg/wire/address.ts";
import { K8sShim } from "../shims/k8s-shim.ts";
import { type HelmOptions, openFullShim } from "./full-shim.ts";
import { K3S_CLUSTER_SHIM_ROWS } from "./k3s-cluster-shim-options.ts";
import { K8S_CLUSTER_SHIM_ROWS } from "./k8s-cluster-shim-options.ts";
import { type CommonOptions, type OptionRow, parseOptions } from "./option-table.ts";
import { runProgram } from "./program.ts";
import { VERSION } from "./version.ts";

interface ShimOptions extends CommonOptions {
  readonly listen: Address;
  readonly kubeConfig: string;
  readonly heartbeatInterval: number;
}

/** One shim program: its options, and the shim that it offers. */
interface ShimProgram {
  readonly rows: readonly OptionRow[];
  readonly shim: (
    transport: ApiTransport,
    options: ShimOptions & HelmOptions,
    scope: Scope,
  ) => ClusterShim | Promise<ClusterShim>;
}

const SHIM_PROGRAMS = {
  "k8s-cluster-shim": { rows: K8S_CLUSTER_SHIM_ROWS, shim: fullShim },
  "k3s-cluster-shim": { rows: K3S_CLUSTER_SHIM_ROWS, shim: apiShim },
} as const satisfies Readonly<Record<string, ShimProgram>>;

/** Runs one of the programs that serve a shim to a cluster controller. */
export async function runShimProgram(name: keyof typeof SHIM_PROGRAMS): Promise<void> {
  const program = SHIM_PROGRAMS[name];
  await runProgram<ShimOptions & HelmOptions>({
    name,
    options: (argv) => parseOptions<ShimOptions & HelmOptions>(name, program.rows, argv, VERSION),
    metrics: TUNNEL_METRICS,
    start: async ({ options, scope, log, metrics }) => {
      const { listen, kubeConfig, heartbeatInterval: heartbeatMs } = options;
      const own = scope.use(await KubeconfigTransport.open(kubeConfig));
      const proxy = scope.use(new KubeconfigProxy(kubeConfig));
      const shim = await program.shim(own, options, scope);
      const server = scope.use(
        await ShimServer.listen(
          shim,
          { listen, heartbeatMs, version: VERSION },
          { log, metrics, api: { proxy, own } },
        ),
      );
      log.info(
        { port: server.port, destinations: shim.destinations },
        "waiting for the cluster controller",
      );
    },
  });
}

/** Tasks for the Kubernetes API, and nothing else. */
function apiShim(transport: ApiTransport): ClusterShim {
  return new K8sShim(transport);
}

function fullShim(
  transport: ApiTransport,
  options: ShimOptions & HelmOptions,
  scope: Scope,
): Promise<ClusterShim> {
  return openFullShim(transport, options.kubeConfig, options, scope);
}
