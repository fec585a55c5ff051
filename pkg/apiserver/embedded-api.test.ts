import { describe, expect, it } from "vitest";
import { OTE_CRDS } from "../apis/crds.ts";
import { silentLog } from "../base/log.ts";
import { noMetrics } from "../base/metrics.ts";
import { temporaryDirectory } from "../base/temporary-directory.ts";
import { call } from "./calls.fixture.ts";
import { EmbeddedApi } from "./embedded-api.ts";

const parts = { log: silentLog, metrics: noMetrics };
const CLUSTERS = "/apis/ote.baidu.com/v1/namespaces/kube-system/clusters";

function openIn(dataDir: string, listen = "127.0.0.1:0"): Promise<EmbeddedApi> {
  return EmbeddedApi.open({ name: "test", dataDir, listen, crds: OTE_CRDS }, parts);
}

describe("EmbeddedApi", () => {
  it("publishes its authority, and keeps what others publish beside it", async () => {
    await using directory = await temporaryDirectory();
    const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    const published = async (change?: object) => {
      await using api = await openIn(directory.path);
      const { body } = await call(api.transport, "GET", path);
      if (change !== undefined)
        await call(api.transport, "PATCH", path, change, {
          "content-type": "application/merge-patch+json",
        });
      return body.data;
    };
    const data = await published({ data: { "client-ca-file": "lost", other: "kept" } });
    expect(data["client-ca-file"]).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(await published({ data: null })).toEqual({ ...data, other: "kept" });
    expect(await published()).toEqual(data);
  });

  it("creates, changes, lists and deletes objects of a custom kind", async () => {
    await using directory = await temporaryDirectory();
    await using api = await openIn(directory.path);
    const cluster = {
      apiVersion: "ote.baidu.com/v1",
      kind: "Cluster",
      metadata: { name: "north" },
      spec: { name: "north", extra: 1 },
      status: { status: "online" },
    };
    const made = await call(api.transport, "POST", CLUSTERS, cluster);
    expect([made.status, made.body.spec, made.body.status]).toEqual([
      201,
      { name: "north" },
      undefined,
    ]);
    const status = { ...made.body, status: { status: "online" }, spec: { name: "other" } };
    const put = await call(api.transport, "PUT", `${CLUSTERS}/north/status`, status);
    expect([put.body.status, put.body.spec]).toEqual([{ status: "online" }, { name: "north" }]);
    const list = await call(api.transport, "GET", CLUSTERS);
    expect(list.body.items).toEqual([put.body]);
    const gone = await call(api.transport, "DELETE", `${CLUSTERS}/north`);
    expect(gone.body).toMatchObject({
      status: "Success",
      details: { uid: made.body.metadata.uid },
    });
    expect((await call(api.transport, "GET", `${CLUSTERS}/north`)).body).toMatchObject({
      code: 404,
      message: 'clusters.ote.baidu.com "north" not found',
    });
  });

  it("says clearly that its port is in use, and can be opened elsewhere afterwards", async () => {
    await using one = await temporaryDirectory();
    await using other = await temporaryDirectory();
    await using api = await openIn(one.path);
    const { host } = new URL(api.url);
    await expect(openIn(other.path, host)).rejects.toMatchObject({ code: "LISTEN_FAILED" });
    await using _second = await openIn(other.path);
  });

  it("keeps its revision over a restart, even if the latest change was a deletion", async () => {
    await using directory = await temporaryDirectory();
    const revisions: number[] = [];
    for (const name of ["a", "b"]) {
      await using api = await openIn(directory.path);
      const maps = "/api/v1/namespaces/default/configmaps";
      await call(api.transport, "POST", maps, { metadata: { name } });
      await call(api.transport, "DELETE", `${maps}/${name}`);
      const list = await call(api.transport, "GET", maps);
      revisions.push(Number(list.body.metadata.resourceVersion));
    }
    expect(revisions[1]).toBe((revisions[0] ?? 0) + 2);
  });
});
