import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { CLUSTER, type Cluster, SYSTEM_NAMESPACE } from "../../apis/cluster.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { testServer } from "../../apiserver/server.fixture.ts";
import { silentLog } from "../../base/log.ts";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import { noMetrics } from "../../base/metrics.ts";
import { Scope } from "../../base/scope.ts";
import { TransportResourceClient } from "../../kube/transport-resource-client.ts";
import { OldPeer, type OldPeerOptions } from "../../otev1/old-peer.fixture.ts";
import { clusterName } from "../../wire/names.ts";
import { ClusterController } from "../cluster-controller.ts";

const HEARTBEAT_MS = 200;
const local = { host: "127.0.0.1", port: 0 };

let root: ClusterController;
let client: ResourceClient;
let counted: string[] = [];
const scope = new Scope(silentLog);
const open: OldPeer[] = [];

beforeAll(async () => {
  const server = scope.use(await testServer());
  client = new TransportResourceClient(server.transport);
  root = await controller("root", []);
});
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
  counted = [];
});
afterAll(() => scope[Symbol.asyncDispose]());

/** One controller that takes old clusters, in this process. */
function controller(name: string, parents: readonly string[]): Promise<ClusterController> {
  const metrics = {
    ...noMetrics,
    count: (_: string, { code }: { code?: unknown } = {}) => void counted.push(String(code)),
  };
  const api = parents.length === 0 ? { client } : {};
  return ClusterController.start(
    scope,
    {
      name: clusterName(name),
      tags: {},
      version: "test",
      listen: local,
      advertise: "127.0.0.1:0",
      parents,
      heartbeatMs: HEARTBEAT_MS,
      oldPeers: { listen: local, directory: "never-used", tokenFile: undefined },
    },
    { log: silentLog, metrics, store: new MemoryRecordStore(), ...api },
  );
}

async function dial(name: string, options?: OldPeerOptions): Promise<OldPeer> {
  const peer = await OldPeer.dial(root.oldPort, name, options);
  open.push(peer);
  return peer;
}

async function reaches(name: string, status: string): Promise<Cluster> {
  return eventually(`${name} is ${status}`, async () => {
    const { items } = await client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE });
    const found = items.find(({ metadata }) => metadata.name === name);
    return found?.status?.status === status && found;
  });
}

describe("a root without identities", () => {
  it("takes old clusters, and all below them, in any name that is free", async () => {
    await dial("anybody", { below: { below: {} } });
    const { spec, status } = await reaches("below", "online");
    expect([spec.identity, status?.path]).toEqual([undefined, "root/anybody/below"]);
    await expect(dial("below")).rejects.toThrow("403 cluster name has been registered");
    await dial("other", { below: { anybody: {}, below: {} } });
    expect((await reaches("below", "online")).status?.path).toBe("root/anybody/below");
  });

  it("has each name once, in all branches", async () => {
    const first = await dial("twice");
    await reaches("twice", "online");
    const region = await controller("region", [`127.0.0.1:${root.port}`]);
    await reaches("region", "online");
    const second = await OldPeer.dial(region.oldPort, "twice");
    expect(await second.closed()).toContain("NAME_TAKEN");
    await expect(OldPeer.dial(region.oldPort, "twice")).rejects.toThrow(
      "403 cluster name has been registered",
    );
    open.push(await OldPeer.dial(region.oldPort, "parent", { below: { twice: {}, once: {} } }));
    expect((await reaches("once", "online")).status?.path).toBe("root/region/parent/once");
    expect((await reaches("twice", "online")).status?.parentName).toBe("root");
    expect(first.socket.readyState).toBe(first.socket.OPEN);
  });

  it("says at once that their Kubernetes APIs cannot be asked", async () => {
    await dial("old", { below: { older: {} } });
    await reaches("older", "online");
    const user = { name: "somebody", groups: [] };
    for (const name of ["old", "older"]) {
      const request = { method: "GET", path: "/version", headers: [], user };
      const { answer } = root.streams.exchange(name, request);
      await expect(answer).rejects.toMatchObject({ code: "NO_API" });
    }
    expect(root.streams.size).toBe(0);
  });

  it("notices one that is silent, and takes it again", async () => {
    const silent = await dial("silent", { reportMs: 1_000_000 });
    await reaches("silent", "online");
    // Its process is stopped: nobody reads, nobody answers a ping.
    silent.socket.pause();
    await reaches("silent", "offline");
    expect(counted).toContain("PEER_SILENT");
    await dial("silent");
    await reaches("silent", "online");
  });

  it("keeps one that says nothing but answers pings", async () => {
    const quiet = await dial("quiet", { reportMs: 1_000_000 });
    await reaches("quiet", "online");
    let pings = 0;
    quiet.socket.on("ping", () => (pings += 1));
    // Who had not answered three of them would be gone before the fifth.
    await eventually("it was asked five times", () => pings === 5);
    expect(quiet.socket.readyState).toBe(quiet.socket.OPEN);
    await reaches("quiet", "online");
  });

  it("registers nobody who only asks over HTTP", async () => {
    const headers = { "listen-addr": ":1", name: "phantom" };
    const response = await fetch(`http://127.0.0.1:${root.oldPort}/access/phantom`, { headers });
    expect([response.status, await response.text()]).toEqual([
      400,
      "fail to upgrade to websocket\n",
    ]);
    const socket = connect(root.oldPort, "127.0.0.1");
    const lines = ["GET /access/phantom HTTP/1.1", "Host: x", "name: phantom", "listen-addr: :1"];
    const half = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: short"];
    socket.write(`${[...lines, ...half].join("\r\n")}\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toContain("400 Bad Request");
    socket.destroy();
    const { items } = await client.list<Cluster>(CLUSTER, { namespace: SYSTEM_NAMESPACE });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain("phantom");
    // The name is free again at once.
    await dial("phantom");
    await reaches("phantom", "online");
  });

  it("stays well among a hundred who say anything", async () => {
    const fine = await dial("fine");
    const strangers = Array.from({ length: 100 }, async () => {
      const socket = connect(root.oldPort, "127.0.0.1");
      socket.on("error", () => {});
      socket.end(randomBytes(1 + Math.floor(Math.random() * 5000)));
      await once(socket.resume(), "close");
    });
    const peers = Array.from({ length: 20 }, async (_, at) => {
      const peer = await dial(`noisy-${at}`);
      for (let count = 0; count < 20; count++) peer.socket.send(randomBytes(1 + count * 50));
      await peer.closed();
    });
    await Promise.all([...strangers, ...peers]);
    await reaches("fine", "online");
    for (let at = 0; at < 20; at++) await reaches(`noisy-${at}`, "offline");
    expect(fine.socket.readyState).toBe(fine.socket.OPEN);
    expect(counted.filter((code) => code === "UPGRADE_REFUSED").length).toBeLessThanOrEqual(100);
  });

  it("sends away who speaks no HTTP, or says nothing", async () => {
    const socket = connect(root.oldPort, "127.0.0.1");
    socket.on("error", () => {});
    socket.end("\u0016\u0003\u0001 TLS, perhaps\r\n\r\n");
    await once(socket.resume(), "close");
    expect(counted).toContain("UPGRADE_REFUSED");
  });
});
