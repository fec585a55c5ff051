import { join } from "node:path";
import type { ApiTransport } from "../apis/api-transport.ts";
import type { KubeObject } from "../apis/object.ts";
import { type CertificateAuthority, writePrivateFile } from "../base/certificates.ts";
import { LmdbRecordStore } from "../base/lmdb-record-store.ts";
import type { Logger } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import { Scope } from "../base/scope.ts";
import { ApiServer } from "./api-server.ts";
import { installObjects } from "./install.ts";
import { HttpsListener, type ListenAddress } from "./listen/https-listener.ts";
import { kubeconfig } from "./listen/kubeconfig.ts";
import { parseListen } from "./listen/listen-address.ts";
import { LocalTransport } from "./listen/local-transport.ts";
import { isAnyAddress, issueAdmin, issueServer, openAuthority } from "./listen/pki.ts";
import { RecordVersionedStore } from "./store/record-versioned-store.ts";
import { BUILTIN_TYPES } from "./types/builtin-types.ts";
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
}

/** A server certificate lives a year; a process may live longer. */
const RENEW_MS = 20 * 24 * 3_600_000;

/** A Kubernetes API in this process: one store file, one HTTPS listener, and a way in without sockets. */
export class EmbeddedApi implements AsyncDisposable {
  /** For example "https://127.0.0.1:6443". */
  readonly url: string;
  /** In process; may do everything. */
  readonly transport: ApiTransport;
  readonly #name: string;
  readonly #authority: CertificateAuthority;
  readonly #scope: Scope;

  private constructor(
    url: string,
    transport: ApiTransport,
    name: string,
    authority: CertificateAuthority,
    scope: Scope,
  ) {
    this.url = url;
    this.transport = transport;
    this.#name = name;
    this.#authority = authority;
    this.#scope = scope;
  }

  /**
   * Opens the data, installs the definitions and listens. Rejects with `STORE_LOCKED`, `STORE_FAILED` or
   * `LISTEN_FAILED`, and then nothing is left open.
   */
  static async open(
    options: EmbeddedApiOptions,
    { log }: { readonly log: Logger; readonly metrics: Metrics },
  ): Promise<EmbeddedApi> {
    const address = parseListen(options.listen);
    const scope = new Scope(log);
    try {
      const authority = await openAuthority(join(options.dataDir, "pki"), options.name);
      const server = await openServer(options, scope, log);
      const transport = new LocalTransport(server);
      await installObjects(transport, options.crds);
      const listener = await listen(address, server, authority, scope, log);
      const host = isAnyAddress(address.host) ? "127.0.0.1" : address.host;
      const url = `https://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
      log.info({ url }, "embedded API is serving");
      return new EmbeddedApi(url, transport, options.name, authority, scope);
    } catch (error) {
      await scope[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes a kubeconfig of an administrator, with a new certificate, for its owner's eyes only. */
  async writeKubeconfig(path: string): Promise<void> {
    const user = await issueAdmin(this.#authority);
    const { certificate } = this.#authority;
    await writePrivateFile(path, kubeconfig(this.#name, this.url, certificate, user));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }
}

async function openServer(
  options: EmbeddedApiOptions,
  scope: Scope,
  log: Logger,
): Promise<ApiServer> {
  const records = scope.use(await LmdbRecordStore.open(join(options.dataDir, "store.mdb")));
  const store = scope.use(new RecordVersionedStore(records));
  const types = new TypeRegistry(BUILTIN_TYPES);
  followDefinitions(store, types, log);
  scope.use(new Cascade(store, types, log));
  scope.use(new OwnerCollector(store, types, log));
  return new ApiServer({ store, types, log });
}

async function listen(
  address: ListenAddress,
  server: ApiServer,
  authority: CertificateAuthority,
  scope: Scope,
  log: Logger,
): Promise<HttpsListener> {
  const trust = async () => ({
    ca: authority.certificate,
    pair: await issueServer(authority, address.host),
  });
  const listener = scope.use(await HttpsListener.listen(address, server, await trust(), log));
  const renewal = setInterval(() => {
    trust().then(
      (renewed) => listener.renew(renewed),
      (err: unknown) => log.error({ err }, "cannot renew the server certificate"),
    );
  }, RENEW_MS);
  renewal.unref();
  scope.signal.addEventListener("abort", () => clearInterval(renewal), { once: true });
  return listener;
}
