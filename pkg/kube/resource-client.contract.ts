import { describe, expect, it } from "vitest";
import type { ApiTransport } from "../apis/api-transport.ts";
import { CLUSTER } from "../apis/cluster.ts";
import { CRD, OTE_CRDS } from "../apis/crds.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { installCrds } from "./install-crds.ts";
import { TransportResourceClient } from "./transport-resource-client.ts";

const CONFIG_MAPS: ResourceType = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};

interface ConfigMap extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

function configMap(name: string, data: Record<string, string>): ConfigMap {
  const metadata = { name, namespace: "default", labels: { made: "here" } };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

/** What the resource client promises on every Kubernetes API, ours or another; each test leaves the API as it was. */
export function describeResourceClient(kind: string, open: () => Promise<ApiTransport>): void {
  describe(`TransportResourceClient on ${kind}`, () => {
    const late = () => AbortSignal.timeout(20_000);

    async function connect() {
      const transport = await open();
      const client = new TransportResourceClient(transport);
      return { client, [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() };
    }

    it("creates, reads, replaces and deletes", async () => {
      await using api = await connect();
      const key = { namespace: "default", name: "crud" };
      const made = await api.client.create(CONFIG_MAPS, configMap("crud", { a: "1" }));
      await expect(api.client.create(CONFIG_MAPS, configMap("crud", {}))).rejects.toMatchObject({
        reason: "AlreadyExists",
      });

      const changed = await api.client.update(CONFIG_MAPS, { ...made, data: { a: "2" } });
      expect(await api.client.get(CONFIG_MAPS, key)).toEqual(changed);
      await expect(api.client.update(CONFIG_MAPS, made)).rejects.toMatchObject({
        reason: "Conflict",
      });
      await api.client.delete(CONFIG_MAPS, key);
      await expect(api.client.get(CONFIG_MAPS, key)).rejects.toMatchObject({ reason: "NotFound" });
      await expect(api.client.delete(CONFIG_MAPS, key)).rejects.toMatchObject({
        reason: "NotFound",
      });
    });

    it("patches in all four ways", async () => {
      await using api = await connect();
      const key = { namespace: "default", name: "patched" };
      await api.client.create(CONFIG_MAPS, configMap("patched", { a: "1" }));
      const patch = api.client.patch.bind(api.client)<ConfigMap>;
      await patch(CONFIG_MAPS, key, "json", [{ op: "add", path: "/data/b", value: "2" }]);
      await patch(CONFIG_MAPS, key, "merge", { data: { a: null, c: "3" } });
      await patch(CONFIG_MAPS, key, "strategic", { data: { d: "4" } });
      const { labels: _, ...metadata } = configMap("patched", {}).metadata;
      const applied = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { e: "5" } };
      const result = await patch(CONFIG_MAPS, key, "apply", applied, { force: true });
      expect(result.data).toEqual({ b: "2", c: "3", d: "4", e: "5" });
      await api.client.delete(CONFIG_MAPS, key);
    });

    it("watches from a list on", async () => {
      await using api = await connect();
      const where = { namespace: "default", labelSelector: "made=here" };
      const list = await api.client.list<ConfigMap>(CONFIG_MAPS, where);
      const { resourceVersion } = list.metadata;
      const seen: string[] = [];
      await api.client.create(CONFIG_MAPS, configMap("watched", {}));
      await api.client.delete(CONFIG_MAPS, { namespace: "default", name: "watched" });
      for await (const event of api.client.watch(
        CONFIG_MAPS,
        { ...where, resourceVersion },
        late(),
      )) {
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (event.type === "DELETED") break;
      }
      expect(seen).toEqual(["ADDED watched", "DELETED watched"]);
    });

    it("lists more than a page, and deletes a collection", async () => {
      await using api = await connect();
      const names = Array.from({ length: 520 }, (_, i) => `many-${i}`);
      for (let at = 0; at < names.length; at += 40) {
        const some = names.slice(at, at + 40).map((name) => configMap(name, {}));
        await Promise.all(some.map((map) => api.client.create(CONFIG_MAPS, map)));
      }
      const where = { namespace: "default", labelSelector: "made=here" };
      const seen = new Set<string>();
      for await (const object of api.client.listMetadata(CONFIG_MAPS, where)) {
        expect(Object.keys(object)).toEqual(["metadata"]);
        expect(object.metadata).toMatchObject({ namespace: "default", labels: { made: "here" } });
        seen.add(object.metadata.name);
      }
      expect(names.filter((name) => !seen.has(name))).toEqual([]);
      const { items } = await api.client.list<ConfigMap>(CONFIG_MAPS, where);
      expect(items.filter(({ metadata }) => metadata.name.startsWith("many-"))).toHaveLength(520);
      expect(items[0]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
      await api.client.deleteCollection(CONFIG_MAPS, where);
      expect((await api.client.list(CONFIG_MAPS, where)).items).toEqual([]);
    });

    it("installs our definitions, any number of times, and then serves their kinds", async () => {
      await using api = await connect();
      await installCrds(api.client, OTE_CRDS, late());
      await installCrds(api.client, OTE_CRDS, late());
      const { items } = await api.client.list<KubeObject & { status: object }>(CRD);
      expect(items).toHaveLength(OTE_CRDS.length);
      for (const { status } of items)
        expect(JSON.stringify(status)).not.toContain('"NonStructuralSchema"');

      const cluster = {
        apiVersion: "ote.baidu.com/v1",
        kind: "Cluster",
        metadata: { name: "north", namespace: "kube-system" },
        spec: { name: "north" },
        status: { status: "online" },
      };
      const made = await api.client.create<typeof cluster>(CLUSTER, cluster);
      expect(made.status, "the status is a subresource").toBeUndefined();
      const updated = await api.client.update(
        CLUSTER,
        { ...made, status: cluster.status },
        "status",
      );
      expect(updated.status).toEqual({ status: "online" });
      await api.client.delete(CLUSTER, cluster.metadata);
    });
  });
}
