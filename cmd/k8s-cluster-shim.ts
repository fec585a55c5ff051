#!/usr/bin/env node
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { ShimServer } from "../pkg/shim/shim-server.ts";
import { TUNNEL_METRICS } from "../pkg/tunnel/metrics.ts";
import type { Address } from "../pkg/wire/address.ts";
import { K8sShim } from "../shims/k8s-shim.ts";
import { K8S_CLUSTER_SHIM_ROWS } from "./k8s-cluster-shim-options.ts";
import { type CommonOptions, parseOptions } from "./option-table.ts";
import { runProgram } from "./program.ts";
import { VERSION } from "./version.ts";

interface Options extends CommonOptions {
  readonly listen: Address;
  readonly kubeConfig: string;
  readonly heartbeatInterval: number;
}

await runProgram<Options>({
  name: "k8s-cluster-shim",
  options: (argv) =>
    parseOptions<Options>("k8s-cluster-shim", K8S_CLUSTER_SHIM_ROWS, argv, VERSION),
  metrics: TUNNEL_METRICS,
  start: async ({ options, scope, log, metrics }) => {
    const { listen, kubeConfig, heartbeatInterval: heartbeatMs } = options;
    const shim = new K8sShim(scope.use(await KubeconfigTransport.open(kubeConfig)));
    const server = scope.use(
      await ShimServer.listen(shim, { listen, heartbeatMs, version: VERSION }, { log, metrics }),
    );
    log.info(
      { port: server.port, destinations: shim.destinations },
      "waiting for the cluster controller",
    );
  },
});
