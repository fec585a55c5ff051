import { randomBytes } from "node:crypto";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { HostNetwork } from "./host-network.ts";
import { ObjectApi } from "./object-api.ts";
import { ProcessTree } from "./process-tree.ts";

/** A path of the edge's API whose answer never ends. */
const ENDLESS = "/endless";
const PIECE = randomBytes(32 * 1024);

async function* endless(): AsyncIterable<Uint8Array> {
  for (;;) yield PIECE;
}

/** A root and an edge, each on a host of its own; what the edge sends can be made slow. */
export class SlowUplink implements AsyncDisposable {
  readonly #network: HostNetwork;
  readonly #tree: ProcessTree;
  readonly #api: ObjectApi;
  readonly #transport: KubeconfigTransport;
  readonly #over = new AbortController();
  readonly #readers: Promise<void>[] = [];
  #tasks = 0;
  #read = 0;

  private constructor(
    network: HostNetwork,
    api: ObjectApi,
    tree: ProcessTree,
    transport: KubeconfigTransport,
  ) {
    this.#network = network;
    this.#api = api;
    this.#tree = tree;
    this.#transport = transport;
  }

  static async start(): Promise<SlowUplink> {
    const network = new HostNetwork(["root", "edge"]);
    try {
      const api = await ObjectApi.listen(network.here("edge"));
      const objects = api.api.answer;
      api.api.answer = (request) =>
        request.url === ENDLESS ? { status: 200, body: endless() } : objects(request);
      const tree = await ProcessTree.start({
        root: { host: network.host("root") },
        edge: { parent: "root", host: network.host("edge"), kubeconfig: api.kubeconfig },
      });
      const transport = await KubeconfigTransport.open(tree.kubeconfig("root"));
      return new SlowUplink(network, api, tree, transport);
    } catch (error) {
      network[Symbol.dispose]();
      throw error;
    }
  }

  /** Bytes that have come up in answers without an end. */
  get read(): number {
    return this.#read;
  }

  /** How often the root has lost the edge. */
  get losses(): number {
    return this.#tree.program("root").logged("child left").length;
  }

  /** From now on the edge sends no more than that. */
  slow(bytesPerSecond: number): void {
    this.#network.slow("edge", bytesPerSecond);
  }

  /** Begins to read so many answers without an end through the root. */
  fill(readers: number): void {
    for (let reader = 0; reader < readers; reader++) this.#readers.push(this.#fill());
  }

  /** Writes a task for the edge; resolves when the root shows that it is done. */
  async task(): Promise<void> {
    const name = `task-${this.#tasks++}`;
    const [method, url] = ["POST", "/api/v1/namespaces/default/configmaps"];
    const body = `metadata: {name: ${name}}`;
    const task = await this.#tree.task(name, { clusterSelector: "edge", method, url, body });
    const { status } = await task.completed(120_000);
    if (status?.summary?.done !== 1) throw new Error(`${name} ended as ${JSON.stringify(status)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#readers);
    await this.#transport[Symbol.asyncDispose]();
    await this.#tree[Symbol.asyncDispose]();
    await this.#api[Symbol.asyncDispose]();
    this.#network[Symbol.dispose]();
  }

  async #fill(): Promise<void> {
    const { signal } = this.#over;
    const request = { method: "GET", path: `/clusters/edge${ENDLESS}` };
    const { status, body } = await this.#transport.request(request, signal);
    if (status !== 200) throw new Error(`The edge answers ${status}`);
    for await (const piece of body) this.#read += piece.length;
  }
}
