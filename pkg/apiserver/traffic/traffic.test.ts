import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ApiResponse } from "../../apis/api-transport.ts";
import { silentLog } from "../../base/log.ts";
import { MemoryRecordStore } from "../../base/memory-record-store.ts";
import { PrometheusMetrics } from "../../base/metrics.ts";
import { LOCAL_ADMIN } from "../access/users.ts";
import { ApiServer } from "../api-server.ts";
import { APISERVER_METRICS } from "../metrics.ts";
import type { User } from "../request/operation.ts";
import { RecordVersionedStore } from "../store/record-versioned-store.ts";
import { BUILTIN_TYPES } from "../types/builtin-types.ts";
import { TypeRegistry } from "../types/type-registry.ts";
import { measureStore } from "./store-gauges.ts";
import type { TrafficLimits } from "./traffic.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const USER: User = { name: "user", groups: ["system:authenticated"] };

/** A server on which USER may do everything, its metrics, and a way to ask. */
async function serverWith(limits: TrafficLimits) {
  const metrics = new PrometheusMetrics(APISERVER_METRICS);
  const store = new RecordVersionedStore(new MemoryRecordStore());
  const types = new TypeRegistry(BUILTIN_TYPES);
  const server = new ApiServer({ store, types, log: silentLog, metrics, limits });
  measureStore({ store, types, storeFile: "missing", audit: undefined }, metrics);
  const ask = (
    path: string,
    more: {
      method?: string;
      user?: User;
      body?: object;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<ApiResponse> => {
    const { method = "GET", user = USER, body, headers = {} } = more;
    const signal = more.signal ?? new AbortController().signal;
    const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
    return server.handle({ method, path, headers, body: bytes, user, signal });
  };
  const done = async (...args: Parameters<typeof ask>) => {
    const response = await ask(...args);
    return { ...response, bytes: await read(response) };
  };
  for (const [path, body] of [
    ["/api/v1/namespaces", { metadata: { name: "default" } }],
    [
      "/apis/rbac.authorization.k8s.io/v1/clusterroles",
      {
        metadata: { name: "all" },
        rules: [
          { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
          { nonResourceURLs: ["*"], verbs: ["*"] },
        ],
      },
    ],
    [
      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
      {
        metadata: { name: "all" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "all" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "user" }],
      },
    ],
  ] as const) {
    const { status, bytes } = await done(path, { method: "POST", user: LOCAL_ADMIN, body });
    if (status !== 201) throw new Error(bytes.toString());
  }
  const value = async (line: string) => {
    const { text } = await metrics.expose();
    const found = text.split("\n").find((known) => known.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  };
  return { ask, done, value };
}

async function read(response: ApiResponse): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body) pieces.push(piece);
  return Buffer.concat(pieces);
}

const inflight = (kind: string) => `apiserver_current_inflight_requests{request_kind="${kind}"}`;

describe("requests that are too many", () => {
  const limits = { reads: 2, writes: 1, watches: 1 };

  it("are told to come again, until an answer that is being read has ended", async () => {
    const { ask, done, value } = await serverWith(limits);
    const open = [await ask(MAPS), await ask(MAPS)];
    const refused = await done(MAPS);
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1"]);
    expect(JSON.parse(refused.bytes.toString())).toMatchObject({
      reason: "TooManyRequests",
      details: { retryAfterSeconds: 1 },
    });
    expect(await value(inflight("readOnly"))).toBe(2);
    expect(await value('apiserver_dropped_requests_total{request_kind="readOnly"}')).toBe(1);
    expect(
      await value('apiserver_request_total{verb="LIST",resource="configmaps",code="429"}'),
    ).toBe(1);
    for (const response of open) await read(response);
    expect((await done(MAPS)).status).toBe(200);
    expect(await value(inflight("readOnly"))).toBe(0);
  });

  it("do not keep administrators, writers and probes out", async () => {
    const { ask, done } = await serverWith(limits);
    await ask(MAPS);
    await ask(MAPS);
    expect((await done(MAPS, { user: LOCAL_ADMIN })).status).toBe(200);
    expect((await done(MAPS, { method: "POST", body: { metadata: { name: "a" } } })).status).toBe(
      201,
    );
    expect((await done("/readyz")).status).toBe(200);
  });

  it("may be watches, which have a limit of their own", async () => {
    const { ask, done, value } = await serverWith(limits);
    const gone = new AbortController();
    const watch = `${MAPS}?watch=true`;
    await ask(watch, { signal: gone.signal });
    expect((await done(watch)).status).toBe(429);
    expect(await value('apiserver_longrunning_requests{resource="configmaps"}')).toBe(1);
    gone.abort();
    expect(await value('apiserver_longrunning_requests{resource="configmaps"}')).toBe(0);
    expect((await ask(watch)).status).toBe(200);
  });

  it("give their place back when their answer is never read", async () => {
    const { ask, value } = await serverWith(limits);
    const unread = await ask(MAPS);
    await unread.body[Symbol.asyncIterator]().return?.();
    expect(await value(inflight("readOnly"))).toBe(0);
  });

  it("can be any number", async () => {
    const { ask } = await serverWith({ reads: 0, writes: 0, watches: 0 });
    const codes = await Promise.all(
      Array.from({ length: 50 }, async () => (await ask(MAPS)).status),
    );
    expect(new Set(codes)).toEqual(new Set([200]));
  });
});

describe("/metrics", () => {
  const limits = { reads: 10, writes: 10, watches: 10 };

  it("shows requests and what is kept to those who may see it", async () => {
    const { done } = await serverWith(limits);
    await done(MAPS, { method: "POST", body: { metadata: { name: "a" } } });
    await done(`${MAPS}/b`);
    const { status, headers, bytes } = await done("/metrics");
    expect([status, headers["content-type"]]).toEqual([200, expect.stringContaining("text/plain")]);
    const text = bytes.toString();
    for (const line of [
      'apiserver_request_total{verb="POST",resource="configmaps",code="201"} 1',
      'apiserver_request_total{verb="GET",resource="configmaps",code="404"} 1',
      'apiserver_request_duration_seconds_count{verb="POST",resource="configmaps"} 1',
      'apiserver_storage_objects{resource="configmaps"} 1',
      "ote_api_revision 4",
    ])
      expect(text.split("\n")).toContain(line);
    const stranger = { name: "stranger", groups: ["system:authenticated"] };
    expect((await done("/metrics", { user: stranger })).status).toBe(403);
    expect((await done("/metrics", { method: "POST" })).status).toBe(405);
  });

  it("does not grow with what callers make up", async () => {
    const { done } = await serverWith(limits);
    for (let i = 0; i < 20; i++) {
      await done(`/apis/made${i}.up/v1/things${i}`);
      await done(`/made${i}/up`);
      await done(`${MAPS}`, { method: `MADE${i}` });
    }
    const text = (await done("/metrics")).bytes.toString();
    expect(text).not.toMatch(/things\d|made\d|MADE\d/);
    expect(text).toContain('apiserver_request_total{verb="LIST",resource="",code="404"} 20');
  });
});

describe("long answers", () => {
  const limits = { reads: 10, writes: 10, watches: 10 };
  const gzip = { headers: { "accept-encoding": "gzip, deflate" } };

  it("are compressed for those who take that", async () => {
    const { done, value } = await serverWith(limits);
    const data = { text: "x".repeat(200_000) };
    await done(MAPS, { method: "POST", body: { metadata: { name: "long" }, data } });
    const plain = await done(MAPS);
    const packed = await done(MAPS, gzip);
    expect(packed.headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
    expect(packed.bytes.length).toBeLessThan(20_000);
    expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true);
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(await value(inflight("readOnly"))).toBe(0);
    const refused = await done(MAPS, { headers: { "accept-encoding": "gzip;q=0" } });
    expect(refused.headers["content-encoding"]).toBeUndefined();
  });

  it("are left alone if they are short, and watches always", async () => {
    const { ask, done } = await serverWith(limits);
    const short = await done(MAPS, gzip);
    expect(short.headers["content-encoding"]).toBeUndefined();
    expect(JSON.parse(short.bytes.toString())).toMatchObject({ items: [] });
    const watch = await ask(`${MAPS}?watch=true&timeoutSeconds=1`, gzip);
    expect(watch.headers["content-encoding"]).toBeUndefined();
    await watch.body[Symbol.asyncIterator]().return?.();
  });
});
