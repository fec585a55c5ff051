import { type Address, formatAddress, isPrivateHost, parseAddress } from "../pkg/wire/address.ts";
import { type EntryFlags, entryRules } from "./entry-rows.ts";

/** What of the flags of the cluster controller may contradict itself. */
export interface GivenFlags extends EntryFlags {
  readonly clusterName: string;
  readonly parentCluster?: readonly string[];
  readonly tunnelListen: Address | "none";
  readonly kubeConfig?: string;
  readonly apiListen?: Address;
  readonly apiTokenFile?: string;
  readonly apiAuditLog?: string;
  readonly entryPoint?: boolean;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
  readonly oteV1Listen?: Address;
  readonly oteV1TokenFile?: string;
  readonly leaderElect?: boolean;
}

/** What does not fit together, as a sentence. */
export function contradictionIn({
  clusterName: name,
  parentCluster,
  entryPoint,
  kubeConfig,
  apiListen,
  apiTokenFile,
  apiAuditLog,
  insecure,
  tokenFile,
  tunnelListen,
  leaderElect,
  ...others
}: GivenFlags): string | undefined {
  const root = name === "root";
  const hasApi = apiListen !== undefined || (root && kubeConfig === undefined);
  const rules: readonly [broken: boolean, text: string][] = [
    [
      root && parentCluster !== undefined,
      '"root" is the top of the tree and takes no --parent-cluster',
    ],
    [
      !root && parentCluster === undefined,
      `cluster "${name}" needs --parent-cluster; only "root" has no parent`,
    ],
    [
      entryPoint === true && kubeConfig === undefined,
      "--entry-point needs --kube-config; an embedded API is an entry point by itself",
    ],
    [
      apiListen !== undefined && kubeConfig !== undefined,
      "--api-listen and --kube-config exclude each other: a cluster has one API",
    ],
    [
      !hasApi && (apiTokenFile ?? apiAuditLog) !== undefined,
      "--api-token-file and --api-audit-log need an embedded API: give --api-listen, too",
    ],
    [
      insecure === true && tokenFile !== undefined,
      "--insecure and --token-file exclude each other: without identities nobody joins with a token",
    ],
    [
      leaderElect === true && !(root && kubeConfig !== undefined),
      "--leader-elect needs --cluster-name root and --kube-config: several roots share one API",
    ],
    ...entryRules({ ...others, kubeConfig }),
    ...insecureAddresses(insecure, tunnelListen, parentCluster),
    ...oldPeerRules({ ...others, insecure: insecure === true, tunnelListen }),
  ];
  return rules.find(([broken]) => broken)?.[1];
}

/** Links without identities must stay where nobody else is. */
function insecureAddresses(
  insecure: boolean | undefined,
  tunnelListen: Address | "none",
  parents: readonly string[] = [],
): [broken: boolean, text: string][] {
  if (insecure !== true) return [];
  const own = tunnelListen === "none" ? [] : [tunnelListen];
  return [...own, ...parents.map((parent) => parseAddress(parent))].map((address) => [
    !isPrivateHost(address.host),
    `--insecure is refused with the public address "${formatAddress(address)}": anybody could command these clusters; give a private one, such as 127.0.0.1:8287`,
  ]);
}

/** Who joins in plain text must come from nearby, and be limited by a token. */
function oldPeerRules({
  oteV1Listen: listen,
  oteV1TokenFile,
  insecure,
  tunnelListen,
}: Pick<GivenFlags, "oteV1Listen" | "oteV1TokenFile" | "insecure" | "tunnelListen">): [
  broken: boolean,
  text: string,
][] {
  const hasToken = oteV1TokenFile !== undefined;
  if (listen === undefined)
    return [[hasToken, "--ote-v1-token-file is for --ote-v1-listen: give both"]];
  return [
    [
      !isPrivateHost(listen.host),
      `--ote-v1-listen is refused with the public address "${formatAddress(listen)}": its links carry no encryption and no proof; give a private one, such as 127.0.0.1:8288`,
    ],
    [tunnelListen === "none", "--ote-v1-listen needs --tunnel-listen: it takes children"],
    [
      insecure !== true && !hasToken,
      "--ote-v1-listen needs --ote-v1-token-file: a join token says which names old clusters may have",
    ],
    [
      insecure === true && hasToken,
      "--insecure and --ote-v1-token-file exclude each other: without identities nobody is adopted",
    ],
  ];
}
