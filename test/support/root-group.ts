import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../../pkg/apis/cluster.ts";
import {
  CLUSTER_CONTROLLER,
  type ClusterController,
  type ClusterControllerSpec,
} from "../../pkg/apis/cluster-controller.ts";
import { LEASE, type Lease } from "../../pkg/apis/lease.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { createToken } from "../../pkg/trust/create-token.ts";
import { eventually } from "./eventually.ts";
import { type LogLine, NodeProgram } from "./node-program.ts";
import { TaskHandle } from "./process-tree.ts";
import { freePort } from "./program.ts";

/** Long enough that a leader on a busy machine renews it in time. */
export const LEASE_SECONDS = 6;

/** Several roots on one API, a region below them that knows all, and a shop below the region. */
export class RootGroup implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ote-roots-"));
  readonly client: TransportResourceClient;
  readonly #transport: KubeconfigTransport;
  readonly #kubeconfig: string;
  readonly #ports = new Map<string, number>();
  readonly #programs = new Map<string, NodeProgram>();

  private constructor(kubeconfig: string, transport: KubeconfigTransport) {
    this.#kubeconfig = kubeconfig;
    this.#transport = transport;
    this.client = new TransportResourceClient(transport);
  }

  /** Starts roots of these names on the API of `kubeconfig`; resolves when the first of them leads. */
  static async start(kubeconfig: string, ...roots: string[]): Promise<RootGroup> {
    const group = new RootGroup(kubeconfig, await KubeconfigTransport.open(kubeconfig));
    for (const name of [...roots, "region", "shop"]) group.#ports.set(name, await freePort());
    for (const name of roots) {
      group.launchRoot(name);
      await group.program(name).says("ready");
    }
    return group;
  }

  address(name: string): string {
    return `127.0.0.1:${this.#ports.get(name)}`;
  }

  program(name: string): NodeProgram {
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`There is no process of "${name}"`);
    return program;
  }

  launchRoot(name: string, ...flags: string[]): void {
    this.#launch(name, "root", [
      ...["--kube-config", this.#kubeconfig, "--leader-elect"],
      ...["--leader-elect-lease-duration", String(LEASE_SECONDS), ...flags],
    ]);
  }

  /** Starts a cluster below these addresses, with a token that is made now. */
  async launchCluster(name: string, parents: readonly string[], ...flags: string[]): Promise<void> {
    const token = join(this.folder, `${name}.token`);
    const rights = { names: "*", tags: ["*"], parent: true, origin: true, replace: false };
    const expires = Date.now() + 3_600_000;
    await writeFile(token, await createToken(this.client, { ...rights, uses: 1, expires }));
    const addresses = parents.map((parent) => this.address(parent)).join();
    if (!this.#ports.has(name)) this.#ports.set(name, await freePort());
    this.#launch(name, name, ["--parent-cluster", addresses, "--token-file", token, ...flags]);
  }

  lease(): Promise<Lease> {
    const key = { namespace: SYSTEM_NAMESPACE, name: "ote-root-cluster-controller" };
    return this.client.get<Lease>(LEASE, key);
  }

  async online(...names: string[]): Promise<void> {
    await eventually(`${names} are online`, async () => {
      const { items } = await this.client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE });
      const online = items.filter(({ status }) => status?.status === "online");
      return names.every((name) => online.some(({ metadata }) => metadata.name === name));
    });
  }

  async task(name: string, spec: ClusterControllerSpec): Promise<TaskHandle> {
    const object = await this.client.create<ClusterController>(CLUSTER_CONTROLLER, {
      apiVersion: "ote.baidu.com/v1",
      kind: "ClusterController",
      metadata: { name, namespace: SYSTEM_NAMESPACE },
      spec: { destination: "api", ...spec },
    });
    return new TaskHandle(this.client, object);
  }

  /** Resolves when this root has taken over for the `times`th time, with its log line. */
  leads(name: string, times = 1, limitMs?: number): Promise<LogLine> {
    return eventually(
      `${name} leads`,
      () => this.program(name).logged("leads from now on")[times - 1],
      limitMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.kill()));
    await this.#transport[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #launch(key: string, name: string, flags: readonly string[]): void {
    const program = new NodeProgram("cluster-controller", [
      ...["--cluster-name", name, "--data-dir", join(this.folder, key)],
      ...["--tunnel-listen", this.address(key), "--heartbeat-interval", "1"],
      ...flags,
    ]);
    this.#programs.set(key, program);
  }
}
