import { EventEmitter, once } from "node:events";
import { expect, it } from "vitest";
import { type ControlPlane, describeWithControlPlane } from "../../test/support/control-plane.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { Informer } from "./informer.ts";
import { KubeconfigTransport } from "./kubeconfig-transport.ts";
import { TransportResourceClient } from "./transport-resource-client.ts";

const CONFIG_MAPS: ResourceType = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
};

function configMap(name: string, value: string) {
  const metadata = { name, namespace: "default", labels: { informer: "yes" } };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value } };
}

type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** An informer of marked config maps, the client it uses, and a way to wait for what it knows. */
async function world(plane: ControlPlane, watchSeconds = 300) {
  const transport = await KubeconfigTransport.open(plane.kubeconfig);
  const client = new TransportResourceClient(transport, { watchSeconds });
  const changes = new EventEmitter();
  let lists = 0;
  const counting: Pick<TransportResourceClient, "list" | "watch"> = {
    list(...args) {
      lists++;
      return client.list(...args);
    },
    watch: (...args) => client.watch(...args),
  };
  const informer = new Informer<ConfigMap>(counting, CONFIG_MAPS, {
    namespace: "default",
    labelSelector: "informer=yes",
    retry: { first: 20, longest: 200 },
    onChange: () => changes.emit("change"),
  });
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  await informer.synced;
  const known = () =>
    Object.fromEntries([...informer.objects].map(([key, { data }]) => [key.slice(8), data?.value]));
  return {
    client,
    known,
    lists: () => lists,
    async knows(expected: Record<string, string>) {
      const late = AbortSignal.timeout(25_000);
      while (JSON.stringify(known()) !== JSON.stringify(expected)) {
        await once(changes, "change", { signal: late }).catch(() => {});
        if (late.aborted) expect(known()).toEqual(expected);
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await transport[Symbol.asyncDispose]();
    },
  };
}

/** Etcd itself answers the watches, so that its compaction is felt at once. */
const WITHOUT_CACHE = { apiserverFlags: ["--watch-cache=false"] };

describeWithControlPlane(
  "Informer with a real API server",
  (plane) => {
    const remove = (client: TransportResourceClient, name: string) =>
      client.delete(CONFIG_MAPS, { namespace: "default", name });

    it("stays true through a crash of the API server", async () => {
      await using w = await world(plane());
      await w.client.create(CONFIG_MAPS, configMap("a", "1"));
      await w.client.create(CONFIG_MAPS, configMap("b", "1"));
      await w.knows({ a: "1", b: "1" });

      await plane().stopApi();
      expect(w.known()).toEqual({ a: "1", b: "1" });
      await plane().startApi();
      await remove(w.client, "b");
      await w.client.create(CONFIG_MAPS, configMap("c", "1"));
      await w.knows({ a: "1", c: "1" });
      await remove(w.client, "a");
      await remove(w.client, "c");
      await w.knows({});
    });

    it("goes on without a list when the server ends its watches", async () => {
      await using w = await world(plane(), 1);
      for (const value of ["1", "2", "3"]) {
        const late = AbortSignal.timeout(5_000);
        await w.client.patch(
          CONFIG_MAPS,
          { namespace: "default", name: "timed" },
          "apply",
          configMap("timed", value),
        );
        await w.knows({ timed: value });
        // Long enough for the server to end a watch of one to two seconds.
        if (value !== "3") await onceWatchEnds(w.client, late);
      }
      expect(w.lists()).toBe(1);
      await remove(w.client, "timed");
    });

    it("finds what was deleted while its revision was compacted away", async () => {
      await using w = await world(plane());
      await w.client.create(CONFIG_MAPS, configMap("d", "1"));
      await w.knows({ d: "1" });
      await using late = await gated(plane());
      await late.informed;

      await remove(w.client, "d");
      await w.client.create(CONFIG_MAPS, configMap("e", "1"));
      await w.knows({ e: "1" });
      await plane().compact();
      expect([...late.informer.objects.keys()]).toEqual(["default/d"]);
      late.open();
      await late.listedAgain;
      expect([...late.informer.objects.keys()]).toEqual(["default/e"]);
      await remove(w.client, "e");
    });
  },
  WITHOUT_CACHE,
);

/** Resolves when a watch of our own, as long as the informer's, has been ended by the server. */
async function onceWatchEnds(client: TransportResourceClient, signal: AbortSignal): Promise<void> {
  const { metadata } = await client.list(CONFIG_MAPS);
  for await (const _ of client.watch(CONFIG_MAPS, metadata, signal));
}

/** An informer whose first watch reaches the server only when it is let through. */
async function gated(plane: ControlPlane) {
  const transport = await KubeconfigTransport.open(plane.kubeconfig);
  const client = new TransportResourceClient(transport);
  const events = new EventEmitter();
  const gate = once(events, "open");
  const listedAgain = once(events, "second watch");
  let watches = 0;
  const held: Pick<TransportResourceClient, "list" | "watch"> = {
    list: (...args) => client.list(...args),
    async *watch(...args) {
      if (++watches > 1) events.emit("second watch");
      await gate;
      yield* client.watch(...args);
    },
  };
  const informer = new Informer(held, CONFIG_MAPS, {
    labelSelector: "informer=yes",
    retry: { first: 20, longest: 200 },
  });
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  return {
    informer,
    informed: informer.synced,
    listedAgain,
    open: () => events.emit("open"),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await transport[Symbol.asyncDispose]();
    },
  };
}
