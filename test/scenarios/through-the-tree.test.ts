import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { treeKubeconfig } from "../../pkg/kube/tree-kubeconfig.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { ProcessTree } from "../support/process-tree.ts";

if (KUBECTLS.length === 0)
  process.stderr.write("skipped: kubectl through the tree: no kubectl is found\n");

const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: {name: made, namespace: default}
data: {a: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
`;

/**
 * Ends of streams that the region always has, for reports and for what goes down: two from the root to it, two from the
 * root to the edge, which have two ends where they are passed on, and two of its own to the edge.
 */
const OWN_STREAMS = 8;

describe.skipIf(KUBECTLS.length === 0)("kubectl through a tree of three tiers", () => {
  let tree: ProcessTree;
  beforeAll(async () => {
    tree = await ProcessTree.start({
      root: {},
      region: { parent: "root", api: true },
      edge: { parent: "region", api: true },
    });
  });
  afterAll(async () => {
    await tree?.[Symbol.asyncDispose]();
  });

  /** A kubeconfig for a cluster through the API of another. */
  function through(at: string, cluster: string): string {
    const file = tree.kubeconfig(at);
    const path = join(tree.folder, `${at}-to-${cluster}.kubeconfig`);
    writeFileSync(path, treeKubeconfig(readFileSync(file, "utf8"), cluster, file), { mode: 0o600 });
    return path;
  }

  describe.each(KUBECTLS)("%s", (program) => {
    const direct = () => new Kubectl(program, tree.kubeconfig("edge"));
    const far = (at = "root") => new Kubectl(program, through(at, "edge"));

    it.each(["root", "region", "edge"])("shows the same from %s as at the cluster", async (at) => {
      for (const args of [
        ["get", "namespaces", "-o", "name"],
        ["api-resources", "-o", "name"],
        ["get", "--raw", "/version"],
        ["get", "clusterroles", "-o", "jsonpath={.items[*].metadata.name}"],
        ["explain", "deployments.spec.template"],
      ]) {
        expect(await far(at).ok(...args)).toBe(await direct().ok(...args));
      }
    });

    it("applies, changes, diffs and deletes", async () => {
      const file = join(tree.folder, "made.yaml");
      writeFileSync(file, MANIFEST);
      await far().ok("apply", "-f", file);
      expect(
        await direct().ok("get", "cm", "made", "-n", "default", "-o", "jsonpath={.data.a}"),
      ).toBe("1");
      await far().ok("apply", "--server-side", "--force-conflicts", "-f", file);
      await far().ok("scale", "deployment/web", "-n", "default", "--replicas=3");
      await far().ok("label", "cm", "made", "-n", "default", "x=y");
      expect(
        await direct().ok(
          "get",
          "deploy",
          "web",
          "-n",
          "default",
          "-o",
          "jsonpath={.spec.replicas}",
        ),
      ).toBe("3");
      await far().ok("delete", "-f", file, "--wait=true");
      expect(await direct().ok("get", "cm,deploy", "-n", "default", "-o", "name")).not.toContain(
        "made",
      );
    });

    it("watches: what changes there is seen here at once", async () => {
      await direct().ok("create", "cm", "before", "-n", "default");
      const watching = spawn(program, [
        ...["--kubeconfig", through("root", "edge")],
        ...["get", "cm", "-n", "default", "-w", "-o", "name"],
      ]);
      let seen = "";
      watching.stdout.on("data", (text) => {
        seen += String(text);
      });
      try {
        await eventually("the watch has begun", () => seen !== "" || undefined);
        await direct().ok("create", "cm", "watched", "-n", "default");
        await eventually("the change is seen", () => seen.includes("watched") || undefined);
      } finally {
        watching.kill("SIGKILL");
        await once(watching, "exit");
        await direct().ok(
          "delete",
          "cm",
          "before",
          "watched",
          "-n",
          "default",
          "--ignore-not-found",
        );
      }
    });
  });

  const [program = ""] = KUBECTLS;

  it("says that a cluster is away, and reaches it again when it is back", async () => {
    const far = new Kubectl(program, through("root", "edge"));
    await tree.program("edge").kill();
    await eventually("it is offline", async () => {
      const { status } = (await tree.clusters()).get("edge") ?? {};
      return status?.status === "offline" || undefined;
    });
    const { code, err } = await far.run("get", "ns");
    expect(code).not.toBe(0);
    expect(err).toContain("CLUSTER_UNREACHABLE");
    tree.launch("edge");
    await tree.online("edge");
    await far.ok("get", "ns");
  });

  it("lets only those in who may, and as who they are", async () => {
    const root = new Kubectl(program, tree.kubeconfig("root"));
    const far = new Kubectl(program, through("root", "edge"));
    const alice = ["--as", "alice"];
    const refused = await far.run("get", "ns", ...alice);
    expect(refused.err).toContain('cannot get resource "clusters/proxy"');
    await root.ok(
      ...["create", "role", "to-edge", "-n", "kube-system", "--verb=get,create"],
      ...["--resource=clusters.ote.baidu.com/proxy", "--resource-name=edge"],
    );
    await root.ok(
      ...[
        "create",
        "rolebinding",
        "to-edge",
        "-n",
        "kube-system",
        "--role=to-edge",
        "--user=alice",
      ],
    );
    const there = await far.run("get", "secrets", "-n", "default", ...alice);
    expect(there.err).toContain('User "alice" cannot list resource "secrets"');
    const edge = new Kubectl(program, tree.kubeconfig("edge"));
    await edge.ok(
      "create",
      "rolebinding",
      "a",
      "-n",
      "default",
      "--clusterrole=view",
      "--user=alice",
    );
    await far.ok("get", "cm", "-n", "default", ...alice);
    const elsewhere = new Kubectl(program, through("root", "region"));
    expect((await elsewhere.run("get", "ns", ...alice)).err).toMatch(/forbidden/i);
  });

  it("keeps watches open side by side, and leaves none behind", async () => {
    const path = "/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=4";
    const far = new Kubectl(program, through("root", "edge"));
    const watches = await Promise.all(
      Array.from({ length: 20 }, () => far.run("get", "--raw", path)),
    );
    expect(new Set(watches.map(({ code }) => code))).toEqual(new Set([0]));
    await eventually("no stream is left", async () => {
      return (await tree.metric("region", "ote_streams")) === OWN_STREAMS;
    });
  });
});
