import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type Agent, request as httpsRequest } from "node:https";
import { PassThrough } from "node:stream";
import type { ApiTransport } from "../../apis/api-transport.ts";
import type { ClusterProxy, ProxyAnswer, ProxyRequest } from "../../apis/cluster-proxy.ts";
import { CONFIG_MAP, type ConfigMap } from "../../apis/config-map.ts";
import type { EntryAddress } from "../../apis/entry.ts";
import type { KubeObject, ResourceType } from "../../apis/object.ts";
import { call } from "../../apiserver/calls.fixture.ts";
import { type TestServer, testServer } from "../../apiserver/server.fixture.ts";
import type { CertificateAuthority, KeyPair, Leaf } from "../../base/certificates.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { Scope } from "../../base/scope.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { TransportResourceClient } from "../../kube/transport-resource-client.ts";
import { type EntryOptions, openEntry } from "./entry.ts";
import { LeaderProxy } from "./leader-proxy.ts";

const PLACE = { namespace: "kube-system", name: "extension-apiserver-authentication" };

/** What a caller shows; a token or nothing goes into the headers. */
export type Shown = Partial<KeyPair>;

/** An answer as a caller sees it. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly socket: unknown;
}

/** A cluster at the far end: answers with what it was asked, and remembers it. */
export class EchoCluster implements ClusterProxy {
  readonly asked: (ProxyRequest & { readonly cluster: string })[] = [];

  exchange(cluster: string, request: ProxyRequest) {
    this.asked.push({ ...request, cluster });
    const body = new PassThrough();
    const answer: ProxyAnswer = { status: 200, headers: [["content-type", "text/plain"]] };
    return { body, answer: Promise.resolve(answer) };
  }
}

/** An entry on loopback, an API beside it that knows callers, and a cluster behind. */
export class TestEntry implements AsyncDisposable {
  readonly cluster = new EchoCluster();
  readonly proxy = new LeaderProxy();
  readonly client: TransportResourceClient;
  readonly folder: string;
  readonly #transport: ApiTransport;
  readonly #resources: AsyncDisposable[];
  address: EntryAddress = { url: "" };

  private constructor(api: TestServer, folder: string, resources: AsyncDisposable[]) {
    this.#transport = api.transport;
    this.folder = folder;
    this.#resources = resources;
    this.client = new TransportResourceClient(api.transport);
  }

  /** `transport` stands before the API, for what goes wrong there. */
  static async open(
    options: Partial<EntryOptions> = {},
    through: (transport: ApiTransport) => ApiTransport = (transport) => transport,
  ): Promise<TestEntry> {
    const folder = await temporaryDirectory();
    const api = await testServer({ roles: true });
    const scope = new Scope(silentLog);
    const entry = new TestEntry(api, folder.path, [scope, api, folder]);
    entry.proxy.lead(entry.cluster, scope.signal);
    const listen = { host: "127.0.0.1", port: 0 };
    const parts = { clusters: entry.proxy, log: silentLog, metrics: noMetrics };
    try {
      entry.address = await openEntry(
        scope,
        { name: "t", dataDir: folder.path, listen, ...options },
        { ...parts, transport: through(api.transport), client: entry.client },
      );
    } catch (error) {
      await entry[Symbol.asyncDispose]();
      throw error;
    }
    return entry;
  }

  get port(): number {
    return Number(new URL(this.address.url).port);
  }

  /** Makes an object in the API. */
  create<T extends KubeObject>(type: Partial<ResourceType>, object: object): Promise<T> {
    return this.client.create<T>(
      { group: "", version: "v1", namespaced: true, ...type } as ResourceType,
      object as T,
    );
  }

  /** Makes a service account in the namespace "default", and a token of it. */
  async account(name: string): Promise<{ user: string; token: string }> {
    const metadata = { namespace: "default", name };
    const kind = "ServiceAccount";
    await this.create({ kind, plural: "serviceaccounts" }, { apiVersion: "v1", kind, metadata });
    const path = `/api/v1/namespaces/default/serviceaccounts/${name}/token`;
    const made = await call(this.#transport, "POST", path, {
      ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
    });
    const { token } = (made.body as { status: { token: string } }).status;
    return { user: `system:serviceaccount:default:${name}`, token };
  }

  /** Publishes an authority of callers' certificates, as kube-apiserver does. */
  async trust(...authorities: readonly CertificateAuthority[]): Promise<void> {
    const pem = authorities.map(({ certificate }) => certificate).join("\n");
    const data = { "client-ca-file": pem };
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: PLACE, data };
    const present = await this.client.get<ConfigMap>(CONFIG_MAP, PLACE).catch(() => undefined);
    if (present === undefined) await this.client.create<ConfigMap>(CONFIG_MAP, map);
    else await this.client.update<ConfigMap>(CONFIG_MAP, { ...present, data });
  }

  /** Lets a user, by their name, do something with a cluster. */
  async allow(user: string, cluster: string, ...verbs: readonly string[]): Promise<void> {
    const name = `${user}-${cluster}`.replaceAll(":", "-");
    const group = "rbac.authorization.k8s.io";
    const place = { name, namespace: "kube-system" };
    await this.create(
      { group, kind: "Role", plural: "roles" },
      {
        ...{ apiVersion: `${group}/v1`, kind: "Role", metadata: place },
        rules: [
          {
            ...{ apiGroups: ["ote.baidu.com"], resources: ["clusters/proxy"] },
            ...{ resourceNames: [cluster], verbs },
          },
        ],
      },
    );
    await this.create(
      { group, kind: "RoleBinding", plural: "rolebindings" },
      {
        ...{ apiVersion: `${group}/v1`, kind: "RoleBinding", metadata: place },
        roleRef: { apiGroup: group, kind: "Role", name },
        subjects: [{ apiGroup: group, kind: "User", name: user }],
      },
    );
  }

  /** One request, on a connection of its own unless an agent has others. */
  async ask(
    path: string,
    { certificate: cert, key }: Shown = {},
    headers: Record<string, string | string[]> = {},
    method = "GET",
    agent: Agent | false = false,
  ): Promise<Got> {
    const client = httpsRequest({
      ...{ host: "127.0.0.1", port: this.port, ca: this.address.ca, agent },
      ...{ cert, key, path, method, headers },
    });
    client.end();
    const [response] = (await once(client, "response")) as [IncomingMessage];
    const { socket } = response;
    let text = "";
    for await (const piece of response) text += String(piece);
    const { statusCode: status = 0, headers: told } = response;
    return { status, headers: told, text, socket };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#resources) await resource[Symbol.asyncDispose]();
  }
}

/** A certificate for a caller. */
export function callerOf(
  authority: CertificateAuthority,
  commonName: string,
  more: Partial<Leaf> = {},
): Promise<KeyPair> {
  return authority.issue({ commonName, usage: "client", ...more });
}
