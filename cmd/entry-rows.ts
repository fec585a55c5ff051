import { isEntryUrl } from "../pkg/apis/entry.ts";
import { type Address, parseAddress } from "../pkg/wire/address.ts";
import type { OptionRow } from "./option-table.ts";

/** Settings of the entry at a cluster whose Kubernetes API is another program. */
export const ENTRY_ROWS: readonly OptionRow[] = [
  {
    flags: "--entry-listen <address>",
    env: "OTE_ENTRY_LISTEN",
    meaning:
      "host:port at which kubectl reaches clusters through the tree, as users of the API of --kube-config; without it they cannot",
    parse: parseAddress,
  },
  {
    flags: "--entry-url <url>",
    env: "OTE_ENTRY_URL",
    meaning:
      "https URL under which users reach --entry-listen; its host, or this machine's name, if absent",
    parse: parseEntryUrl,
  },
  {
    flags: "--entry-tls-cert <file>",
    env: "OTE_ENTRY_TLS_CERT",
    meaning:
      "PEM certificate that the entry shows, read again when it changes; one of its own if absent",
  },
  {
    flags: "--entry-tls-key <file>",
    env: "OTE_ENTRY_TLS_KEY",
    meaning: "PEM private key of that certificate",
  },
  {
    flags: "--entry-tls-ca <file>",
    env: "OTE_ENTRY_TLS_CA",
    meaning: "PEM authority of that certificate, for kubeconfigs; none if everybody trusts it",
  },
  {
    flags: "--entry-client-ca <file>",
    env: "OTE_ENTRY_CLIENT_CA",
    meaning:
      "PEM authorities of users' certificates; those that the API of --kube-config publishes if absent",
  },
  {
    flags: "--entry-audit-log <file>",
    env: "OTE_ENTRY_AUDIT_LOG",
    meaning:
      "a file to which a JSON line is added for each request to the entry; the log if absent",
  },
];

/** What of them was given. */
export interface EntryFlags {
  readonly entryListen?: Address;
  readonly entryUrl?: string;
  readonly entryTlsCert?: string;
  readonly entryTlsKey?: string;
  readonly entryTlsCa?: string;
  readonly entryClientCa?: string;
  readonly entryAuditLog?: string;
}

/** The entry of a cluster whose Kubernetes API is another program, complete. */
export interface EntrySettings {
  readonly listen: Address;
  readonly url: string | undefined;
  readonly certificate:
    | { readonly certificate: string; readonly key: string; readonly ca: string | undefined }
    | undefined;
  readonly clientCa: string | undefined;
  readonly auditLog: string | undefined;
}

/** The settings of the entry; undefined without --entry-listen. */
export function entrySettings(raw: EntryFlags): EntrySettings | undefined {
  const { entryListen: listen, entryUrl: url, entryTlsCert, entryTlsKey: key } = raw;
  const { entryTlsCa: ca, entryClientCa: clientCa, entryAuditLog: auditLog } = raw;
  if (listen === undefined) return undefined;
  const isGiven = entryTlsCert !== undefined && key !== undefined;
  const certificate = isGiven ? { certificate: entryTlsCert, key, ca } : undefined;
  return { listen, url, certificate, clientCa, auditLog };
}

/** What does not fit together: the first row that is broken counts. */
export function entryRules(
  flags: EntryFlags & { readonly kubeConfig?: string | undefined },
): [broken: boolean, text: string][] {
  const { entryListen, entryTlsCert, entryTlsKey, entryTlsCa, kubeConfig } = flags;
  const { entryUrl, entryClientCa, entryAuditLog } = flags;
  const others = [entryUrl, entryTlsCert, entryTlsKey, entryTlsCa, entryClientCa, entryAuditLog];
  return [
    [
      entryListen !== undefined && kubeConfig === undefined,
      "--entry-listen needs --kube-config; an embedded API is an entry by itself",
    ],
    [
      entryListen === undefined && others.some((flag) => flag !== undefined),
      "--entry-url, --entry-tls-cert, --entry-tls-key, --entry-tls-ca, --entry-client-ca and --entry-audit-log are for --entry-listen: give it, too",
    ],
    [
      (entryTlsCert === undefined) !== (entryTlsKey === undefined),
      "--entry-tls-cert and --entry-tls-key belong together: give both",
    ],
    [
      entryTlsCa !== undefined && entryTlsCert === undefined,
      "--entry-tls-ca is for --entry-tls-cert: give both",
    ],
  ];
}

function parseEntryUrl(text: string): string {
  if (isEntryUrl(text)) return text.replace(/\/+$/, "");
  throw new SyntaxError("it must be a URL like https://root.example.com:8443");
}
