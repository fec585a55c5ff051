import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { VirtualTime } from "../../test/support/virtual-time.ts";
import { NAMESPACE } from "../apis/namespace.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { isStatus } from "../apis/status.ts";
import { type TestServer, testServer } from "../apiserver/server.fixture.ts";
import { silentLog } from "../base/log.ts";
import { MemoryRecordStore } from "../base/memory-record-store.ts";
import { noMetrics } from "../base/metrics.ts";
import { TransportResourceClient } from "../kube/transport-resource-client.ts";
import type { Notice } from "../replication/message.ts";
import { SourceStream } from "../replication/source-stream.ts";
import { clusterName } from "../wire/names.ts";
import { Catalog } from "./catalog.ts";
import { DesiredStore } from "./desired-store.ts";
import { Enforcer } from "./enforcer.ts";
import {
  DEFINITIONS,
  desiredOf,
  PROPAGATED_KINDS,
  parsePropagated,
  readDesired,
} from "./propagated-objects.ts";

const typeOf = (plural: string): ResourceType => {
  const kind = PROPAGATED_KINDS.find(({ type }) => type.plural === plural);
  if (kind === undefined) throw new Error(plural);
  return kind.type;
};
const configMaps = typeOf("configmaps");
const secrets = typeOf("secrets");
const DEFAULT = "default";

function labelled(
  name: string,
  data: Record<string, string>,
  annotations: Record<string, string> = {},
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace: DEFAULT,
      labels: { "ote.baidu.com/propagate": "", team: "a" },
      annotations: { "ote.baidu.com/cluster-selector": "tier=edge", ...annotations },
    },
    data,
  } as KubeObject;
}

/** The API of an entry point and that of one cluster, with what stands between them. */
class World implements AsyncDisposable {
  readonly notices: Notice[] = [];
  readonly store = new MemoryRecordStore();
  readonly cluster = {
    name: clusterName("shop"),
    tags: { tier: "edge" } as Record<string, string>,
  };
  /** How often something was corrected. */
  corrections = 0;
  /** Holds deletions at the cluster back until it resolves. */
  beforeDelete: () => Promise<void> = async () => {};
  readonly entry: TestServer;
  readonly edge: TestServer;
  readonly above: TransportResourceClient;
  readonly below: TransportResourceClient;
  readonly #ended = new AbortController();
  readonly #jobs: Promise<void>[] = [];
  #catalog: Catalog | undefined;
  #enforcer: { readonly enforcer: Enforcer; readonly stop: () => Promise<void> } | undefined;
  #stream: SourceStream | undefined;
  #cut: () => Promise<void> = async () => {};

  private constructor(entry: TestServer, edge: TestServer) {
    this.entry = entry;
    this.edge = edge;
    this.above = new TransportResourceClient(entry.transport);
    this.below = new TransportResourceClient(edge.transport);
  }

  static async open(): Promise<World> {
    const world = new World(await testServer(), await testServer());
    const catalog = new Catalog({
      client: world.above,
      log: silentLog,
      kinds: PROPAGATED_KINDS,
      onChange: (collection, key) => world.#stream?.mark(collection, key),
      onKnown: () => world.#stream?.wake(),
    });
    world.#catalog = catalog;
    world.#jobs.push(catalog.run(world.#ended.signal));
    world.startCluster();
    return world;
  }

  startCluster(): void {
    const client = new TransportResourceClient(this.edge.transport);
    const remove = client.delete.bind(client);
    client.delete = async (...args) => {
      await this.beforeDelete();
      await remove(...args);
    };
    const enforcer = new Enforcer({
      client,
      store: new DesiredStore(this.store),
      log: silentLog,
      metrics: noMetrics,
      onCorrected: () => (this.corrections += 1),
    });
    const ended = new AbortController();
    const running = enforcer.run(ended.signal);
    const stop = async (): Promise<void> => {
      ended.abort();
      await running;
    };
    this.#enforcer = { enforcer, stop };
  }

  async stopCluster(): Promise<void> {
    await this.#enforcer?.stop();
  }

  /** The way between both, from now on. */
  connect(): void {
    const [near, far] = duplexPair();
    const stream = new SourceStream(
      near,
      () => this.#catalog?.collections(() => this.cluster),
      (notice) => this.notices.push(notice),
    );
    this.#stream = stream;
    const work = [stream.run(this.#ended.signal), this.#enforcer?.enforcer.follow(far, "root")];
    this.#cut = async () => {
      near.destroy();
      far.destroy();
      await Promise.all(work);
    };
  }

  async cut(): Promise<void> {
    await this.#cut();
  }

  /** All objects are looked at anew, as when the tags of the cluster are others. */
  markAll(): void {
    for (const [collection, key] of this.#catalog?.offers() ?? [])
      this.#stream?.mark(collection, key);
  }

  async found(name: string, type = configMaps): Promise<KubeObject | undefined> {
    const at = type.namespaced ? { namespace: DEFAULT, name } : { name };
    return this.below.get<KubeObject>(type, at).catch((error: unknown) => {
      if (!isStatus(error, "NotFound")) throw error;
      return undefined;
    });
  }

  async data(name: string): Promise<unknown> {
    return ((await this.found(name)) as { data?: unknown } | undefined)?.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
    await this.stopCluster();
    this.#ended.abort();
    await Promise.all(this.#jobs);
    await this.entry[Symbol.asyncDispose]();
    await this.edge[Symbol.asyncDispose]();
  }
}

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const at = (name: string) => ({ namespace: DEFAULT, name });

describe("an object that is propagated", () => {
  it("comes to the clusters it is for, follows its changes, and goes when it goes", async () => {
    world.connect();
    await world.above.create(configMaps, labelled("prices", { a: "1", b: "2" }));
    await eventually("it is there", async () => (await world.found("prices")) !== undefined);
    const { metadata } = (await world.found("prices")) ?? {};
    expect(metadata?.labels).toEqual({ team: "a", "ote.baidu.com/propagated-by": "root" });
    expect(Object.keys(metadata?.annotations ?? {})).toEqual(["ote.baidu.com/propagated-version"]);
    await world.above.update(configMaps, labelled("prices", { a: "3" }));
    await eventually(
      "it follows",
      async () => JSON.stringify(await world.data("prices")) === '{"a":"3"}',
    );
    await world.above.delete(configMaps, at("prices"));
    await eventually("it is gone", async () => (await world.found("prices")) === undefined);
    expect([...world.store.entries("desired")]).toEqual([]);
    expect(world.corrections).toBe(0);
  });

  it("comes and goes as the cluster's tags and the selector do", async () => {
    world.cluster.tags = {};
    world.connect();
    await world.above.create(configMaps, labelled("prices", {}));
    await world.above.create(
      configMaps,
      labelled("all", {}, { "ote.baidu.com/cluster-selector": "*" }),
    );
    await eventually("all is there", async () => (await world.found("all")) !== undefined);
    expect(await world.found("prices")).toBeUndefined();
    world.cluster.tags = { tier: "edge" };
    world.markAll();
    await eventually("it is there", async () => (await world.found("prices")) !== undefined);
    const annotations = { "ote.baidu.com/cluster-selector": "tier=core" };
    await world.above.patch(configMaps, at("prices"), "merge", { metadata: { annotations } });
    await eventually("it is gone", async () => (await world.found("prices")) === undefined);
  });

  it("is as it should be again after somebody has changed or deleted it", async () => {
    world.connect();
    await world.above.create(configMaps, labelled("prices", { a: "1" }));
    await eventually("it is there", async () => (await world.found("prices")) !== undefined);
    const data = { a: "9", extra: "x" };
    await world.below.patch(configMaps, at("prices"), "merge", { data });
    await eventually(
      "it is right",
      async () => JSON.stringify(await world.data("prices")) === '{"a":"1"}',
    );
    expect(world.corrections).toBe(1);
    await eventually("it is told", () => world.notices.some(({ state }) => state === "corrected"));
  });

  it("is put right once in five seconds: whoever changes it back each time does not keep the cluster busy", async () => {
    world.connect();
    await world.above.create(configMaps, labelled("prices", { a: "1" }));
    const isThere = async () => (await world.found("prices")) !== undefined;
    await eventually("it is there", isThere);
    using time = new VirtualTime();
    for (const round of [1, 2, 3]) {
      await world.below.delete(configMaps, at("prices"));
      await time.pass(round === 1 ? 10 : 4989);
      await time.turns(200);
      expect([round, await isThere()]).toEqual([round, round === 1]);
      if (round > 1) await time.pass(11);
      await time.holds("it is back", isThere);
      expect(world.corrections).toBe(round);
    }
  });

  it("stays one of ours when somebody takes its label away", async () => {
    world.connect();
    await world.above.create(configMaps, labelled("prices", { a: "1" }));
    await eventually("it is there", async () => (await world.found("prices")) !== undefined);
    const labels = { "ote.baidu.com/propagated-by": null };
    const metadata = { labels, annotations: { "ote.baidu.com/propagated-version": null } };
    await world.below.patch(configMaps, at("prices"), "merge", { metadata, data: { a: "9" } });
    await eventually("it is right", async () => {
      const found = await world.found("prices");
      const isOurs = found?.metadata.labels?.["ote.baidu.com/propagated-by"] === "root";
      return isOurs && JSON.stringify(await world.data("prices")) === '{"a":"1"}';
    });
    expect(world.notices.filter(({ state }) => state === "failed")).toEqual([]);
  });

  it("that is wanted again while it is being removed is there in the end", async () => {
    world.connect();
    await world.above.create(configMaps, labelled("prices", { a: "1" }));
    await eventually("it is there", async () => (await world.found("prices")) !== undefined);
    let isHeld = false;
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.beforeDelete = () => {
      isHeld = true;
      return gate;
    };
    await world.above.delete(configMaps, at("prices"));
    await eventually("it is being removed", () => isHeld);
    await world.above.create(configMaps, labelled("prices", { a: "2" }));
    await eventually("it is wanted again", () => {
      const [[, record] = []] = [...world.store.entries("desired")];
      return record?.includes('"isGone":true') === false;
    });
    release();
    await eventually("it is there again", async () => {
      return JSON.stringify(await world.data("prices")) === '{"a":"2"}';
    });
    expect([...world.store.entries("desired")]).toHaveLength(1);
  });

  it("is kept while nobody above can be reached, also over a restart", async () => {
    world.connect();
    await world.above.create(configMaps, labelled("prices", { a: "1" }));
    await eventually("it is there", async () => (await world.found("prices")) !== undefined);
    await world.cut();
    await world.stopCluster();
    await world.below.delete(configMaps, at("prices"));
    world.startCluster();
    await eventually("it is back", async () => (await world.found("prices")) !== undefined);
    await world.above.delete(configMaps, at("prices"));
    expect(await world.found("prices")).toBeDefined();
    world.connect();
    await eventually("it is gone", async () => (await world.found("prices")) === undefined);
  });

  it("does not touch what the cluster has of that name, unless it is told to", async () => {
    const own = { apiVersion: "v1", kind: "ConfigMap", metadata: at("prices"), data: { own: "1" } };
    await world.below.create(configMaps, own as KubeObject);
    world.connect();
    await world.above.create(configMaps, labelled("prices", { a: "1" }));
    await eventually("it is refused", () => world.notices.some(({ state }) => state === "failed"));
    expect(world.notices[0]?.text).toContain("the cluster's own");
    expect(await world.data("prices")).toEqual({ own: "1" });
    const conflict = { "ote.baidu.com/conflict": "overwrite" };
    await world.above.update(configMaps, labelled("prices", { a: "1" }, conflict));
    await eventually(
      "it is taken",
      async () => JSON.stringify(await world.data("prices")) === '{"a":"1"}',
    );
    await world.above.delete(configMaps, at("prices"));
    await eventually("it is let go", async () => {
      const { labels } = (await world.found("prices"))?.metadata ?? {};
      return labels?.["ote.baidu.com/propagated-by"] === undefined;
    });
    // It was there before us: we do not delete it.
    expect(await world.found("prices")).toBeDefined();
  });

  it("stays when its owner says so, and a namespace stays unless he says otherwise", async () => {
    world.connect();
    const keep = { "ote.baidu.com/removal": "keep" };
    await world.above.create(configMaps, labelled("stays", { a: "1" }, keep));
    const metadata = (name: string, more = {}) => ({
      name,
      labels: { "ote.baidu.com/propagate": "" },
      annotations: { "ote.baidu.com/cluster-selector": "*", ...more },
    });
    const space = { apiVersion: "v1", kind: "Namespace" };
    await world.above.create(NAMESPACE, { ...space, metadata: metadata("one") });
    const remove = { "ote.baidu.com/removal": "delete" };
    await world.above.create(NAMESPACE, { ...space, metadata: metadata("two", remove) });
    await eventually("all are there", async () => {
      const found = [
        world.found("stays"),
        world.found("one", NAMESPACE),
        world.found("two", NAMESPACE),
      ];
      return (await Promise.all(found)).every((object) => object !== undefined);
    });
    await world.above.delete(configMaps, at("stays"));
    for (const name of ["one", "two"]) {
      const labels = { "ote.baidu.com/propagate": null };
      await world.above.patch(NAMESPACE, { name }, "merge", { metadata: { labels } });
    }
    await eventually("two is gone", async () => {
      const two = await world.found("two", NAMESPACE);
      return two === undefined || two.metadata.deletionTimestamp !== undefined;
    });
    await eventually("nothing is wanted", () => [...world.store.entries("desired")].length === 0);
    expect((await world.found("stays"))?.metadata.labels).toEqual({ team: "a" });
    expect(await world.found("one", NAMESPACE)).toBeDefined();
  });

  it("may be of a kind whose definition goes down, too", async () => {
    world.connect();
    const group = "fruit.example";
    const type = { group, version: "v1", kind: "Apple", plural: "apples", namespaced: true };
    await world.above.create(DEFINITIONS.type, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: {
        name: `apples.${group}`,
        labels: { "ote.baidu.com/propagate": "" },
        annotations: { "ote.baidu.com/cluster-selector": "*" },
      },
      spec: {
        group,
        scope: "Namespaced",
        names: { kind: "Apple", plural: "apples", singular: "apple", listKind: "AppleList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        ],
      },
    } as KubeObject);
    const { metadata } = labelled("red", {});
    const apple = { apiVersion: `${group}/v1`, kind: "Apple", metadata, spec: { sort: "Elstar" } };
    await eventually("apples can be made", () =>
      world.above.create(type, apple as KubeObject).then(
        () => true,
        () => false,
      ),
    );
    await eventually("it is there", async () => {
      const found = await world.found("red", type).catch(() => undefined);
      return (found as { spec?: { sort?: string } } | undefined)?.spec?.sort === "Elstar";
    });
    await world.above.delete(type, at("red"));
    await eventually("it is gone", async () => (await world.found("red", type)) === undefined);
    expect(await world.found(`apples.${group}`, DEFINITIONS.type)).toBeDefined();
  });

  it("is not held up by another one that the cluster refuses, which says why", async () => {
    world.connect();
    const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: "only-here" } };
    await world.above.create(NAMESPACE, space);
    const { metadata, ...rest } = labelled("lost", {});
    await world.above.create(configMaps, {
      ...rest,
      metadata: { ...metadata, namespace: "only-here" },
    });
    await eventually("it is refused", () => world.notices.some(({ state }) => state === "failed"));
    expect(world.notices[0]?.text).toContain("only-here");
    await world.above.create(configMaps, labelled("good", {}));
    await eventually("good is there", async () => (await world.found("good")) !== undefined);
    await world.below.create(NAMESPACE, space);
    const isApplied = ({ key, state }: Notice) => key === "only-here/lost" && state === "applied";
    await eventually("it comes after all", () => world.notices.some(isApplied));
  });

  it("is nothing that would mean nothing elsewhere", async () => {
    world.connect();
    const { metadata } = labelled("token", {});
    const token = {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type: "kubernetes.io/service-account-token",
    };
    expect(() => desiredOf({ type: secrets, removal: "delete" }, token as KubeObject)).toThrow(
      /service account/,
    );
    expect(() =>
      desiredOf(
        { type: configMaps, removal: "delete" },
        labelled("x", {}, { "ote.baidu.com/removal": "burn" }),
      ),
    ).toThrow(/one of delete, keep/);
  });
});

describe("--propagate", () => {
  it("names the kinds that go down", () => {
    expect(parsePropagated("none")).toEqual([]);
    const found = parsePropagated("secrets, namespaces").map(({ type }) => type.plural);
    expect(found).toEqual(["secrets", "namespaces"]);
    expect(() => parsePropagated("pods")).toThrow(/kinds are namespaces, configmaps/);
  });
});

describe("what comes over the wire", () => {
  const good = desiredOf({ type: configMaps, removal: "delete" }, labelled("x", { a: "1" }));

  it("is taken when it is whole", () => {
    expect(readDesired(JSON.parse(JSON.stringify(good)))).toEqual(JSON.parse(JSON.stringify(good)));
  });

  it.each([
    null,
    {},
    { ...good, type: {} },
    { ...good, removal: "burn" },
    { ...good, overwrite: "yes" },
    { ...good, exact: [1] },
    { ...good, object: { metadata: { name: "x" } } },
    { ...good, object: { metadata: { namespace: "x" } } },
    { ...good, type: { ...good.type, namespaced: false } },
    { ...good, type: { ...good.type, plural: "configmaps/../secrets" } },
    { ...good, type: { ...good.type, plural: ".." } },
    { ...good, type: { ...good.type, group: ".." } },
    { ...good, type: { ...good.type, group: "a?b" } },
    { ...good, type: { ...good.type, version: "v1%2f" } },
  ])("is refused otherwise: %j", (value) => {
    expect(readDesired(value)).toBeUndefined();
  });
});
