import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiTransport } from "../../apis/api-transport.ts";
import { call } from "../calls.fixture.ts";
import { LocalTransport } from "../listen/local-transport.ts";
import { type TestServer, testServer } from "../server.fixture.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const GROUP = "rbac.authorization.k8s.io";
const ROLES = `${RBAC}/namespaces/default/roles`;
const BINDINGS = `${RBAC}/namespaces/default/rolebindings`;
const PODS = "/api/v1/namespaces/default/pods";

let api: TestServer;
/** Has "admin" in the namespace default, and may write cluster roles, but has little else. */
let ada: ApiTransport;
const node = (name: string) => as(`system:node:${name}`, "system:nodes");

beforeAll(async () => {
  api = await testServer({ roles: true });
  ada = as("ada");
  await bind(BINDINGS, "ada", "admin", "ada");
  await give("writer", [{ apiGroups: [GROUP], resources: ["clusterroles"] }], "ada", [
    "create",
    "update",
    "patch",
    "get",
  ]);
});

afterAll(() => api[Symbol.asyncDispose]());

function as(name: string, ...groups: string[]): ApiTransport {
  return new LocalTransport(api.server, { name, groups: [...groups, "system:authenticated"] });
}

async function bind(path: string, name: string, role: string, user: string): Promise<void> {
  const roleRef = { apiGroup: GROUP, kind: "ClusterRole", name: role };
  const subjects = [{ apiGroup: GROUP, kind: "User", name: user }];
  const made = await call(api.transport, "POST", path, { metadata: { name }, roleRef, subjects });
  expect(made.status).toBe(201);
}

async function give(
  name: string,
  rules: readonly object[],
  user: string,
  verbs: readonly string[],
): Promise<void> {
  const own = rules.map((rule) => ({ ...rule, verbs }));
  await call(api.transport, "POST", `${RBAC}/clusterroles`, { metadata: { name }, rules: own });
  await bind(`${RBAC}/clusterrolebindings`, name, name, user);
}

const rule = (resource: string, ...verbs: string[]) => ({
  ...{ apiGroups: [""], resources: [resource], verbs },
});

describe("rights that somebody gives away", () => {
  it("must be their own, however they are written", async () => {
    const role = (name: string, ...rules: object[]) => ({ metadata: { name }, rules });
    const made = await call(ada, "POST", ROLES, role("good", rule("pods", "get", "list")));
    expect(made.status).toBe(201);
    const more = role("more", rule("nodes", "get", "list"), rule("pods", "get"), rule("x", "use"));
    const refused = await call(ada, "POST", ROLES, more);
    expect([refused.status, refused.body.message]).toEqual([
      403,
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}\n{APIGroups:[""], Resources:["x"], Verbs:["use"]}',
    ]);
    expect((await call(ada, "POST", `${ROLES}?dryRun=All`, more)).status).toBe(403);
    const put = { ...made.body, rules: more.rules };
    expect((await call(ada, "PUT", `${ROLES}/good`, put)).status).toBe(403);
    const patch = { "content-type": "application/merge-patch+json" };
    const patched = { rules: more.rules };
    expect((await call(ada, "PATCH", `${ROLES}/good`, patched, patch)).status).toBe(403);
    const apply = { "content-type": "application/apply-patch+yaml" };
    const applied = { apiVersion: `${GROUP}/v1`, kind: "Role", ...more };
    const path = `${ROLES}/more?fieldManager=x`;
    expect((await call(ada, "PATCH", path, applied, apply)).status).toBe(403);
    expect((await call(api.transport, "GET", `${ROLES}/good`)).body.rules).toHaveLength(1);
  });

  it("may be looked after by the garbage collector without them", async () => {
    const metadata = { name: "kept", finalizers: ["example.com/keep"] };
    await call(api.transport, "POST", ROLES, { metadata, rules: [rule("nodes", "get")] });
    const patch = { "content-type": "application/merge-patch+json" };
    const path = `${ROLES}/kept`;
    const labels = { metadata: { labels: { a: "b" } } };
    expect((await call(ada, "PATCH", path, labels, patch)).status).toBe(403);
    const freed = { metadata: { finalizers: null } };
    expect((await call(ada, "PATCH", path, freed, patch)).status).toBe(200);
  });

  it("are handed on by a binding, too", async () => {
    const roleRef = { apiGroup: GROUP, kind: "ClusterRole", name: "view" };
    const subjects = [{ kind: "User", name: "eve" }];
    const post = (name: string, role: object) =>
      call(ada, "POST", BINDINGS, {
        metadata: { name },
        roleRef: { ...roleRef, ...role },
        subjects,
      });
    expect((await post("a", {})).status).toBe(201);
    expect((await post("b", { name: "cluster-admin" })).body.message).toContain(
      '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
    );
    expect((await post("c", { name: "none" })).status).toBe(404);
    await give("binder", [{ apiGroups: [GROUP], resources: ["clusterroles"] }], "ada", ["bind"]);
    expect((await post("d", { name: "cluster-admin" })).status).toBe(201);
    const changed = await call(ada, "GET", `${BINDINGS}/a`);
    const other = { ...changed.body, roleRef: { ...roleRef, name: "edit" } };
    const refused = await call(ada, "PUT", `${BINDINGS}/a`, other);
    expect([refused.status, refused.body.message]).toEqual([
      422,
      'RoleBinding.rbac.authorization.k8s.io "a" is invalid: roleRef: Invalid value: rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"ClusterRole", Name:"edit"}: cannot change roleRef',
    ]);
  });

  it("need everything for a role that collects others, unless one may escalate", async () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] };
    const role = { metadata: { name: "collector" }, aggregationRule };
    const post = () => call(ada, "POST", `${RBAC}/clusterroles`, role);
    expect((await post()).body.message).toBe(
      'clusterroles.rbac.authorization.k8s.io "collector" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    );
    await give("lifter", [{ apiGroups: [GROUP], resources: ["clusterroles"] }], "ada", [
      "escalate",
    ]);
    expect((await post()).status).toBe(201);
  });
});

it.each([
  [
    "Role without verbs",
    ROLES,
    { rules: [{ apiGroups: [""], resources: ["x"] }] },
    "rules[0].verbs: Required value: verbs must contain at least one value",
  ],
  [
    "Role without groups",
    ROLES,
    { rules: [{ resources: ["x"], verbs: ["get"] }] },
    "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
  ],
  [
    "Role with paths",
    ROLES,
    { rules: [{ nonResourceURLs: ["/x"], verbs: ["get"] }] },
    "namespaced rules cannot apply to non-resource URLs",
  ],
  [
    "binding without a role",
    BINDINGS,
    { subjects: [] },
    'roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole"',
  ],
  [
    "binding to a cluster",
    BINDINGS,
    { roleRef: { kind: "Role", name: "x" }, subjects: [{ kind: "ServiceAccount", name: "x" }] },
    "subjects[0].namespace: Required value",
  ],
  [
    "binding of a thing",
    BINDINGS,
    { roleRef: { kind: "Role", name: "x" }, subjects: [{ kind: "Pod", name: "x" }] },
    'subjects[0].kind: Unsupported value: "Pod": supported values: "ServiceAccount", "User", "Group"',
  ],
])("refuses a %s", async (_, path, object, message) => {
  const answer = await call(api.transport, "POST", path, { metadata: { name: "bad" }, ...object });
  expect([answer.status, answer.body.message]).toEqual([422, expect.stringContaining(message)]);
});

it("lets a patch make an object only for those who may make one", async () => {
  await give("patcher", [rule("configmaps")], "pat", ["patch", "get"]);
  const apply = { "content-type": "application/apply-patch+yaml" };
  const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { a: "b" } };
  const path = "/api/v1/namespaces/default/configmaps/m?fieldManager=x";
  expect((await call(as("pat"), "PATCH", path, map, apply)).body.message).toBe(
    'configmaps "m" is forbidden: User "pat" cannot create resource "configmaps" in API group "" in the namespace "default"',
  );
  await call(api.transport, "POST", "/api/v1/namespaces/default/configmaps", map);
  expect((await call(as("pat"), "PATCH", path, map, apply)).status).toBe(200);
});

describe("a kubelet", () => {
  const containers = [{ name: "c", image: "i", envFrom: [{ configMapRef: { name: "settings" } }] }];
  const volumes = [
    { name: "v", secret: { secretName: "used" } },
    { name: "w", persistentVolumeClaim: { claimName: "claim" } },
  ];

  beforeAll(async () => {
    for (const name of ["n1", "n2"])
      expect((await call(node(name), "POST", "/api/v1/nodes", { metadata: { name } })).status).toBe(
        201,
      );
    const spec = { nodeName: "n1", serviceAccountName: "robot", containers, volumes };
    await call(api.transport, "POST", PODS, { metadata: { name: "p1" }, spec });
    for (const name of ["used", "other"])
      await call(api.transport, "POST", "/api/v1/namespaces/default/secrets", {
        metadata: { name },
      });
    await call(api.transport, "POST", "/api/v1/namespaces/default/serviceaccounts", {
      metadata: { name: "robot" },
    });
  });

  it("writes its own node, and the pods on it, and no others", async () => {
    const patch = { "content-type": "application/merge-patch+json" };
    const write = async (from: string, path: string) =>
      (await call(node(from), "PATCH", path, { status: { conditions: [{ type: from }] } }, patch))
        .status;
    expect(await write("n1", "/api/v1/nodes/n1/status")).toBe(200);
    expect(await write("n2", "/api/v1/nodes/n1/status")).toBe(403);
    expect(await write("n1", `${PODS}/p1/status`)).toBe(200);
    expect(await write("n2", `${PODS}/p1/status`)).toBe(403);
    expect((await call(node("n2"), "DELETE", `${PODS}/p1`)).status).toBe(403);
    const other = { metadata: { name: "n3" } };
    expect((await call(node("n1"), "POST", "/api/v1/nodes", other)).status).toBe(403);
    const mirror = { metadata: { name: "m" }, spec: { nodeName: "n1", containers } };
    expect((await call(node("n2"), "POST", PODS, mirror)).status).toBe(403);
    expect((await call(node("n1"), "POST", PODS, mirror)).status).toBe(201);
    expect((await call(node("n1"), "DELETE", `${PODS}/m?gracePeriodSeconds=0`)).status).toBe(200);
  });

  it("reads what its pods use, and nothing else", async () => {
    const get = async (from: string, path: string) =>
      (await call(node(from), "GET", `/api/v1/namespaces/default/${path}`)).status;
    expect(await get("n1", "secrets/used")).toBe(200);
    expect(await get("n2", "secrets/used")).toBe(403);
    expect(await get("n1", "secrets/other")).toBe(403);
    expect(await get("n1", "secrets")).toBe(403);
    expect(await get("n1", "secrets?fieldSelector=metadata.name=used")).toBe(200);
    expect(await get("n1", "configmaps/settings")).toBe(404);
    expect(await get("n2", "configmaps/settings")).toBe(403);
    expect(await get("n1", "persistentvolumeclaims/claim")).toBe(404);
    expect(await get("n2", "persistentvolumeclaims/claim")).toBe(403);
    expect(await get("n1", "pods")).toBe(200);
    const path = "/api/v1/namespaces/default/serviceaccounts/robot/token";
    expect((await call(node("n1"), "POST", path, {})).status).toBe(201);
    expect((await call(node("n2"), "POST", path, {})).status).toBe(403);
  });
});
