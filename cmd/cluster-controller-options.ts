import { homedir, hostname } from "node:os";
import { join } from "node:path";
import type { Collected } from "../pkg/clustercontroller/reports/collector.ts";
import { type Address, formatAddress, parseAddress } from "../pkg/wire/address.ts";
import { type ClusterName, clusterName, parseTags, type Tags } from "../pkg/wire/names.ts";
import { contradictionIn } from "./cluster-controller-rules.ts";
import { ENTRY_ROWS, type EntryFlags, type EntrySettings, entrySettings } from "./entry-rows.ts";
import { HELM_ROWS } from "./helm-rows.ts";
import {
  COMMON_ROWS,
  type CommonOptions,
  type OptionRow,
  parseOptions,
  seconds,
  UsageError,
} from "./option-table.ts";
import { REPORT_ROWS, type ReportOptions } from "./report-rows.ts";

/** Every setting of the cluster controller. */
export const CLUSTER_CONTROLLER_ROWS: readonly OptionRow[] = [
  {
    flags: "-n, --cluster-name <name>",
    env: "OTE_CLUSTER_NAME",
    meaning: 'unique name of this cluster; "root" is the top of the tree',
    default: "root",
    parse: clusterName,
  },
  {
    flags: "-p, --parent-cluster <addresses>",
    env: "OTE_PARENT_CLUSTER",
    meaning:
      "host:port of the parent's tunnel; more after commas are joined when the first is away",
    parse: parseAddresses,
  },
  {
    flags: "-l, --tunnel-listen <address>",
    env: "OTE_TUNNEL_LISTEN",
    meaning: 'host:port at which children join; "none" takes no children',
    default: ":8287",
    parse: (text) => (text === "none" ? "none" : parseAddress(text)),
  },
  {
    flags: "--advertise <address>",
    env: "OTE_ADVERTISE",
    meaning:
      "host:port under which others reach --tunnel-listen; its host, or this machine's name, if absent",
    parse: (text) => formatAddress(parseAddress(text)),
  },
  {
    flags: "--tags <tags>",
    env: "OTE_TAGS",
    meaning: "tags of this cluster, key=value,key=value",
    default: "",
    parse: parseTags,
  },
  {
    flags: "-k, --kube-config <file>",
    env: "OTE_KUBE_CONFIG",
    meaning:
      "kubeconfig of this cluster's Kubernetes API: tasks are executed there, and at the root written there",
  },
  {
    flags: "-r, --remote-shim-endpoint <address>",
    env: "OTE_REMOTE_SHIM_ENDPOINT",
    meaning: "host:port of a shim process that executes this cluster's tasks",
    parse: (text) => formatAddress(parseAddress(text)),
  },
  ...HELM_ROWS,
  ...REPORT_ROWS,
  {
    flags: "--api-listen <address>",
    env: "OTE_API_LISTEN",
    meaning:
      "host:port of an embedded Kubernetes API; the root has one at 127.0.0.1:8443 if it has no --kube-config",
    parse: parseAddress,
  },
  {
    flags: "--api-kube-config <file>",
    env: "OTE_API_KUBE_CONFIG",
    meaning:
      "where the kubeconfig of the embedded API is written; admin.kubeconfig in --data-dir if absent",
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
    flags: "--entry-point",
    env: "OTE_ENTRY_POINT",
    meaning:
      "take tasks for the subtree from the API of --kube-config also when this is not the root",
  },
  ...ENTRY_ROWS,
  {
    flags: "--token-file <file>",
    env: "OTE_TOKEN_FILE",
    meaning: "a file with the join token to join the tree with, if this cluster has not joined yet",
  },
  {
    flags: "--insecure",
    env: "OTE_INSECURE",
    meaning:
      "links without encryption and without identities, for experiments; refused on public addresses",
  },
  {
    flags: "--certificate-days <days>",
    env: "OTE_CERTIFICATE_DAYS",
    meaning: "at the root: how long certificates of clusters are valid; they renew themselves",
    default: "30",
    parse: days,
  },
  {
    flags: "--ote-v1-listen <address>",
    env: "OTE_V1_LISTEN",
    meaning:
      "private host:port at which clusters that run OTE-Stack 2020 join, in plain text; without it they cannot",
    parse: parseAddress,
  },
  {
    flags: "--ote-v1-token-file <file>",
    env: "OTE_V1_TOKEN_FILE",
    meaning:
      "a file with the join token with which they are adopted; it says which names they may have",
  },
  {
    flags: "--leader-elect",
    env: "OTE_LEADER_ELECT",
    meaning:
      "at the root: be one of several on the API of --kube-config, of which one leads and the others send children to it",
  },
  {
    flags: "--leader-elect-lease-duration <seconds>",
    env: "OTE_LEADER_ELECT_LEASE_DURATION",
    meaning: "how long after the leader was lost another root takes over",
    default: "6",
    parse: seconds(1, 600),
  },
  {
    flags: "--data-dir <directory>",
    env: "OTE_DATA_DIR",
    meaning:
      "identity, ledger and embedded API are kept here; .ote-stack/NAME in the home directory if absent",
  },
  {
    flags: "--heartbeat-interval <seconds>",
    env: "OTE_HEARTBEAT_INTERVAL",
    meaning: "time between signs of life on links; a peer silent for three of them is lost",
    default: "3",
    parse: seconds(0.1, 600),
  },
  ...COMMON_ROWS,
];

/** The settings of the cluster controller, complete. */
export interface ClusterControllerSettings extends CommonOptions, ReportOptions {
  readonly collectReports: Collected;
  /** Characters of JSON. */
  readonly collectLimit: number;
  /** Whether objects of entry points above are kept here. */
  readonly acceptsPropagated: boolean;
  readonly clusterName: ClusterName;
  readonly parents: readonly string[];
  readonly listen: Address | undefined;
  readonly advertise: string;
  readonly tags: Tags;
  readonly kubeConfig: string | undefined;
  readonly remoteShimEndpoint: string | undefined;
  readonly helm: string;
  readonly helmPlainHttp: boolean;
  readonly apiListen: Address | undefined;
  readonly apiKubeConfig: string;
  readonly apiTokenFile: string | undefined;
  readonly apiAuditLog: string | undefined;
  readonly entryPoint: boolean;
  readonly entry: EntrySettings | undefined;
  readonly tokenFile: string | undefined;
  readonly insecure: boolean;
  readonly certificateDays: number;
  readonly oteV1Listen: Address | undefined;
  readonly oteV1TokenFile: string | undefined;
  readonly leaderElect: boolean;
  readonly leaseMs: number;
  readonly dataDir: string;
  readonly heartbeatMs: number;
}

type Raw = CommonOptions &
  EntryFlags &
  ReportOptions & {
    readonly clusterName: ClusterName;
    readonly parentCluster?: readonly string[];
    readonly tunnelListen: Address | "none";
    readonly advertise?: string;
    readonly tags: Tags;
    readonly kubeConfig?: string;
    readonly remoteShimEndpoint?: string;
    readonly helm: string;
    readonly helmPlainHttp?: boolean;
    readonly apiListen?: Address;
    readonly apiKubeConfig?: string;
    readonly apiTokenFile?: string;
    readonly apiAuditLog?: string;
    readonly entryPoint?: boolean;
    readonly tokenFile?: string;
    readonly insecure?: boolean;
    readonly certificateDays: number;
    readonly oteV1Listen?: Address;
    readonly oteV1TokenFile?: string;
    readonly leaderElect?: boolean;
    readonly leaderElectLeaseDuration: number;
    readonly dataDir?: string;
    readonly heartbeatInterval: number;
  };

/** Reads and completes the settings; throws a UsageError where they do not fit together. */
export function clusterControllerSettings(
  argv: readonly string[],
  version: string,
): ClusterControllerSettings {
  const raw = parseOptions<Raw>("cluster-controller", CLUSTER_CONTROLLER_ROWS, argv, version);
  const contradiction = contradictionIn(raw);
  if (contradiction !== undefined) throw new UsageError(contradiction);
  const root = raw.clusterName === "root";
  const dataDir = raw.dataDir ?? join(homedir(), ".ote-stack", raw.clusterName);
  const listen = raw.tunnelListen === "none" ? undefined : raw.tunnelListen;
  const rootApi = root && raw.kubeConfig === undefined ? ROOT_API : undefined;
  return {
    clusterName: raw.clusterName,
    parents: raw.parentCluster ?? [],
    listen,
    advertise: raw.advertise ?? advertised(listen),
    tags: raw.tags,
    kubeConfig: raw.kubeConfig,
    remoteShimEndpoint: raw.remoteShimEndpoint,
    helm: raw.helm,
    helmPlainHttp: raw.helmPlainHttp === true,
    report: raw.report,
    reportInterval: raw.reportInterval,
    propagate: raw.propagate,
    acceptsPropagated: raw.propagated !== false,
    collectReports: raw.collectReports ?? (root ? "all" : "status"),
    collectLimit: raw.collectLimit,
    apiListen: raw.apiListen ?? rootApi,
    apiKubeConfig: raw.apiKubeConfig ?? join(dataDir, "admin.kubeconfig"),
    apiTokenFile: raw.apiTokenFile,
    apiAuditLog: raw.apiAuditLog,
    entryPoint: root || raw.entryPoint === true,
    entry: entrySettings(raw),
    tokenFile: raw.tokenFile,
    insecure: raw.insecure === true,
    certificateDays: raw.certificateDays,
    oteV1Listen: raw.oteV1Listen,
    oteV1TokenFile: raw.oteV1TokenFile,
    leaderElect: raw.leaderElect === true,
    leaseMs: raw.leaderElectLeaseDuration,
    dataDir,
    heartbeatMs: raw.heartbeatInterval,
    healthListen: raw.healthListen,
    logLevel: raw.logLevel,
  };
}

/** Where the root's API is on a machine that has no other. */
const ROOT_API: Address = { host: "127.0.0.1", port: 8443 };

function days(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 3650))
    throw new SyntaxError("it must be a number of days up to 3650");
  return value;
}

/** An address that listens everywhere is reached by this machine's name. */
function advertised(listen: Address | undefined): string {
  if (listen === undefined) return "";
  const everywhere = ["", "0.0.0.0", "::"].includes(listen.host);
  return formatAddress({ host: everywhere ? hostname() : listen.host, port: listen.port });
}

function parseAddresses(text: string): string[] {
  return text.split(",").map((part) => formatAddress(parseAddress(part.trim())));
}
