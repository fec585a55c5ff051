import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ApiTransport } from "../apis/api-transport.ts";
import type { ClusterProxy } from "../apis/cluster-proxy.ts";
import type { KubeObject } from "../apis/object.ts";
import { type CertificateAuthority, type KeyPair, writePrivateFile } from "../base/certificates.ts";
import { LmdbRecordStore } from "../base/lmdb-record-store.ts";
import type { Logger } from "../base/log.ts";
import type { ShownMetrics } from "../base/metrics.ts";
import { Scope } from "../base/scope.ts";
import { Access } from "./access/access.ts";
import { AuditLog } from "./access/audit-log.ts";
import { AuditTrail } from "./access/audit-trail.ts";
import { installRoles } from "./access/install-roles.ts";
import { RoleAggregation } from "./access/role-aggregation.ts";
import { ISSUER } from "./access/service-account-tokens.ts";
import { SigningKey } from "./access/signing-key.ts";
import { TokenFile } from "./access/token-file.ts";
import { authenticated } from "./access/users.ts";
import { ApiServer } from "./api-server.ts";
import { installObjects, publishAuthority } from "./install.ts";
import { ServiceAddresses } from "./kinds/service-addresses.ts";
import { ApiDoor } from "./listen/api-door.ts";
import { ClusterDoor } from "./listen/cluster-door.ts";
import type { Door } from "./listen/door.ts";
import { HttpsListener, type ListenAddress, type ListenerParts } from "./listen/https-listener.ts";
import { kubeconfig } from "./listen/kubeconfig.ts";
import { parseListen } from "./listen/listen-address.ts";
import { LocalTransport } from "./listen/local-transport.ts";
import { ADMIN, isAnyAddress, issueClient, issueServer, openAuthority } from "./listen/pki.ts";
import type { VisitParts } from "./listen/visit.ts";
import type { User } from "./request/operation.ts";
import { RecordVersionedStore } from "./store/record-versioned-store.ts";
import { STORE_FILE } from "./store/restore.ts";
import { measureStore } from "./traffic/store-gauges.ts";
import { DEFAULT_TRAFFIC_LIMITS, type TrafficLimits } from "./traffic/traffic.ts";
import { BUILTIN_TYPES } from "./types/builtin-types.ts";
import { DefinitionNames } from "./types/definition-names.ts";
import { followDefinitions } from "./types/definitions.ts";
import { TypeRegistry } from "./types/type-registry.ts";
import { Cascade } from "./verbs/cascade.ts";
import { OwnerCollector } from "./verbs/owner-collector.ts";

/** What an embedded API is, and where. */
export interface EmbeddedApiOptions {
  /** Cluster and context name. */
  readonly name: string;
  /** Directory of its own: objects and certificates. Only one process can have it open. */
  readonly dataDir: string;
  /** "host:port"; port 0 is any free one. */
  readonly listen: string;
  /** CustomResourceDefinitions that are installed or updated at the start. */
  readonly crds: readonly KubeObject[];
  /** A file of lines `token,user,uid,"group1,group2"`: tokens that are good besides certificates. */
  readonly tokenFile?: string | undefined;
  /** A file to which a line is added for each request. */
  readonly auditLog?: string | undefined;
  /** The way to the APIs of other clusters, under /clusters/NAME/; without it there are none. */
  readonly clusters?: ClusterProxy | undefined;
  /** What else is served at the same address, to visitors that this API knows. */
  readonly doors?: ((visits: VisitParts) => readonly Door[]) | undefined;
  /** How many requests are answered at the same time; the usual numbers where absent. */
  readonly limits?: Partial<TrafficLimits> | undefined;
}

/** Certificates live a year; a process may live longer. */
const RENEW_MS = 20 * 24 * 3_600_000;

interface OpenedParts {
  readonly name: string;
  readonly authority: CertificateAuthority;
  readonly scope: Scope;
  readonly log: Logger;
}

/** A Kubernetes API in this process: one store file, one HTTPS listener, and a way in without sockets. */
export class EmbeddedApi implements AsyncDisposable {
  /** For example "https://127.0.0.1:6443". */
  readonly url: string;
  /** In process; may do everything. */
  readonly transport: ApiTransport;
  readonly #server: ApiServer;
  readonly #name: string;
  readonly #authority: CertificateAuthority;
  readonly #scope: Scope;
  readonly #log: Logger;

  private constructor(
    url: string,
    server: ApiServer,
    { name, authority, scope, log }: OpenedParts,
  ) {
    this.url = url;
    this.transport = new LocalTransport(server);
    this.#server = server;
    this.#name = name;
    this.#authority = authority;
    this.#scope = scope;
    this.#log = log;
  }

  /**
   * Opens the data, installs the roles and definitions and listens. Rejects with `STORE_LOCKED`,
   * `STORE_FAILED`, `TOKEN_FILE_INVALID`, `AUDIT_LOG_FAILED` or `LISTEN_FAILED`, and then nothing is left open.
   */
  static async open(
    options: EmbeddedApiOptions,
    { log, metrics }: { readonly log: Logger; readonly metrics: ShownMetrics },
  ): Promise<EmbeddedApi> {
    const address = parseListen(options.listen);
    const scope = new Scope(log);
    try {
      const authority = await openAuthority(join(options.dataDir, "pki"), options.name);
      const { server, access, audit } = await openServer(options, scope, { log, metrics });
      const local = new LocalTransport(server);
      await installObjects(local, options.crds);
      await publishAuthority(local, authority.certificate);
      const { authenticator } = access;
      const visits = { judge: access, audit, log };
      const doors = doorsOf(options, visits, new ApiDoor({ api: server, authenticator, log }));
      const listener = await listen(address, { doors, log }, authority, scope);
      const host = isAnyAddress(address.host) ? "127.0.0.1" : address.host;
      const url = `https://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
      log.info({ url }, "embedded API is serving");
      return new EmbeddedApi(url, server, { name: options.name, authority, scope, log });
    } catch (error) {
      await scope[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Writes a kubeconfig of `user` (of an administrator), with a new certificate, for its owner's eyes only; and
   * again with another one long before that ends, as long as the file is there.
   */
  async writeKubeconfig(path: string, user: User = ADMIN): Promise<void> {
    await this.#writeKubeconfig(path, user);
    const renewal = setInterval(() => {
      if (!existsSync(path)) return;
      this.#writeKubeconfig(path, user).catch((err: unknown) => {
        this.#log.error({ err, path }, "cannot renew a kubeconfig");
      });
    }, RENEW_MS);
    renewal.unref();
    this.#scope.signal.addEventListener("abort", () => clearInterval(renewal), { once: true });
  }

  async #writeKubeconfig(path: string, user: User): Promise<void> {
    const pair = await this.issueClient(user);
    const cluster = { name: this.#name, url: this.url, ca: this.#authority.certificate };
    const as = user === ADMIN ? "admin" : user.name;
    await writePrivateFile(path, kubeconfig(cluster, as, pair));
  }

  /** A new certificate with which its owner is `user`, for a year or for `days`. */
  issueClient(user: User, days?: number): Promise<KeyPair> {
    return issueClient(this.#authority, user, days);
  }

  /** In process, as `user`: may do what that user may. */
  transportFor(user: User): ApiTransport {
    return new LocalTransport(this.#server, authenticated(user));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }
}

async function openServer(
  options: EmbeddedApiOptions,
  scope: Scope,
  { log, metrics }: { readonly log: Logger; readonly metrics: ShownMetrics },
): Promise<{ server: ApiServer; access: Access; audit: AuditTrail | undefined }> {
  const { dataDir, tokenFile, auditLog } = options;
  const storeFile = join(dataDir, STORE_FILE);
  const tokens = tokenFile === undefined ? [] : [await TokenFile.open(tokenFile, ISSUER)];
  const records = scope.use(await LmdbRecordStore.open(storeFile));
  const store = scope.use(new RecordVersionedStore(records));
  const addresses = new ServiceAddresses(store);
  const names = scope.use(new DefinitionNames(store, log));
  const types = new TypeRegistry(names.addTo(addresses.addTo(BUILTIN_TYPES)));
  followDefinitions(store, types, log);
  scope.use(new Cascade(store, types, log));
  scope.use(new OwnerCollector(store, types, log));
  await installRoles(store);
  await scope.use(new RoleAggregation(store, log)).settled();
  const key = await SigningKey.open(join(dataDir, "pki", "service-account.key"));
  const access = new Access({ store, key, tokens });
  const lines = auditLog === undefined ? undefined : scope.use(await AuditLog.open(auditLog, log));
  const audit = lines && new AuditTrail(lines);
  const gauges = measureStore({ store, types, storeFile, audit: lines }, metrics);
  scope.signal.addEventListener("abort", () => gauges[Symbol.dispose](), { once: true });
  const limits = { ...DEFAULT_TRAFFIC_LIMITS, ...options.limits };
  const server = new ApiServer({ store, types, log, metrics, access, audit, limits });
  return { server, access, audit };
}

function doorsOf(
  { clusters, doors = () => [] }: EmbeddedApiOptions,
  visits: VisitParts,
  api: Door,
): ListenerParts["doors"] {
  const far = clusters === undefined ? [] : [new ClusterDoor({ ...visits, clusters })];
  return [...far, ...doors(visits), api];
}

async function listen(
  address: ListenAddress,
  parts: ListenerParts,
  authority: CertificateAuthority,
  scope: Scope,
): Promise<HttpsListener> {
  const trust = async () => ({
    ca: authority.certificate,
    pair: await issueServer(authority, address.host),
  });
  const listener = scope.use(await HttpsListener.listen(address, await trust(), parts));
  const renewal = setInterval(() => {
    trust().then(
      (renewed) => listener.renew(renewed),
      (err: unknown) => parts.log.error({ err }, "cannot renew the server certificate"),
    );
  }, RENEW_MS);
  renewal.unref();
  scope.signal.addEventListener("abort", () => clearInterval(renewal), { once: true });
  return listener;
}
