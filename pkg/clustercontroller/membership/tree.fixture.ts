import { join } from "node:path";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { SECRET, type Secret } from "../../apis/secret.ts";
import { testServer } from "../../apiserver/server.fixture.ts";
import { certificateRequest, newEd25519Key } from "../../base/certificate-request.ts";
import { type Logger, silentLog } from "../../base/log.ts";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import { noMetrics } from "../../base/metrics.ts";
import { Scope } from "../../base/scope.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { TransportResourceClient } from "../../kube/transport-resource-client.ts";
import { AUTHORITY_SECRET, AuthorityKeeper } from "../../trust/authority-secret.ts";
import { createToken } from "../../trust/create-token.ts";
import { Credentials } from "../../trust/credentials.ts";
import { IdentityFiles } from "../../trust/identity-files.ts";
import { SteadyClock } from "../../trust/steady-clock.ts";
import type { TokenTerms } from "../../trust/token-secrets.ts";
import { clusterName } from "../../wire/names.ts";
import { ClusterController } from "../cluster-controller.ts";
import type { OldPeersOptions } from "../oldpeers/open-old-children.ts";
import type { ClusterControllerParts } from "../options.ts";
import { joinTree } from "./join.ts";
import { rootGrant } from "./registrar.ts";

/** One running controller of a test tree. */
export interface TestMember extends AsyncDisposable {
  readonly controller: ClusterController;
  readonly credentials: Credentials;
  readonly address: string;
  /** What it logged, in order. */
  readonly lines: readonly { readonly msg: string; readonly code?: string }[];
}

/** A tree with identities in this process, over real TLS, whose root keeps everything in memory. */
export class TestTree implements AsyncDisposable {
  readonly client: ResourceClient;
  readonly root: TestMember;
  readonly folder: string;
  readonly #owned: readonly AsyncDisposable[];
  readonly #members: TestMember[] = [];
  readonly #stores = new Map<string, MemoryRecordStore>();

  private constructor(
    client: ResourceClient,
    root: TestMember,
    folder: string,
    owned: readonly AsyncDisposable[],
  ) {
    this.client = client;
    this.root = root;
    this.folder = folder;
    this.#owned = owned;
  }

  /** Starts a root whose certificates are valid for `days`. */
  static async start(days = 30): Promise<TestTree> {
    const server = await testServer();
    const folder = await temporaryDirectory();
    const client = new TransportResourceClient(server.transport);
    const root = await launchRoot(client, folder.path, days);
    return new TestTree(client, root, folder.path, [server, folder]);
  }

  /** Ends the root, puts the authority back to what `secret` says, and starts another root on the same API. */
  async restart(secret: Secret): Promise<TestMember> {
    await this.root[Symbol.asyncDispose]();
    const { metadata } = await this.client.get<Secret>(SECRET, AUTHORITY_SECRET);
    await this.client.update<Secret>(SECRET, { ...secret, metadata });
    const root = await launchRoot(this.client, this.folder, 30);
    this.#members.push(root);
    return root;
  }

  /** A token, by default for anybody and with all rights. */
  token(terms: Partial<TokenTerms> = {}): Promise<string> {
    const rights = { names: "*", tags: ["*"], parent: true, origin: true, replace: false };
    const expires = Date.now() + 86_400_000;
    return createToken(this.client, { ...rights, uses: 1, expires, ...terms });
  }

  files(name: string): IdentityFiles {
    return new IdentityFiles(join(this.folder, name));
  }

  /** Joins the tree at `parent`. */
  async join(name: string, token: string, parent: TestMember = this.root): Promise<Credentials> {
    const options = { name: clusterName(name), address: parent.address, token };
    return joinTree(options, this.files(name), AbortSignal.timeout(10_000));
  }

  /** Starts the controller of a cluster that has joined, on its data from before if there is any. */
  async launch(
    name: string,
    parent: TestMember = this.root,
    now?: number,
    oldPeers?: OldPeersOptions,
  ): Promise<TestMember> {
    const files = this.files(name);
    const kept = await files.read();
    if (kept === undefined) throw new Error(`${name} has not joined`);
    const store = this.#stores.get(name) ?? new MemoryRecordStore();
    this.#stores.set(name, store);
    const credentials = Credentials.open(kept, new SteadyClock(now));
    const member = await launch(name, [parent.address], credentials, files, store, { oldPeers });
    this.#members.push(member);
    return member;
  }

  /** A cluster that has joined and runs. */
  async member(name: string, parent: TestMember = this.root): Promise<TestMember> {
    await this.join(name, await this.token({ names: name }), parent);
    return this.launch(name, parent);
  }

  /** A Cluster object; undefined if there is none. */
  async cluster(name: string): Promise<Cluster | undefined> {
    const { items } = await this.client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE });
    return items.find(({ metadata }) => metadata.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#members) await member[Symbol.asyncDispose]();
    await this.root[Symbol.asyncDispose]();
    for (const owned of this.#owned) await owned[Symbol.asyncDispose]();
  }
}

async function launchRoot(
  client: ResourceClient,
  folder: string,
  days: number,
): Promise<TestMember> {
  const keeper = await AuthorityKeeper.open(client);
  const files = new IdentityFiles(join(folder, "root"));
  const key = await newEd25519Key();
  const name = clusterName("root");
  const request = await certificateRequest(key, name);
  const chain = await keeper.authority.issue(request, rootGrant(name), days);
  const credentials = Credentials.open({ key, chain, trust: keeper.authority.trust });
  const authority = { keeper, days };
  return launch("root", [], credentials, files, new MemoryRecordStore(), { client, authority });
}

async function launch(
  name: string,
  parents: readonly string[],
  credentials: Credentials,
  files: IdentityFiles,
  store: MemoryRecordStore,
  {
    oldPeers,
    ...more
  }: Partial<ClusterControllerParts> & { oldPeers?: OldPeersOptions | undefined },
): Promise<TestMember> {
  const lines: { msg: string; code?: string }[] = [];
  const log = recorder(lines);
  const scope = new Scope(silentLog);
  const controller = await ClusterController.start(
    scope,
    {
      name: clusterName(name),
      tags: {},
      version: "test",
      listen: { host: "127.0.0.1", port: 0 },
      advertise: "127.0.0.1:0",
      parents,
      heartbeatMs: 200,
      oldPeers,
    },
    { log, metrics: noMetrics, store, identity: { credentials, files }, ...more },
  );
  return {
    controller,
    credentials,
    address: `127.0.0.1:${controller.port}`,
    lines,
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

function recorder(lines: { msg: string; code?: string }[]): Logger {
  const note = (fields: object, msg: string): void => void lines.push({ ...fields, msg });
  const log: Logger = { ...silentLog, info: note, warn: note, error: note, child: () => log };
  return log;
}
