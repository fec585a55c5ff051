import { describe, expect, it } from "vitest";
import { json, ScriptedApi, status } from "../../test/support/scripted-api.ts";
import type { KubeObject, ResourceType } from "../apis/object.ts";
import { KubeconfigTransport } from "./kubeconfig-transport.ts";
import { TransportResourceClient } from "./transport-resource-client.ts";

const PODS: ResourceType = {
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  namespaced: true,
};
const pod = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
});
const key = { namespace: "default", name: "a" };
const forever = new AbortController().signal;

/** A client of a scripted API, and that API. */
async function world(limits = {}) {
  const api = await ScriptedApi.listen();
  const transport = await KubeconfigTransport.open(api.kubeconfig);
  return {
    api,
    client: new TransportResourceClient(transport, limits),
    asked: () => api.requests.map(({ method, url }) => `${method} ${url}`),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

describe("TransportResourceClient", () => {
  it("joins the pages of a list and says of each item what it is", async () => {
    await using w = await world();
    w.api.answer = ({ url }) =>
      url.includes("continue=next%26")
        ? json({ metadata: { resourceVersion: "9" }, items: [{ metadata: { name: "b" } }] })
        : json({
            kind: "PodList",
            apiVersion: "v1",
            metadata: { resourceVersion: "7", continue: "next&" },
            items: [{ metadata: { name: "a" } }],
          });
    const list = await w.client.list(PODS, { namespace: "default", labelSelector: "a=b,c" });
    expect(list).toEqual({
      apiVersion: "v1",
      kind: "PodList",
      metadata: { resourceVersion: "7" },
      items: ["a", "b"].map((name) => ({ apiVersion: "v1", kind: "Pod", metadata: { name } })),
    });
    expect(w.asked()).toEqual([
      "GET /api/v1/namespaces/default/pods?limit=500&labelSelector=a%3Db%2Cc",
      "GET /api/v1/namespaces/default/pods?limit=500&continue=next%26&labelSelector=a%3Db%2Cc",
    ]);
  });

  it("starts a list over when its pages have expired", async () => {
    await using w = await world();
    let expired = 0;
    w.api.answer = ({ url }) => {
      if (!url.includes("continue"))
        return json({ metadata: { resourceVersion: "1", continue: expired < 1 ? "x" : "" } });
      expired++;
      return status(410, "Expired");
    };
    expect(await w.client.list(PODS)).toMatchObject({ items: [] });
    expect(w.api.requests).toHaveLength(3);
  });

  it("begins anew when pages of metadata go stale, and asks for nothing but that", async () => {
    await using w = await world();
    let expired = 0;
    w.api.answer = ({ url }) => {
      const items = [{ metadata: { name: "a" } }];
      if (!url.includes("continue"))
        return json({ metadata: { continue: expired < 1 ? "x" : "" }, items });
      expired++;
      return status(410, "Expired");
    };
    const names: string[] = [];
    for await (const { metadata } of w.client.listMetadata(PODS)) names.push(metadata.name);
    expect(names).toEqual(["a", "a"]);
    expect(w.api.requests.map(({ headers }) => headers.accept)).toEqual(
      Array(3).fill("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
    );
  });

  it.each([
    ["json", "application/json-patch+json", ""],
    ["merge", "application/merge-patch+json", ""],
    ["strategic", "application/strategic-merge-patch+json", ""],
    ["apply", "application/apply-patch+yaml", "?fieldManager=ote"],
  ] as const)("sends a %s patch as %s", async (kind, mediaType, query) => {
    await using w = await world();
    w.api.answer = () => json(pod("a"));
    await w.client.patch(PODS, key, kind, { a: 1 });
    expect(w.api.requests).toMatchObject([
      {
        method: "PATCH",
        url: `/api/v1/namespaces/default/pods/a${query}`,
        headers: { "content-type": mediaType },
        body: '{"a":1}',
      },
    ]);
  });

  it("addresses objects, subresources and collections", async () => {
    await using w = await world();
    w.api.answer = () => json(pod("a"));
    await w.client.get(PODS, key);
    await w.client.create(PODS, pod("a"));
    await w.client.update(PODS, pod("a"), "status");
    await w.client.delete(PODS, key);
    await w.client.deleteCollection(PODS, { namespace: "default", labelSelector: "a" });
    const path = "/api/v1/namespaces/default/pods";
    expect(w.asked()).toEqual([
      `GET ${path}/a`,
      `POST ${path}`,
      `PUT ${path}/a/status`,
      `DELETE ${path}/a`,
      `DELETE ${path}?labelSelector=a`,
    ]);
  });

  it.each(["", ".", "..", "a/b", "%2e%2e"])(
    'refuses the name "%s" without asking',
    async (name) => {
      await using w = await world();
      await expect(w.client.delete(PODS, { ...key, name })).rejects.toMatchObject({
        reason: "BadRequest",
      });
      await expect(w.client.get(PODS, { namespace: name, name: "a" })).rejects.toMatchObject({
        reason: "BadRequest",
      });
      expect(w.api.requests).toEqual([]);
    },
  );

  it("throws the Status of a refusal, and makes one from an answer that has none", async () => {
    await using w = await world();
    w.api.answer = () => status(409, "AlreadyExists", 'pods "a" already exists');
    await expect(w.client.create(PODS, pod("a"))).rejects.toMatchObject({
      code: "API_STATUS",
      reason: "AlreadyExists",
      message: 'pods "a" already exists',
    });
    w.api.answer = () => ({
      status: 503,
      headers: { "content-type": "text/html", "retry-after": "3" },
      body: "<h1>no upstream</h1>",
    });
    await expect(w.client.get(PODS, key)).rejects.toMatchObject({
      reason: "ServiceUnavailable",
      message: "HTTP 503: <h1>no upstream</h1>",
      status: { code: 503, details: { retryAfterSeconds: 3 } },
    });
  });

  it("takes an answer that is not JSON, or none in time, for no API at all", async () => {
    await using w = await world({ answerMs: 50 });
    w.api.answer = () => ({ body: "<html>log in first</html>" });
    await expect(w.client.get(PODS, key)).rejects.toMatchObject({ code: "API_UNREACHABLE" });
    w.api.answer = () => "hang";
    await expect(w.client.get(PODS, key)).rejects.toMatchObject({
      code: "API_UNREACHABLE",
      message: expect.stringContaining("no answer within 50 ms"),
    });
  });

  it("rejects with the caller's reason when it aborts", async () => {
    await using w = await world();
    w.api.answer = () => "hang";
    const got = w.client.get(PODS, key, AbortSignal.timeout(20));
    await expect(got).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

describe("TransportResourceClient.watch", () => {
  const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

  it("yields events and bookmarks until the server ends the stream", async () => {
    await using w = await world();
    w.api.answer = () => ({
      body: line("ADDED", pod("a")) + line("BOOKMARK", { metadata: { resourceVersion: "5" } }),
    });
    const types: string[] = [];
    const options = { resourceVersion: "4", fieldSelector: "metadata.name=a" };
    for await (const event of w.client.watch(PODS, options, forever)) types.push(event.type);
    expect(types).toEqual(["ADDED", "BOOKMARK"]);
    expect(w.asked()[0]).toMatch(
      /^GET \/api\/v1\/pods\?watch=true&allowWatchBookmarks=true&resourceVersion=4&timeoutSeconds=[345]\d\d&fieldSelector=metadata.name%3Da$/,
    );
  });

  it("throws an ERROR event as its Status", async () => {
    await using w = await world();
    const gone = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
    w.api.answer = () => ({ body: line("ERROR", gone) });
    const next = w.client
      .watch(PODS, { resourceVersion: "1" }, forever)
      [Symbol.asyncIterator]()
      .next();
    await expect(next).rejects.toMatchObject({ reason: "Expired", message: "too old" });
  });

  it("ends without an error when its signal aborts", async () => {
    await using w = await world();
    w.api.answer = () => ({
      body: (async function* () {
        yield line("ADDED", pod("a"));
        await new Promise(() => {});
      })(),
    });
    const stop = new AbortController();
    for await (const _ of w.client.watch(PODS, { resourceVersion: "1" }, stop.signal)) stop.abort();
  });

  it("ends a stream that the server should have ended and did not", async () => {
    await using w = await world({ watchSeconds: 0.5 });
    w.api.answer = () => "hang";
    for await (const _ of w.client.watch(PODS, { resourceVersion: "1" }, forever));
    expect(w.asked()[0]).toContain("timeoutSeconds=1");
  });

  it("throws API_UNREACHABLE when the stream breaks", async () => {
    await using w = await world();
    w.api.answer = () => ({
      body: (async function* () {
        yield line("ADDED", pod("a"));
        await new Promise(() => {});
      })(),
    });
    const broken = (async () => {
      for await (const _ of w.client.watch(PODS, { resourceVersion: "1" }, forever))
        w.api.breakConnections();
    })();
    await expect(broken).rejects.toMatchObject({ code: "API_UNREACHABLE" });
  });
});
