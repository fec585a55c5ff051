import { resolve } from "node:path";
import type { ApiTransport } from "../pkg/apis/api-transport.ts";
import type { Scope } from "../pkg/base/scope.ts";
import type { ClusterShim } from "../pkg/shim/shim.ts";
import { DestinationsShim } from "../shims/destinations-shim.ts";
import { HelmShim } from "../shims/helm/helm-shim.ts";
import { K8sShim } from "../shims/k8s-shim.ts";

/** The values of HELM_ROWS. */
export interface HelmOptions {
  readonly helm: string;
  readonly helmPlainHttp?: boolean | undefined;
}

/** All destinations that we can serve in a cluster with a Kubernetes API; `kubeConfig` leads to it. */
export async function openFullShim(
  transport: ApiTransport,
  kubeConfig: string,
  { helm, helmPlainHttp: plainHttp }: HelmOptions,
  scope: Scope,
): Promise<ClusterShim> {
  const kubeconfig = resolve(kubeConfig);
  const releases = scope.use(await HelmShim.open({ helm, kubeconfig, plainHttp }));
  return new DestinationsShim([new K8sShim(transport), releases]);
}
