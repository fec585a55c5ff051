import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../pkg/apis/object.ts";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { Informer } from "../../pkg/kube/informer.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { CuttingProxy } from "../support/cutting-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { NodeProgram } from "../support/node-program.ts";
import { freePort } from "../support/program.ts";

const OBJECTS = 5000;
const NAMESPACE = "default";
const MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const CONFIG_MAP = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
} as const;
/** client-node waits up to half a minute before it connects again. */
const TRUE_LIMIT_MS = 60_000;
const TEST_LIMIT_MS = 120_000;
/** Together more than the store keeps of the past. */
const LARGE_BYTES = 900_000;
const LARGE_WRITES = 76;

/** What an informer holds: the resourceVersion of each name. */
type Held = ReadonlyMap<string, string>;

/** The embedded API as a program, a direct way to it, and one through a proxy. */
class World implements AsyncDisposable {
  readonly #directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  readonly #port: number;
  readonly proxy: CuttingProxy;
  #program: NodeProgram;
  #transport: KubeconfigTransport | undefined;

  private constructor(
    directory: Awaited<ReturnType<typeof temporaryDirectory>>,
    port: number,
    proxy: CuttingProxy,
  ) {
    this.#directory = directory;
    this.#port = port;
    this.proxy = proxy;
    this.#program = this.#launch();
  }

  static async start(): Promise<World> {
    const port = await freePort();
    const world = new World(await temporaryDirectory(), port, await CuttingProxy.listen(port));
    await world.#program.says("ready");
    const text = await readFile(world.#file("admin.kubeconfig"), "utf8");
    const [direct, cut] = [`:${port}`, `:${world.proxy.port}`];
    await writeFile(world.kubeconfig, text.replaceAll(direct, cut), { mode: 0o600 });
    world.#transport = await KubeconfigTransport.open(world.#file("admin.kubeconfig"));
    return world;
  }

  /** Of an administrator, through the proxy. */
  get kubeconfig(): string {
    return this.#file("proxy.kubeconfig");
  }

  /** kill -9, and start on the same data and port. */
  async crash(): Promise<void> {
    process.kill(this.#program.pid, "SIGKILL");
    await this.#program.ended;
    this.#program = this.#launch();
    await this.#program.says("ready");
  }

  async call(
    method: string,
    path: string,
    body?: object,
  ): Promise<KubeObject & { items?: KubeObject[] }> {
    const text = body && JSON.stringify(body);
    const response = await this.#transport?.request(
      { method, path, body: text },
      AbortSignal.timeout(30_000),
    );
    const pieces: Uint8Array[] = [];
    for await (const piece of response?.body ?? []) pieces.push(piece);
    const answer = Buffer.concat(pieces).toString();
    if ((response?.status ?? 500) >= 400) throw new Error(answer);
    return JSON.parse(answer);
  }

  async truth(): Promise<Held> {
    return held((await this.call("GET", MAPS)).items ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport?.[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.#program[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }

  #file(name: string): string {
    return join(this.#directory.path, name);
  }

  #launch(): NodeProgram {
    const flags = ["--data-dir", this.#directory.path, "--listen", `127.0.0.1:${this.#port}`];
    return new NodeProgram("embedded-apiserver", flags);
  }
}

function held(objects: Iterable<KubeObject>): Held {
  return new Map(
    [...objects].map(({ metadata }) => [metadata.name, metadata.resourceVersion ?? ""]),
  );
}

/** Kept by client-node as its documentation says: whoever hears an error starts it again. */
async function clientNodeInformer(kubeconfig: string, signal: AbortSignal): Promise<() => Held> {
  const { CoreV1Api, KubeConfig, makeInformer } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const informer = makeInformer(config, MAPS, () =>
    api.listNamespacedConfigMap({ namespace: NAMESPACE }),
  );
  const restart = () => {
    setTimeout(() => {
      if (!signal.aborted) informer.start().catch(restart);
    }, 100);
  };
  informer.on("error", restart);
  signal.addEventListener("abort", () => void informer.stop(), { once: true });
  await informer.start();
  return () => held(informer.list() as readonly unknown[] as readonly KubeObject[]);
}

async function ownInformer(kubeconfig: string, signal: AbortSignal): Promise<() => Held> {
  const transport = await KubeconfigTransport.open(kubeconfig);
  const informer = new Informer(new TransportResourceClient(transport), CONFIG_MAP, {
    namespace: NAMESPACE,
  });
  void informer.run(signal).finally(() => transport[Symbol.asyncDispose]());
  await informer.synced;
  return () => held(informer.objects.values());
}

const INFORMERS = { "client-node's": clientNodeInformer, ours: ownInformer };

describe(`Informers of ${OBJECTS} objects`, { timeout: TEST_LIMIT_MS }, () => {
  const ending = new AbortController();
  let world: World;
  let informers: readonly (readonly [name: string, held: () => Held])[];

  async function inParallel(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < count) await work(next++);
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  }

  const change = (n: number, text = "changed") =>
    world.call("PUT", `${MAPS}/map-${n}`, { metadata: { name: `map-${n}` }, data: { text } });

  async function expectTruth(): Promise<void> {
    const truth = await world.truth();
    for (const [name, held] of informers) {
      const isTrue = () => {
        const has = held();
        return has.size === truth.size && [...truth].every(([key, rv]) => has.get(key) === rv);
      };
      await eventually(`${name} informer is true`, isTrue, TRUE_LIMIT_MS);
    }
  }

  beforeAll(async () => {
    world = await World.start();
    await inParallel(OBJECTS, (n) =>
      world.call("POST", MAPS, { metadata: { name: `map-${n}` }, data: { text: "first" } }),
    );
    const starting = Object.entries(INFORMERS).map(
      async ([name, start]) => [name, await start(world.kubeconfig, ending.signal)] as const,
    );
    informers = await Promise.all(starting);
  }, TEST_LIMIT_MS);

  afterAll(async () => {
    ending.abort();
    await world?.[Symbol.asyncDispose]();
  });

  it("hold what is there", async () => {
    await expectTruth();
    expect((await world.truth()).size).toBeGreaterThanOrEqual(OBJECTS);
  });

  it("miss nothing when the server is killed while it is written to", async () => {
    let isWriting = true;
    const writer = (async () => {
      for (let n = 0; isWriting; n++) await change(n % 50, `before ${n}`).catch(() => sleep(20));
    })();
    await world.crash();
    isWriting = false;
    await writer;
    await change(4000);
    await world.call("DELETE", `${MAPS}/map-4001`);
    await world.call("POST", MAPS, { metadata: { name: "after-crash" } });
    await expectTruth();
  });

  it("miss nothing when connections are cut in the middle of events", async () => {
    for (let cut = 0; cut < 5; cut++) {
      const writing = inParallel(100, (n) => change(cut * 100 + n, `cut ${cut}`));
      world.proxy.cut();
      await writing;
    }
    await world.call("DELETE", `${MAPS}/map-4002`);
    await expectTruth();
  });

  it("list again when the past they ask for is compacted meanwhile", async () => {
    const before = (await world.call("GET", `${MAPS}?limit=1`)).metadata.resourceVersion;
    world.proxy.close();
    await world.call("DELETE", `${MAPS}/map-4003`);
    await inParallel(LARGE_WRITES, (n) => change(n, `${n}`.padEnd(LARGE_BYTES, "x")));
    const watch = await world.call("GET", `${MAPS}?watch=1&resourceVersion=${before}`);
    expect(watch).toMatchObject({ type: "ERROR", object: { code: 410 } });
    world.proxy.restore();
    await expectTruth();
  });
});
