import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Logger } from "../../base/log.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { call } from "../calls.fixture.ts";
import { EmbeddedApi } from "../embedded-api.ts";
import { LocalTransport } from "../listen/local-transport.ts";
import { testServer } from "../server.fixture.ts";
import { AuditLog } from "./audit-log.ts";
import { AuditTrail } from "./audit-trail.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";

async function linesOf(file: string) {
  const text = await readFile(file, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

it("tells who did what and how it ended, and nothing that was in it", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "audit.log");
  const options = { name: "t", dataDir: join(directory.path, "data"), listen: "127.0.0.1:0" };
  const api = await EmbeddedApi.open(
    { ...options, crds: [], auditLog: file },
    { log: silentLog, metrics: noMetrics },
  );
  const ann = api.transportFor({ name: "ann", uid: "u-1", groups: ["system:masters"] });
  const data = { secret: "not-to-be-told" };
  const headers = { "user-agent": "test/1", "audit-id": "given-id", authorization: "Bearer tok" };
  const made = await call(ann, "POST", MAPS, { metadata: { name: "a" }, data }, headers);
  expect(made.headers["audit-id"]).toBe("given-id");
  const bob = api.transportFor({ name: "bob", groups: [] });
  const refused = await call(bob, "GET", `${MAPS}?limit=1`);
  await call(ann, "GET", `${MAPS}?watch=true&timeoutSeconds=1`);
  await call(ann, "GET", "/apis/apps/v1/namespaces/default/deployments/d/scale");
  await call(ann, "GET", "/api");
  await call(ann, "GET", "/livez");
  await call(api.transport, "GET", MAPS);
  await api[Symbol.asyncDispose]();
  const [first, ...rest] = await linesOf(file);
  expect(first).toEqual({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: "given-id",
    stage: "ResponseComplete",
    requestURI: MAPS,
    verb: "create",
    user: { username: "ann", uid: "u-1", groups: ["system:masters", "system:authenticated"] },
    userAgent: "test/1",
    objectRef: { resource: "configmaps", namespace: "default", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 201 },
    requestReceivedTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    stageTimestamp: expect.stringMatching(/Z$/),
    annotations: {
      "authorization.k8s.io/decision": "allow",
      "authorization.k8s.io/reason": "",
    },
  });
  expect(rest.map((event) => [event.verb, event.requestURI, event.responseStatus.code])).toEqual([
    ["list", `${MAPS}?limit=1`, 403],
    ["watch", `${MAPS}?watch=true&timeoutSeconds=1`, 200],
    ["get", "/apis/apps/v1/namespaces/default/deployments/d/scale", 404],
    ["get", "/api", 200],
  ]);
  const [forbidden, watch, scale, path] = rest;
  expect(forbidden.auditID).toBe(refused.headers["audit-id"]);
  expect(forbidden.annotations["authorization.k8s.io/decision"]).toBe("forbid");
  const lasted = Date.parse(watch.stageTimestamp) - Date.parse(watch.requestReceivedTimestamp);
  expect(lasted).toBeGreaterThan(900);
  expect(scale.objectRef).toEqual({
    resource: "deployments",
    namespace: "default",
    name: "d",
    apiGroup: "apps",
    apiVersion: "v1",
    subresource: "scale",
  });
  expect(path.objectRef).toBeUndefined();
  const text = await readFile(file, "utf8");
  expect(text).not.toMatch(/not-to-be-told|Bearer|tok"/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it("keeps a bounded number of files of a bounded size", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "audit.log");
  const limits = { bytes: 100, files: 3, waitingBytes: 10_000 };
  const log = await AuditLog.open(file, silentLog, limits);
  for (let i = 0; i < 20; i++) {
    log.write({ i, text: "x".repeat(60) });
    // Lines of one moment share a write, and a file.
    await expect.poll(() => readFile(file, "utf8"), { interval: 1 }).toContain(`"i":${i},`);
  }
  await log[Symbol.asyncDispose]();
  expect((await linesOf(file)).map(({ i }) => i)).toEqual([19]);
  expect((await linesOf(`${file}.1`)).map(({ i }) => i)).toEqual([18]);
  expect((await linesOf(`${file}.2`)).map(({ i }) => i)).toEqual([17]);
  await expect(stat(`${file}.3`)).rejects.toMatchObject({ code: "ENOENT" });
  await using again = await AuditLog.open(file, silentLog, limits);
  again.write({ i: 20, text: "x".repeat(60) });
  await expect.poll(async () => (await linesOf(file)).map(({ i }) => i)).toEqual([20]);
});

it("serves on when the disk is full, and says so once", async () => {
  const said: string[] = [];
  const log: Logger = { ...silentLog, error: (_, message) => said.push(message) };
  // Every write to this device ends with "no space left".
  await using audit = await AuditLog.open("/dev/full", log).catch(() => undefined);
  if (audit === undefined) return;
  await using api = await testServer();
  const { ApiServer } = await import("../api-server.ts");
  const { TypeRegistry } = await import("../types/type-registry.ts");
  const { BUILTIN_TYPES } = await import("../types/builtin-types.ts");
  const types = new TypeRegistry(BUILTIN_TYPES);
  const trail = new AuditTrail(audit);
  const server = new ApiServer({ store: api.store, types, log: silentLog, audit: trail });
  const ann = new LocalTransport(server, { name: "ann", groups: ["system:masters"] });
  for (let i = 0; i < 5; i++) {
    expect((await call(ann, "GET", MAPS)).status).toBe(200);
    // Each has a write of its own.
    await expect.poll(() => audit.lost).toBe(i + 1);
  }
  expect(said).toEqual(["audit log cannot be written, events are lost"]);
});

it("does not start without a place for its log", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "none", "audit.log");
  await expect(AuditLog.open(file, silentLog)).rejects.toMatchObject({ code: "AUDIT_LOG_FAILED" });
});
