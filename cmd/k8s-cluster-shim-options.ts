import { HELM_ROWS } from "./helm-rows.ts";
import { K3S_CLUSTER_SHIM_ROWS } from "./k3s-cluster-shim-options.ts";
import type { OptionRow } from "./option-table.ts";

/** Every setting of the Kubernetes shim. */
export const K8S_CLUSTER_SHIM_ROWS: readonly OptionRow[] = [...HELM_ROWS, ...K3S_CLUSTER_SHIM_ROWS];
