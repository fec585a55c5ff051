import { DEFAULT_TRAFFIC_LIMITS } from "../pkg/apiserver/traffic/traffic.ts";
import { parseAddress } from "../pkg/wire/address.ts";
import { COMMON_ROWS, type OptionRow } from "./option-table.ts";

/** Every setting of the embedded API as a program of its own. */
export const EMBEDDED_APISERVER_ROWS: readonly OptionRow[] = [
  {
    flags: "-n, --name <name>",
    env: "OTE_API_NAME",
    meaning: "cluster and context name in the kubeconfig",
    default: "embedded",
  },
  {
    flags: "-l, --listen <address>",
    env: "OTE_API_LISTEN",
    meaning: "host:port of the API, HTTPS only",
    default: "127.0.0.1:8443",
    parse: parseAddress,
  },
  {
    flags: "--data-dir <directory>",
    env: "OTE_DATA_DIR",
    meaning:
      "objects and certificates are kept here; .ote-stack/NAME-api in the home directory if absent",
  },
  {
    flags: "--kube-config <file>",
    env: "OTE_API_KUBE_CONFIG",
    meaning:
      "where the administrator's kubeconfig is written; admin.kubeconfig in --data-dir if absent",
  },
  {
    flags: "--api-token-file <file>",
    env: "OTE_API_TOKEN_FILE",
    meaning:
      'bearer tokens of the embedded API besides certificates: lines of token,user,uid,"group1,group2"',
  },
  {
    flags: "--api-audit-log <file>",
    env: "OTE_API_AUDIT_LOG",
    meaning: "a file to which a JSON line is added for each request to the embedded API",
  },
  {
    flags: "--max-requests-inflight <number>",
    env: "OTE_API_MAX_REQUESTS_INFLIGHT",
    meaning: "reads that are answered at the same time, more get 429; 0 is any number",
    default: String(DEFAULT_TRAFFIC_LIMITS.reads),
    parse: parseCount,
  },
  {
    flags: "--max-mutating-requests-inflight <number>",
    env: "OTE_API_MAX_MUTATING_REQUESTS_INFLIGHT",
    meaning: "the same for writes",
    default: String(DEFAULT_TRAFFIC_LIMITS.writes),
    parse: parseCount,
  },
  {
    flags: "--ote-crds",
    env: "OTE_API_CRDS",
    meaning: "install the definitions of Cluster, ClusterController and the others",
  },
  {
    flags: "--restore <file>",
    env: "OTE_API_RESTORE",
    meaning: "fill the empty --data-dir from a backup, and end",
  },
  ...COMMON_ROWS,
];

function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new SyntaxError(`Cannot read "${text}" as a number: it must be 0 or more`);
}
