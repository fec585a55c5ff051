import { type Duplex, duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import type { KubeObject, ResourceType } from "../../apis/object.ts";
import { type TestServer, testServer } from "../../apiserver/server.fixture.ts";
import { jsonLines } from "../../base/json-lines.ts";
import type { Logger } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { TransportResourceClient } from "../../kube/transport-resource-client.ts";
import { PROPAGATED_KINDS } from "../../propagation/propagated-objects.ts";
import { type ClusterName, clusterName } from "../../wire/names.ts";
import { Distributor } from "./distributor.ts";

const CONFIG_MAP = PROPAGATED_KINDS.find(({ type }) => type.plural === "configmaps")
  ?.type as ResourceType;
const root = clusterName("root");
/** Clusters that say what they like, and whether objects are for them. */
const TAGS: Record<string, Record<string, string>> = {
  liar: { tier: "edge" },
  stranger: { tier: "shop" },
};

let server: TestServer;
let client: TransportResourceClient;
let ended: AbortController;
let running: Promise<void>;
let distributor: Distributor;
/** The far ends of the streams to clusters. */
let ends: Map<string, Duplex>;
let lines: { readonly message: string; readonly cluster?: string }[];
let counted: Map<string, number>;

beforeEach(async () => {
  server = await testServer();
  client = new TransportResourceClient(server.transport);
  ended = new AbortController();
  ends = new Map();
  lines = [];
  counted = new Map();
  const keep = (fields: object, message: string): void => void lines.push({ ...fields, message });
  const log: Logger = { debug() {}, info: keep, warn: keep, error: keep, child: () => log };
  distributor = new Distributor({
    self: root,
    kinds: PROPAGATED_KINDS,
    client,
    log,
    metrics: {
      ...noMetrics,
      count: (name, _, by = 1) => counted.set(name, (counted.get(name) ?? 0) + by),
    },
    live: (name) => {
      const tags = TAGS[name];
      return tags && { path: [root, name], tags };
    },
    known: () => Object.entries(TAGS).map(([name, tags]) => ({ name: clusterName(name), tags })),
    converse: (name) => {
      const [near, far] = duplexPair();
      ends.set(name, far);
      return near;
    },
  });
  running = distributor.run(ended.signal);
});
afterEach(async () => {
  ended.abort();
  for (const end of ends.values()) end.destroy();
  await running;
  await server[Symbol.asyncDispose]();
});

/** The version in which a cluster is told of the one object there is. */
async function propagated(): Promise<string> {
  await client.create(CONFIG_MAP, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "prices",
      namespace: "default",
      labels: { "ote.baidu.com/propagate": "" },
      annotations: { "ote.baidu.com/cluster-selector": "tier=edge" },
    },
  } as KubeObject);
  const far = await joined("liar");
  for await (const value of jsonLines(far.iterator({ destroyOnReturn: false }), 1e6)) {
    const message = value as Record<string, unknown> & { readonly entries?: [string, string][] };
    const { kind, collection } = message;
    if (collection !== "configmaps") continue;
    // It may have been known before the cluster was told anything, or after that.
    if (kind === "put") return String(message.version);
    const [[bucket] = []] = (message.buckets ?? []) as [number, string][];
    if (bucket !== undefined) say("liar", { kind: "differs", collection, buckets: [bucket] });
    const [entry] = message.entries ?? [];
    if (entry !== undefined) return entry[1];
  }
  throw new Error("The stream has ended");
}

async function joined(name: string): Promise<Duplex> {
  distributor.clustersChanged([name as ClusterName]);
  await eventually("it is spoken to", async () => ends.has(name));
  return ends.get(name) as Duplex;
}

function say(name: string, message: object): void {
  ends.get(name)?.write(`${JSON.stringify(message)}\n`);
}

function notice(version: string, state: string, text = ""): object {
  return {
    kind: "notice",
    collection: "configmaps",
    key: "default/prices",
    ...{ version, state, text },
  };
}

async function status(): Promise<Record<string, unknown>> {
  const at = { namespace: "default", name: "prices" };
  const { metadata } = await client.get<KubeObject>(CONFIG_MAP, at);
  return JSON.parse(metadata.annotations?.["ote.baidu.com/propagation-status"] ?? "{}");
}

describe("an entry point that tells clusters what they are to have", () => {
  it("writes few lines of what one of them says again and again", async () => {
    const version = await propagated();
    for (let n = 0; n < 2000; n++) {
      say("liar", notice(version, "failed", `because of ${n}`));
      say("liar", notice(version, "corrected"));
    }
    await eventually("all of it was heard", async () => {
      return counted.get("ote_propagation_corrections_total") === 2000;
    });
    const said = lines.filter(({ cluster }) => cluster === "liar");
    expect(said.length).toBeGreaterThan(5);
    expect(said.length).toBeLessThan(30);
    const leftOut = counted.get("ote_log_lines_left_out_total") ?? 0;
    expect(said.length + leftOut).toBe(4000);
  });

  it("hears from those only for whom the object is", async () => {
    const version = await propagated();
    await joined("stranger");
    for (let n = 0; n < 10; n++) say("stranger", notice(version, "corrected"));
    say("stranger", notice(version, "failed", "look at me"));
    say("liar", notice(version, "applied"));
    await eventually("it is told", async () => (await status()).applied === 1);
    expect(await status()).toEqual({ selected: 1, applied: 1, failed: 0, pending: 0 });
    expect(counted.has("ote_propagation_corrections_total")).toBe(false);
  });
});
