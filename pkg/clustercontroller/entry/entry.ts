import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiTransport } from "../../apis/api-transport.ts";
import type { EntryAddress } from "../../apis/entry.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { AuditLog } from "../../apiserver/access/audit-log.ts";
import { type AuditSink, AuditTrail } from "../../apiserver/access/audit-trail.ts";
import { ClusterDoor } from "../../apiserver/listen/cluster-door.ts";
import type { Door } from "../../apiserver/listen/door.ts";
import {
  HttpsListener,
  type ListenAddress,
  type ListenerLimits,
} from "../../apiserver/listen/https-listener.ts";
import { isAnyAddress, openAuthority } from "../../apiserver/listen/pki.ts";
import type { VisitParts } from "../../apiserver/listen/visit.ts";
import type { CertificateAuthority } from "../../base/certificates.ts";
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { Scope } from "../../base/scope.ts";
import { ClientAuthorities } from "./client-authorities.ts";
import { DelegatedJudge } from "./delegated-judge.ts";
import { followConfigMap, followFile } from "./follow-authorities.ts";
import type { LeaderProxy } from "./leader-proxy.ts";
import { PageDoor } from "./page-door.ts";
import { ReviewDesk } from "./review-desk.ts";
import {
  type ServingCertificate,
  type ServingOptions,
  servingCertificate,
} from "./serving-certificate.ts";
import { sharedAuthority } from "./shared-authority.ts";

/** What an entry is, and where. */
export interface EntryOptions {
  /** Of the cluster. */
  readonly name: string;
  readonly listen: ListenAddress;
  /** Where callers reach it; this machine's name with its port, if absent. */
  readonly url?: string | undefined;
  readonly dataDir: string;
  /** Whether it is one of several beside the same API; then they have an authority in common. */
  readonly isOneOfSeveral?: boolean | undefined;
  readonly certificate?: ServingOptions["files"];
  /** PEM file of the authorities of callers' certificates; those that the API publishes, if absent. */
  readonly clientCa?: string | undefined;
  /** A file to which a line is added for each request; the log, if absent. */
  readonly auditLog?: string | undefined;
  readonly limits?: Partial<ListenerLimits> | undefined;
}

/** What an entry works with. */
export interface EntryParts {
  /** The API that knows who callers are and what they may do. */
  readonly transport: ApiTransport;
  readonly client: ResourceClient;
  readonly clusters: LeaderProxy;
  /** What is served besides the APIs of clusters. */
  readonly doors?: ((visits: VisitParts) => readonly Door[]) | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Most connections of callers. */
const MAX_CONNECTIONS = 4096;
/** Most connections from one address. */
const MAX_CONNECTIONS_PER_ADDRESS = 1024;
const LIMITS = {
  connections: MAX_CONNECTIONS,
  connectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS,
} as const;

/**
 * Opens the way to the APIs of clusters at a node whose own Kubernetes API is another program, until `scope`
 * ends: an HTTPS listener that asks that API who callers are and what they may do. Rejects with `LISTEN_FAILED`,
 * `AUDIT_LOG_FAILED` or `ENTRY_FILE_INVALID`.
 */
export async function openEntry(
  scope: Scope,
  options: EntryOptions,
  parts: EntryParts,
): Promise<EntryAddress> {
  const { log, clusters } = parts;
  const serving = await servingCertificate({
    authority: () => authorityOf(options, parts, scope.signal),
    hosts: hostsOf(options),
    files: options.certificate,
  });
  const authorities = new ClientAuthorities();
  const open: { listener?: HttpsListener } = {};
  let pair = await serving.present();
  const renew = (): void => open.listener?.renew({ ca: authorities.pem, pair });
  const follow = await followAuthorities(options, parts, scope.signal, (pem) => {
    if (authorities.replace(pem)) renew();
  });
  const visits: VisitParts = {
    judge: new DelegatedJudge(new ReviewDesk(parts)),
    audit: new AuditTrail(await auditSink(options, scope, log)),
    log,
    certificateOf: (request) =>
      authorities.userOf(request, (socket) => open.listener?.checkedBy(socket) ?? ""),
  };
  const listener = await HttpsListener.listen(
    options.listen,
    { ca: authorities.pem, pair },
    {
      doors: [
        ...(parts.doors?.(visits) ?? []),
        new ClusterDoor({ ...visits, clusters }),
        new PageDoor(() => clusters.obstacle),
      ],
      log,
      limits: { ...LIMITS, ...options.limits },
    },
  );
  open.listener = scope.use(listener);
  // What came while the listener was opened counts, too.
  renew();
  scope.spawn("entry authorities", follow);
  scope.spawn("entry certificate", (signal) =>
    keepShowing(serving, log, signal, (renewed) => {
      pair = renewed;
      renew();
    }),
  );
  const url = options.url ?? urlOf(options.listen.host, listener.port);
  log.info({ url, port: listener.port }, "clusters can be reached");
  return { url, ca: serving.ca };
}

function authorityOf(
  { dataDir, name, isOneOfSeveral }: EntryOptions,
  { client }: EntryParts,
  signal: AbortSignal,
): Promise<CertificateAuthority> {
  if (isOneOfSeveral === true) return sharedAuthority(client, name, signal);
  return openAuthority(join(dataDir, "entry"), `${name}-entry`);
}

function followAuthorities(
  { clientCa }: EntryOptions,
  { client, log }: EntryParts,
  signal: AbortSignal,
  onPem: (pem: string) => void,
): Promise<() => Promise<void>> {
  return clientCa === undefined
    ? followConfigMap({ client, log, onPem }, signal)
    : followFile(clientCa, { log, onPem }, signal);
}

async function auditSink(
  { auditLog }: EntryOptions,
  scope: Scope,
  log: Logger,
): Promise<AuditSink> {
  if (auditLog !== undefined) return scope.use(await AuditLog.open(auditLog, log));
  // Anybody can fill a log with requests that are refused at once.
  const levelOf = ({ user }: { user?: { username?: unknown } }) =>
    user?.username === undefined ? "debug" : "info";
  return { write: (event) => log[levelOf(event)]({ event }, "request to a cluster") };
}

async function keepShowing(
  { present, changesMs }: ServingCertificate,
  log: Logger,
  signal: AbortSignal,
  onPair: (pair: Awaited<ReturnType<ServingCertificate["present"]>>) => void,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(changesMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    await present()
      .then(onPair)
      .catch((error: unknown) => {
        log.error({ text: errorText(error) }, "cannot renew the certificate of the entry");
      });
  }
}

function hostsOf({ listen, url }: EntryOptions): string[] {
  const dialled = url === undefined ? [] : [new URL(url).hostname.replace(/^\[|\]$/g, "")];
  return [listen.host, ...dialled];
}

/** An address that listens everywhere is reached by this machine's name. */
function urlOf(host: string, port: number): string {
  const name = isAnyAddress(host) ? hostname() : host;
  return `https://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
