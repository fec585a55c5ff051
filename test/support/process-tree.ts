import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../../pkg/apis/cluster.ts";
import {
  CLUSTER_CONTROLLER,
  CLUSTER_CONTROLLER_RESULT,
  type ClusterController,
  type ClusterControllerResult,
  type ClusterControllerSpec,
  type ClusterVerdict,
  TASK_UID_LABEL,
} from "../../pkg/apis/cluster-controller.ts";
import { errorText } from "../../pkg/base/errors.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { createToken } from "../../pkg/trust/create-token.ts";
import type { TokenTerms } from "../../pkg/trust/token-secrets.ts";
import { eventually } from "./eventually.ts";
import { NodeProgram } from "./node-program.ts";
import { freePort } from "./program.ts";

/** One cluster of a tree. */
export interface TreeMember {
  /** Its parent; the root is the only one without. */
  readonly parent?: string;
  /** Kubeconfig of the API where its tasks are executed. */
  readonly kubeconfig?: string;
  /** Whether it has an embedded API of its own, as the root has unless it has a kubeconfig. */
  readonly api?: boolean;
  /** Further flags. */
  readonly flags?: readonly string[];
  /** The machine it runs on; this one if absent. */
  readonly host?: TreeHost;
}

/** A machine of its own for a member of a tree. */
export interface TreeHost {
  /** Where its children reach it. */
  readonly address: string;
  /** Where this process reaches it, whatever happens between the members. */
  readonly control: string;
  /** What makes a program run there, put before its command. */
  readonly command: readonly string[];
}

const THIS_MACHINE: TreeHost = { address: "127.0.0.1", control: "127.0.0.1", command: [] };

interface Ports {
  readonly tunnel: number;
  readonly api: number;
}

/** How long a tree may take for anything, on a machine that has much else to do. */
const LIMIT_MS = 60_000;

/** Cluster controllers, each a process of its own, on loopback, with their data in a temporary directory. */
export class ProcessTree implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ote-tree-"));
  readonly #members = new Map<string, TreeMember>();
  readonly #ports = new Map<string, Ports>();
  readonly #programs = new Map<string, NodeProgram>();
  readonly #transports = new Map<string, KubeconfigTransport>();

  readonly #insecure: boolean;

  private constructor({ insecure = false }: TreeOptions) {
    this.#insecure = insecure;
  }

  /** Starts all members; resolves when the root shows every one of them online. */
  static async start(
    members: Readonly<Record<string, TreeMember>>,
    options: TreeOptions = {},
  ): Promise<ProcessTree> {
    const tree = new ProcessTree(options);
    try {
      for (const [name, member] of Object.entries(members)) await tree.prepare(name, member);
      tree.launch("root");
      if (!tree.#insecure) await tree.invite();
      for (const name of Object.keys(members)) if (name !== "root") tree.launch(name);
      await tree.online(...Object.keys(members));
      return tree;
    } catch (cause) {
      const complaints = tree.#complaints();
      await tree[Symbol.asyncDispose]();
      throw new Error(`Cannot start a tree: ${errorText(cause)}\n${complaints}`, { cause });
    }
  }

  /** Plans a member, without starting it. */
  async prepare(name: string, member: TreeMember): Promise<void> {
    this.#members.set(name, member);
    this.#ports.set(name, { tunnel: await freePort(), api: await freePort() });
  }

  /** Writes the token with which all members join, once the root can make one. */
  async invite(terms: Partial<TokenTerms> = {}): Promise<void> {
    const day = 86_400_000;
    const rights = { names: "*", tags: ["*"], parent: true, origin: true, replace: false };
    const all = { ...rights, uses: 1000, expires: Date.now() + day, ...terms };
    await this.program("root").says("ready", {}, LIMIT_MS);
    await writeFile(this.tokenFile, await createToken(await this.client(), all), { mode: 0o600 });
  }

  get tokenFile(): string {
    return join(this.folder, "join-token");
  }

  /** Starts a member that is planned and does not run, this time with further flags. */
  launch(name: string, flags: readonly string[] = []): NodeProgram {
    const { command } = this.#host(name);
    const all = [...this.#flags(name), ...flags];
    const program = new NodeProgram("cluster-controller", all, command);
    this.#programs.set(name, program);
    return program;
  }

  /** The process of a member: the present one, or the last it had. */
  program(name: string): NodeProgram {
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`There is no process of "${name}"`);
    return program;
  }

  /** host:port at which children join that member. */
  address(name: string): string {
    return `${this.#host(name).address}:${this.#ports.get(name)?.tunnel}`;
  }

  #host(name: string): TreeHost {
    return this.#members.get(name)?.host ?? THIS_MACHINE;
  }

  /** The kubeconfig of a member's API. */
  kubeconfig(name: string): string {
    return this.#members.get(name)?.kubeconfig ?? join(this.folder, `${name}.kubeconfig`);
  }

  /** The API of a member, which has run long enough to have one. */
  async client(name = "root"): Promise<TransportResourceClient> {
    let transport = this.#transports.get(name);
    transport ??= await KubeconfigTransport.open(this.kubeconfig(name));
    this.#transports.set(name, transport);
    return new TransportResourceClient(transport);
  }

  /** Resolves when the API of `at` shows these clusters online. */
  async online(...names: string[]): Promise<void> {
    await eventually(
      `${names} are online`,
      async () => {
        const present = await this.clusters();
        return names.every((name) => present.get(name)?.status?.status === "online");
      },
      LIMIT_MS,
    );
  }

  /** Resolves when the root shows that cluster below that parent. */
  async below(parent: string, name: string): Promise<void> {
    await eventually(
      `${name} is below ${parent}`,
      async () => {
        const { status } = (await this.clusters()).get(name) ?? {};
        return status?.status === "online" && status.parentName === parent;
      },
      LIMIT_MS,
    );
  }

  /** The Cluster objects of an API by name. */
  async clusters(at = "root"): Promise<Map<string, Cluster>> {
    const client = await this.client(at);
    const { items } = await client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE });
    return new Map(items.map((item) => [item.metadata.name, item]));
  }

  /** Writes a task to an API. */
  async task(
    name: string,
    spec: ClusterControllerSpec,
    { at = "root", namespace = SYSTEM_NAMESPACE } = {},
  ): Promise<TaskHandle> {
    const client = await this.client(at);
    const object = await client.create<ClusterController>(CLUSTER_CONTROLLER, {
      apiVersion: "ote.baidu.com/v1",
      kind: "ClusterController",
      metadata: { name, namespace },
      spec: { destination: "api", ...spec },
    });
    return new TaskHandle(client, object);
  }

  /** A task that is in the root's API already. */
  async found(name: string): Promise<TaskHandle> {
    const client = await this.client();
    const key = { namespace: SYSTEM_NAMESPACE, name };
    return new TaskHandle(client, await client.get<ClusterController>(CLUSTER_CONTROLLER, key));
  }

  /** A number on a member's /metrics: the sum over all its label sets that have these labels. */
  async metric(name: string, metric: string, labels: object = {}): Promise<number> {
    const { health } = await this.program(name).says("ready");
    const text = await (await fetch(`${health}/metrics`)).text();
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    return text
      .split("\n")
      .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      .filter((line) => wanted.every((pair) => line.includes(pair)))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.kill()));
    for (const transport of this.#transports.values()) await transport[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What its processes have to say about what went wrong. */
  #complaints(): string {
    return [...this.#programs]
      .flatMap(([name, program]) => [
        ...program.log.filter(({ level }) => level !== "info").map((line) => JSON.stringify(line)),
        ...program.stderr,
        `${name} ${program.running ? "runs" : "has ended"}, ${program.log.at(-1)?.msg}`,
      ])
      .join("\n");
  }

  #identityFlags(parent: string | undefined): string[] {
    if (this.#insecure) return ["--insecure"];
    return parent === undefined ? [] : ["--token-file", this.tokenFile];
  }

  #flags(name: string): string[] {
    const { parent, kubeconfig, api, flags = [] } = this.#members.get(name) ?? {};
    const { control } = this.#host(name);
    const hasApi = api ?? (parent === undefined && kubeconfig === undefined);
    return [
      ...["--cluster-name", name, "--data-dir", join(this.folder, name)],
      ...["--tunnel-listen", this.address(name)],
      ...(parent === undefined ? [] : ["--parent-cluster", this.address(parent)]),
      ...(kubeconfig === undefined ? [] : ["--kube-config", kubeconfig]),
      ...(hasApi ? ["--api-listen", `${control}:${this.#ports.get(name)?.api}`] : []),
      ...(hasApi ? ["--api-kube-config", this.kubeconfig(name)] : []),
      ...["--health-listen", `${control}:0`, "--heartbeat-interval", "1"],
      ...this.#identityFlags(parent),
      ...flags,
    ];
  }
}

/** What holds for a whole tree. */
export interface TreeOptions {
  /** Whether its links carry no identities, so that a test can say what it likes. */
  readonly insecure?: boolean;
}

/** One task that was written to an API. */
export class TaskHandle {
  readonly #client: TransportResourceClient;
  readonly #key: { readonly namespace: string; readonly name: string };
  readonly #uid: string;

  constructor(client: TransportResourceClient, { metadata }: ClusterController) {
    this.#client = client;
    this.#key = { namespace: metadata.namespace ?? "", name: metadata.name };
    this.#uid = metadata.uid ?? "";
  }

  get name(): string {
    return this.#key.name;
  }

  get uid(): string {
    return this.#uid;
  }

  /** As it is now. */
  read(): Promise<ClusterController> {
    return this.#client.get<ClusterController>(CLUSTER_CONTROLLER, this.#key);
  }

  delete(): Promise<void> {
    return this.#client.delete(CLUSTER_CONTROLLER, this.#key);
  }

  /** Resolves when its clusters are selected and on disk. */
  accepted(): Promise<ClusterController> {
    return this.#reaches("accepted", (task) => task.status?.phase !== undefined);
  }

  /** The task once it is Completed. */
  completed(limitMs = LIMIT_MS): Promise<ClusterController> {
    return this.#reaches("completed", (task) => task.status?.phase === "Completed", limitMs);
  }

  /** All verdicts, from the result objects; a cluster that has two is an error. */
  async results(): Promise<Record<string, ClusterVerdict>> {
    const pages = await this.pages();
    const all = pages.flatMap(({ results = {} }) => Object.entries(results));
    const byCluster = Object.fromEntries(all);
    if (Object.keys(byCluster).length !== all.length) throw new Error("A cluster has two verdicts");
    return byCluster;
  }

  /** Its result objects. */
  async pages(): Promise<readonly ClusterControllerResult[]> {
    const options = {
      namespace: this.#key.namespace,
      labelSelector: `${TASK_UID_LABEL}=${this.#uid}`,
    };
    const { items } = await this.#client.list<ClusterControllerResult>(
      CLUSTER_CONTROLLER_RESULT,
      options,
    );
    return items;
  }

  #reaches(
    what: string,
    holds: (task: ClusterController) => boolean,
    limitMs = LIMIT_MS,
  ): Promise<ClusterController> {
    let last: ClusterController | undefined;
    return eventually(
      `task ${this.#key.name} is ${what}`,
      async () => {
        last = await this.read();
        return holds(last) && last;
      },
      limitMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message} ${JSON.stringify(last?.status?.summary)}`);
    });
  }
}
