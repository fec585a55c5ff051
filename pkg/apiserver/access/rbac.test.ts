import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { call } from "../calls.fixture.ts";
import { LocalTransport } from "../listen/local-transport.ts";
import { type TestServer, testServer } from "../server.fixture.ts";
import { collectionOf, RBAC_CASES, RBAC_OBJECTS, reviewSpec } from "./rbac-cases.fixture.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const MAPS = "/api/v1/namespaces/blue/configmaps";

let api: TestServer;

beforeAll(async () => {
  api = await testServer({ roles: true });
  for (const name of ["blue", "green"])
    await call(api.transport, "POST", "/api/v1/namespaces", { metadata: { name } });
  for (const object of RBAC_OBJECTS)
    expect((await call(api.transport, "POST", collectionOf(object), object)).status).toBe(201);
});

afterAll(() => api[Symbol.asyncDispose]());

/** In process, as somebody of system:authenticated. */
function as(name: string, ...groups: string[]) {
  return new LocalTransport(api.server, { name, groups: [...groups, "system:authenticated"] });
}

describe("who may do what", () => {
  it.each(RBAC_CASES)("%s, %s: %s", async (who, what, allowed) => {
    const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    const answer = await call(api.transport, "POST", path, { spec: reviewSpec(who, what) });
    expect([answer.status, answer.body.status]).toEqual([
      201,
      expect.objectContaining({ allowed }),
    ]);
  });

  it("says who may do something because of what", async () => {
    const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    const ask = async (who: string, what: string) =>
      (await call(api.transport, "POST", path, { spec: reviewSpec(who, what) })).body.status;
    expect(await ask("ann", "get pods=x @blue")).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "pods/blue" of Role "pods" to User "ann"',
    });
    expect(await ask("system:serviceaccount:green:robot", "get nodes=n")).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "nodes" of ClusterRole "nodes" to ServiceAccount "robot/green"',
    });
    expect(await ask("lost", "get pods=x @blue")).toEqual({
      allowed: false,
      reason: 'RBAC: role.rbac.authorization.k8s.io "nowhere" not found',
    });
  });
});

describe("a request that is not allowed", () => {
  it.each([
    [
      "GET",
      "/api/v1/namespaces/y/pods",
      'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "y"',
    ],
    [
      "GET",
      "/api/v1/pods?watch=true",
      'pods is forbidden: User "x" cannot watch resource "pods" in API group "" at the cluster scope',
    ],
    [
      "DELETE",
      "/apis/apps/v1/namespaces/y/deployments/d",
      'deployments.apps "d" is forbidden: User "x" cannot delete resource "deployments" in API group "apps" in the namespace "y"',
    ],
    [
      "DELETE",
      "/apis/apps/v1/namespaces/y/deployments",
      'deployments.apps is forbidden: User "x" cannot deletecollection resource "deployments" in API group "apps" in the namespace "y"',
    ],
    [
      "GET",
      "/api/v1/namespaces/y/pods/p/log",
      'pods "p" is forbidden: User "x" cannot get resource "pods/log" in API group "" in the namespace "y"',
    ],
    [
      "GET",
      "/api/v1/namespaces/y",
      'namespaces "y" is forbidden: User "x" cannot get resource "namespaces" in API group "" in the namespace "y"',
    ],
    [
      "GET",
      "/api/v1/namespaces/y/secrets?fieldSelector=metadata.name%3Ds",
      'secrets "s" is forbidden: User "x" cannot list resource "secrets" in API group "" in the namespace "y"',
    ],
    [
      "PUT",
      "/apis/not.there/v1/things/t",
      'things.not.there "t" is forbidden: User "x" cannot update resource "things" in API group "not.there" at the cluster scope',
    ],
    ["GET", "/metrics", 'forbidden: User "x" cannot get path "/metrics"'],
  ])("is refused in the words of a real server: %s %s", async (method, path, message) => {
    const answer = await call(as("x"), method, path);
    expect([answer.status, answer.body.reason, answer.body.message]).toEqual([
      403,
      "Forbidden",
      message,
    ]);
  });

  it("is allowed as soon as a binding says so, and no longer", async () => {
    const name = "late";
    const path = `${RBAC}/namespaces/blue/rolebindings`;
    const roleRef = { kind: "ClusterRole", name: "view", apiGroup: "rbac.authorization.k8s.io" };
    const subjects = [{ kind: "User", name }];
    expect((await call(as(name), "GET", MAPS)).status).toBe(403);
    await call(api.transport, "POST", path, { metadata: { name }, roleRef, subjects });
    expect((await call(as(name), "GET", MAPS)).status).toBe(200);
    await call(api.transport, "DELETE", `${path}/${name}`);
    expect((await call(as(name), "GET", MAPS)).status).toBe(403);
  });

  it("is seen through a role that is aggregated", async () => {
    const label = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
    const rules = [{ apiGroups: ["example.com"], resources: ["things"], verbs: ["get"] }];
    const made = { metadata: { name: "things", labels: label }, rules };
    await call(api.transport, "POST", `${RBAC}/clusterroles`, made);
    const ask = async () => {
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      const { user, ...spec } = reviewSpec("", "get example.com/things=x @blue");
      return (await call(as("vic"), "POST", path, { spec })).body.status.allowed;
    };
    await expect.poll(ask).toBe(true);
    await call(api.transport, "DELETE", `${RBAC}/clusterroles/things`);
    await expect.poll(ask).toBe(false);
  });

  it("is found out once, and looked up from then on", async () => {
    const admin = as("vic");
    await call(admin, "GET", `${MAPS}/missing`);
    const reads = [vi.spyOn(api.store, "get"), vi.spyOn(api.store, "list")];
    for (let i = 0; i < 2000; i++) await call(admin, "GET", `${MAPS}/missing`);
    const read = reads.flatMap(({ mock }) => mock.calls.map(([what]) => JSON.stringify(what)));
    expect(read.length).toBeGreaterThanOrEqual(2000);
    expect(read.filter((what) => what.includes(".rbac."))).toEqual([]);
  });
});
