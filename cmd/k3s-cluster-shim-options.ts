import { parseAddress } from "../pkg/wire/address.ts";
import { COMMON_ROWS, type OptionRow, seconds } from "./option-table.ts";

/** Every setting of the light shim; the full one has these, too. */
export const K3S_CLUSTER_SHIM_ROWS: readonly OptionRow[] = [
  {
    flags: "-l, --listen <address>",
    env: "OTE_LISTEN",
    meaning: "host:port at which the cluster controller connects",
    default: ":8262",
    parse: parseAddress,
  },
  {
    flags: "-k, --kube-config <file>",
    env: "OTE_KUBE_CONFIG",
    meaning: "kubeconfig of the cluster's Kubernetes API",
    default: "/root/.kube/config",
  },
  {
    flags: "--heartbeat-interval <seconds>",
    env: "OTE_HEARTBEAT_INTERVAL",
    meaning: "time between signs of life on the link; a peer silent for three of them is lost",
    default: "3",
    parse: seconds(0.1, 600),
  },
  ...COMMON_ROWS,
];
