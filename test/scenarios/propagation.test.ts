import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIG_MAP } from "../../pkg/apis/config-map.ts";
import { NAMESPACE } from "../../pkg/apis/namespace.ts";
import type { KubeObject } from "../../pkg/apis/object.ts";
import { isStatus } from "../../pkg/apis/status.ts";
import type { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { CutOffEdge } from "../support/cut-off-edge.ts";
import { eventually } from "../support/eventually.ts";
import { ProcessTree } from "../support/process-tree.ts";

type Client = TransportResourceClient;
type Data = Readonly<Record<string, string>>;

const LIMIT_MS = 60_000;
const OTE = "ote.baidu.com";
const TAGS = ["--tags", "tier=edge"];

function map(name: string, data: Data, selector = "tier=edge"): KubeObject {
  return {
    ...{ apiVersion: "v1", kind: "ConfigMap", data },
    metadata: {
      ...{ name, namespace: "shop", labels: { [`${OTE}/propagate`]: "" } },
      annotations: { [`${OTE}/cluster-selector`]: selector },
    },
  } as KubeObject;
}

function namespace(selector = "tier=edge"): KubeObject {
  const { labels, annotations } = map("", {}, selector).metadata;
  return { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels, annotations } };
}

const at = (name: string) => ({ namespace: "shop", name });

/** The data of everything that a cluster has been given, by name. */
async function given(client: Client): Promise<Record<string, Data>> {
  const options = { namespace: "shop", labelSelector: `${OTE}/propagated-by` };
  const { items } = await client.list<KubeObject & { data?: Data }>(CONFIG_MAP, options);
  return Object.fromEntries(items.map(({ metadata, data }) => [metadata.name, data ?? {}]));
}

async function until(what: string, client: Client, wanted: Record<string, Data>): Promise<void> {
  let last = {};
  await eventually(
    what,
    async () => {
      last = await given(client);
      return sorted(last) === sorted(wanted);
    },
    LIMIT_MS,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${sorted(last)} is not ${sorted(wanted)}`);
  });
}

function sorted(data: Record<string, Data>): string {
  return JSON.stringify(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What stands in the status of an object that goes down. */
async function status(client: Client, name: string): Promise<Record<string, unknown>> {
  const { metadata } = await client.get<KubeObject>(CONFIG_MAP, at(name));
  return JSON.parse(metadata.annotations?.[`${OTE}/propagation-status`] ?? "{}");
}

/** Writes to an API whose process may be killed meanwhile. */
async function persist(write: () => Promise<unknown>): Promise<void> {
  await eventually(
    "it is written",
    () =>
      write().then(
        () => true,
        (error: unknown) => isStatus(error, "AlreadyExists") || isStatus(error, "NotFound"),
      ),
    LIMIT_MS,
  );
}

describe("What is propagated", () => {
  let tree: ProcessTree;
  let root: Client;
  const wanted: Record<string, Data> = {};
  beforeAll(async () => {
    tree = await ProcessTree.start({
      root: {},
      region: { parent: "root", api: true },
      edge: { parent: "region", api: true, flags: TAGS },
    });
    root = await tree.client();
    await root.create(NAMESPACE, namespace());
  }, 120_000);
  afterAll(() => tree?.[Symbol.asyncDispose]());

  it.each(["root", "region", "edge"])(
    "comes whole when %s is killed in the middle of a burst",
    async (victim) => {
      const names = Array.from({ length: 40 }, (_, index) => `${victim}-${index}`);
      const written = (async () => {
        for (const [index, name] of names.entries()) {
          await persist(() => root.create(CONFIG_MAP, map(name, { a: "1" })));
          wanted[name] = { a: "1" };
          if (index % 4 === 1) {
            await persist(() => root.patch(CONFIG_MAP, at(name), "merge", { data: { b: name } }));
            wanted[name] = { a: "1", b: name };
          }
          if (index % 4 === 3) {
            await persist(() => root.delete(CONFIG_MAP, at(name)));
            delete wanted[name];
          }
        }
      })();
      await eventually("some have come", async () => {
        const names = Object.keys(await given(await tree.client("edge")));
        return names.some((name) => name.startsWith(victim));
      });
      await tree.program(victim).kill();
      tree.launch(victim);
      await tree.program(victim).says("ready", {}, LIMIT_MS);
      await written;
      await until("the edge has everything", await tree.client("edge"), wanted);
      await eventually("the root knows", async () => {
        const { selected, applied, failed } = await status(root, `${victim}-0`);
        return selected === 1 && applied === 1 && failed === 0;
      });
    },
    150_000,
  );

  it("comes to a cluster that joins late, and goes nowhere else", async () => {
    await tree.prepare("late", { parent: "region", api: true, flags: TAGS });
    await tree.prepare("other", { parent: "region", api: true, flags: ["--tags", "tier=shop"] });
    for (const name of ["late", "other"]) tree.launch(name);
    await tree.online("late", "other");
    await until("the late one has everything", await tree.client("late"), wanted);
    await eventually("the root knows", async () => (await status(root, "root-0")).applied === 2);
    expect(await given(await tree.client("other"))).toEqual({});
  });

  it("may come from a region, too, and neither touches what is the other's", async () => {
    const region = await tree.client("region");
    await region.create(NAMESPACE, namespace("late"));
    await region.create(CONFIG_MAP, map("from-region", { a: "region" }, "late"));
    await region.create(CONFIG_MAP, map("root-0", { a: "region" }, "late"));
    const late = await tree.client("late");
    await until("it has both", late, { ...wanted, "from-region": { a: "region" } });
    await eventually("the region is told", async () => {
      const { failed, failures } = await status(region, "root-0");
      return failed === 1 && JSON.stringify(failures).includes("kept by entry point");
    });
    await region.delete(CONFIG_MAP, at("from-region"));
    await region.delete(CONFIG_MAP, at("root-0"));
    await until("it has the root's only", late, wanted);
  });

  it("goes where its selector does not lead any more, and where it is deleted", async () => {
    const annotations = { [`${OTE}/cluster-selector`]: "late" };
    await root.patch(CONFIG_MAP, at("root-0"), "merge", { metadata: { annotations } });
    await root.delete(CONFIG_MAP, at("root-1"));
    delete wanted["root-1"];
    await until("the late one has it", await tree.client("late"), wanted);
    const { "root-0": _, ...rest } = wanted;
    await until("the edge has not", await tree.client("edge"), rest);
  });
});

describe("What is propagated to an edge that is cut off", () => {
  it("is kept as it should be, over a restart, and what has changed meanwhile comes afterwards", async () => {
    await using world = await CutOffEdge.start({ edge: { api: true, flags: TAGS } });
    const { tree } = world;
    const root = await tree.client();
    await root.create(NAMESPACE, namespace());
    for (const name of ["one", "two", "three"])
      await root.create(CONFIG_MAP, map(name, { a: "1" }));
    const all = { one: { a: "1" }, two: { a: "1" }, three: { a: "1" } };
    const edge = await tree.client("edge");
    await until("it has all", edge, all);
    await world.cut();
    await edge.patch(CONFIG_MAP, at("one"), "merge", { data: { a: "2", b: "3" } });
    await edge.delete(CONFIG_MAP, at("two"));
    await until("both are as they should be", edge, all);
    await tree.program("edge").kill();
    tree.launch("edge");
    await tree.program("edge").says("ready", {}, LIMIT_MS);
    await edge.patch(CONFIG_MAP, at("three"), "merge", { data: { a: "changed" } });
    await until("they are so after a restart, too", edge, all);
    await root.delete(CONFIG_MAP, at("one"));
    await root.patch(CONFIG_MAP, at("two"), "merge", { data: { a: "new" } });
    expect(await given(edge)).toEqual(all);
    await eventually("the root waits", async () => (await status(root, "two")).pending === 1);
    await world.restore();
    await until("it has what is now", edge, { two: { a: "new" }, three: { a: "1" } });
    await eventually("the root knows", async () => (await status(root, "two")).applied === 1);
  }, 120_000);
});
