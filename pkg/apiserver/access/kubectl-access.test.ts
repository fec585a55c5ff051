import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KUBECTLS, Kubectl } from "../../../test/support/kubectl.ts";
import { silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { temporaryDirectory } from "../../base/temporary-directory.ts";
import { EmbeddedApi } from "../embedded-api.ts";

describe.skipIf(KUBECTLS.length > 0)("kubectl", () => {
  it.skip("was not found on PATH nor in OTE_TEST_KUBECTLS", () => {});
});

describe.each(KUBECTLS)("who may what, with %s", (program) => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let api: EmbeddedApi;
  let admin: Kubectl;
  let ann: Kubectl;
  let isOld: boolean;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    const dataDir = join(directory.path, "data");
    const options = { name: "test", dataDir, listen: "127.0.0.1:0", crds: [] };
    api = await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
    admin = await as("admin.kubeconfig");
    ann = await as("ann.kubeconfig", { name: "ann", groups: ["team"] });
    isOld = /"minor": "(1\d|2[0-3])/.test(await admin.ok("version", "--client", "-o", "json"));
    await admin.ok("create", "namespace", "blue");
    await admin.ok("create", "rolebinding", "ann", "-n=blue", "--clusterrole=edit", "--user=ann");
  });

  afterAll(async () => {
    await api?.[Symbol.asyncDispose]();
    await directory?.[Symbol.asyncDispose]();
  });

  async function as(file: string, user?: { name: string; groups: string[] }): Promise<Kubectl> {
    const path = join(directory.path, file);
    await api.writeKubeconfig(path, user);
    return new Kubectl(program, path);
  }

  /** What a command that must fail complains of. */
  async function refused(kubectl: Kubectl, ...args: string[]): Promise<string> {
    const { code, err } = await kubectl.run(...args);
    expect([args, code]).not.toEqual([args, 0]);
    return err.trim();
  }

  it("answers can-i", async () => {
    expect(await admin.ok("auth", "can-i", "*", "*")).toContain("yes");
    expect(await ann.ok("auth", "can-i", "create", "pods", "-n=blue")).toContain("yes");
    expect((await ann.run("auth", "can-i", "create", "pods", "-n=default")).out).toBe("no\n");
    expect((await ann.run("auth", "can-i", "get", "pods/log", "-n=blue")).out).toBe("yes\n");
    expect((await ann.run("auth", "can-i", "get", "/metrics")).out).toBe("no\n");
    expect(await ann.ok("auth", "can-i", "get", "/apis")).toContain("yes");
  });

  it("lists what somebody may do", async () => {
    const list = await ann.ok("auth", "can-i", "--list", "-n=blue");
    expect(list).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs/);
    expect(list).toMatch(/deployments\.apps +\[\] +\[\] +\[.*create.*\]/);
    expect(list).toMatch(/\[\/apis\/\*\] +\[\] +\[get\]/);
    expect(await ann.ok("auth", "can-i", "--list", "-n=default")).not.toContain("deployments");
    expect(await admin.ok("auth", "can-i", "--list")).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/);
  });

  it("refuses in the words of a real server", async () => {
    await ann.ok("create", "configmap", "mine", "-n=blue");
    expect(await refused(ann, "get", "configmaps", "-n=default")).toBe(
      'Error from server (Forbidden): configmaps is forbidden: User "ann" cannot list resource "configmaps" in API group "" in the namespace "default"',
    );
    expect(await refused(ann, "delete", "ns", "blue")).toContain(
      'namespaces "blue" is forbidden: User "ann" cannot delete resource "namespaces" in API group "" in the namespace "blue"',
    );
  });

  it("makes roles and bindings, and gives nobody more than the giver has", async () => {
    const rights = ["--verb=get,list", "--resource=secrets"];
    await admin.ok("create", "role", "reader", "-n=blue", ...rights);
    await admin.ok("create", "clusterrole", "probe", "--verb=get", "--non-resource-url=/metrics");
    await admin.ok("create", "clusterrolebinding", "probe", "--clusterrole=probe", "--group=team");
    expect(await ann.ok("auth", "can-i", "get", "/metrics")).toContain("yes");
    await admin.ok("create", "rolebinding", "boss", "-n=blue", "--clusterrole=admin", "--user=bob");
    const bob = await as("bob.kubeconfig", { name: "bob", groups: ["team"] });
    await bob.ok("create", "role", "some", "-n=blue", "--verb=get", "--resource=pods");
    expect(
      await refused(bob, "create", "role", "more", "-n=blue", "--verb=get", "--resource=nodes"),
    ).toBe(
      'Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["team" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}',
    );
    expect(
      await refused(
        bob,
        "create",
        "rolebinding",
        "all",
        "-n=blue",
        "--clusterrole=cluster-admin",
        "--user=bob",
      ),
    ).toContain("attempting to grant RBAC permissions not currently held");
    await bob.ok("create", "rolebinding", "carl", "-n=blue", "--clusterrole=view", "--user=carl");
    expect(await admin.ok("get", "rolebinding", "carl", "-n=blue", "-o=wide")).toMatch(
      /NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\ncarl +ClusterRole\/view +\S+ +carl/,
    );
    expect(await admin.ok("describe", "role", "reader", "-n=blue")).toMatch(
      /secrets +\[\] +\[\] +\[get list\]/,
    );
    const file = join(directory.path, "role.json");
    const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["watch"] }];
    const kind = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" };
    await writeFile(
      file,
      JSON.stringify({ ...kind, metadata: { name: "reader", namespace: "blue" }, rules }),
    );
    await admin.ok("auth", "reconcile", "-n=blue", `-f=${file}`);
    expect(
      await admin.ok("get", "role", "reader", "-n=blue", "-o=jsonpath={.rules[*].verbs}"),
    ).toBe('["get","list"] ["watch"]');
  });

  it("acts as somebody else for those who may", async () => {
    expect(await admin.ok("auth", "can-i", "create", "pods", "-n=blue", "--as=ann")).toContain(
      "yes",
    );
    expect((await admin.run("auth", "can-i", "create", "pods", "-n=blue", "--as=eve")).out).toBe(
      "no\n",
    );
    expect(await admin.ok("get", "nodes", "--as=x", "--as-group=system:masters", "-o=name")).toBe(
      "",
    );
    expect(await refused(ann, "get", "pods", "-n=blue", "--as=bob")).toBe(
      'Error from server (Forbidden): users "bob" is forbidden: User "ann" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    expect(
      await refused(ann, "get", "secrets", "-n=default", "--as=system:serviceaccount:blue:robot"),
    ).toContain('User "system:serviceaccount:blue:robot" cannot list resource "secrets"');
  });

  it("makes tokens of service accounts and knows whose they are", async () => {
    await admin.ok("create", "serviceaccount", "robot", "-n=blue");
    await admin.ok(
      "create",
      "rolebinding",
      "robot",
      "-n=blue",
      "--clusterrole=view",
      "--serviceaccount=blue:robot",
    );
    const core = JSON.parse(await admin.ok("get", "--raw", "/api/v1"));
    expect(core.resources).toContainEqual({
      name: "serviceaccounts/token",
      singularName: "",
      namespaced: true,
      group: "authentication.k8s.io",
      version: "v1",
      kind: "TokenRequest",
      verbs: ["create"],
    });
    if (isOld) return;
    const token = (await ann.ok("create", "token", "robot", "-n=blue", "--duration=15m")).trim();
    const config = join(directory.path, "robot.kubeconfig");
    const robot = new Kubectl(program, config);
    const view = JSON.parse(await admin.ok("config", "view", "--raw", "-o=json"));
    view.users[0].user = { token };
    await writeFile(config, JSON.stringify(view), { mode: 0o600 });
    expect(await robot.ok("auth", "whoami")).toMatch(/system:serviceaccount:blue:robot/);
    await robot.ok("get", "configmaps", "-n=blue");
    expect(await refused(robot, "get", "secrets", "-n=blue")).toContain("Forbidden");
    await admin.ok("delete", "serviceaccount", "robot", "-n=blue");
    await admin.ok("create", "serviceaccount", "robot", "-n=blue");
    expect(await refused(robot, "get", "configmaps", "-n=blue")).toContain("Unauthorized");
  });
});
