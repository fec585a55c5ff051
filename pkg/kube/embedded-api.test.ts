import { EventEmitter, once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResourceType } from "../apis/object.ts";
import { EmbeddedApi } from "../apiserver/embedded-api.ts";
import { silentLog } from "../base/log.ts";
import { noMetrics } from "../base/metrics.ts";
import { temporaryDirectory } from "../base/temporary-directory.ts";
import { Informer } from "./informer.ts";
import { KubeconfigTransport } from "./kubeconfig-transport.ts";
import { describeResourceClient } from "./resource-client.contract.ts";
import { TransportResourceClient } from "./transport-resource-client.ts";

const CONFIG_MAPS: ResourceType = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};

const configMap = (name: string) => {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
};

describe("With an embedded API", () => {
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let api: EmbeddedApi;
  const open = (listen: string) => {
    const options = { name: "test", dataDir: folder.path, listen, crds: [] };
    return EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
  };
  beforeAll(async () => {
    folder = await temporaryDirectory();
    api = await open("127.0.0.1:0");
    await api.writeKubeconfig(`${folder.path}/kubeconfig`);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  describeResourceClient("its transport", async () => api.transport);
  describeResourceClient("its listener", () =>
    KubeconfigTransport.open(`${folder.path}/kubeconfig`),
  );

  it("keeps an informer true through a restart", async () => {
    await using transport = await KubeconfigTransport.open(`${folder.path}/kubeconfig`);
    const changes = new EventEmitter();
    const informer = new Informer(new TransportResourceClient(transport), CONFIG_MAPS, {
      namespace: "default",
      retry: { first: 10, longest: 50 },
      onChange: (key, object) =>
        changes.emit("change", `${object === undefined ? "-" : "+"}${key}`),
    });
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    await informer.synced;
    const next = () => once(changes, "change", { signal: AbortSignal.timeout(10_000) });
    const change = async (work: (client: TransportResourceClient) => Promise<unknown>) => {
      const seen = next();
      await work(new TransportResourceClient(api.transport));
      return (await seen)[0];
    };
    expect(await change((client) => client.create(CONFIG_MAPS, configMap("a")))).toBe("+default/a");

    await api[Symbol.asyncDispose]();
    expect([...informer.objects.keys()]).toEqual(["default/a"]);
    api = await open(new URL(api.url).host);
    const key = configMap("a").metadata;
    expect(await change((client) => client.delete(CONFIG_MAPS, key))).toBe("-default/a");
    expect(await change((client) => client.create(CONFIG_MAPS, configMap("b")))).toBe("+default/b");
    stop.abort();
    await running;
  });
});
