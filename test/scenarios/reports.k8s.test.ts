import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SYSTEM_NAMESPACE } from "../../pkg/apis/cluster.ts";
import { NAMESPACE } from "../../pkg/apis/namespace.ts";
import type { KubeObject, ResourceType } from "../../pkg/apis/object.ts";
import { isStatus } from "../../pkg/apis/status.ts";
import { Informer } from "../../pkg/kube/informer.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { TransportResourceClient } from "../../pkg/kube/transport-resource-client.ts";
import { mirrorNamespace, mirrorType } from "../../pkg/reporting/mirror-objects.ts";
import { REPORTED_TYPES } from "../../pkg/reporting/reported-types.ts";
import { missingComponents } from "../support/components.ts";
import { ControlPlane } from "../support/control-plane.ts";
import { CutOffEdge } from "../support/cut-off-edge.ts";
import { eventually } from "../support/eventually.ts";
import { HollowNode } from "../support/hollow-node.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { atCentre, untilMirrored } from "../support/mirror-view.ts";
import { MirrorWatch } from "../support/mirror-watch.ts";

const [KUBECTL = ""] = KUBECTLS;
const SUITE = "Reports of a real cluster";
const MISSING = missingComponents() || (KUBECTL === "" ? "there is no kubectl" : "");
if (MISSING !== "") process.stderr.write(`skipped: ${SUITE}: ${MISSING}\n`);

const KINDS = ["nodes", "pods", "deployments", "daemonsets", "jobs", "services"];
const CRDS = fileURLToPath(new URL("../../deployments/crds", import.meta.url));
const DEPLOYMENT = REPORTED_TYPES.deployments?.type as ResourceType;
const LIMIT_MS = 60_000;

describe
  .skipIf(MISSING !== "")
  .each(["an embedded API", "a real kube-apiserver with its controllers"])(
  `${SUITE}, at a root with %s`,
  (api) => {
    const parts = new AsyncDisposableStack();
    let world: CutOffEdge;
    let centre: TransportResourceClient;
    let edge: TransportResourceClient;
    let shop: Kubectl;

    beforeAll(async () => {
      const plane = parts.use(
        await ControlPlane.start({ controllerManager: true, scheduler: true }),
      );
      const isReal = api !== "an embedded API";
      const top = isReal
        ? parts.use(await ControlPlane.start({ controllerManager: true, etcdOf: plane }))
        : undefined;
      if (top !== undefined) await installByHand(top.kubeconfig);
      const user = await plane.kubeconfigOf("system:node:hollow-1", {
        organizations: ["system:nodes"],
      });
      parts.use(await HollowNode.start("hollow-1", user));
      world = parts.use(
        await CutOffEdge.start({
          root: top === undefined ? {} : { kubeconfig: top.kubeconfig },
          edge: { kubeconfig: plane.kubeconfig, flags: ["--report", KINDS.join()] },
        }),
      );
      centre = await world.tree.client();
      const transport = parts.use(await KubeconfigTransport.open(plane.kubeconfig));
      edge = new TransportResourceClient(transport);
      shop = new Kubectl(KUBECTL, plane.kubeconfig);
      await eventually("the node is there", async () => {
        return (await shop.ok("get", "node", "-o", "name")) !== "";
      });
    }, 180_000);
    afterAll(() => parts.disposeAsync(), 60_000);

    const status = async () => (await world.tree.clusters()).get("edge")?.status;
    const mirrored = () => untilMirrored(centre, edge, "edge", KINDS, LIMIT_MS);
    const rolledOut = (what: string) => shop.ok("rollout", "status", what, "--timeout=100s");

    it("show a rollout by a task, object by object and in numbers", async () => {
      const task = await world.tree.task("web", {
        clusterSelector: "edge",
        method: "POST",
        url: "/apis/apps/v1/namespaces/default/deployments",
        body: JSON.stringify(deployment("web", 3)),
      });
      await task.completed();
      const lateness = await latenessOf(edge, centre, () => rolledOut("deployment/web"));
      process.stderr.write(`${api}: a change at the edge is seen after ${lateness} ms\n`);
      await mirrored();
      await eventually("its numbers are there", async () => {
        const { deployments, pods, nodes } = (await status())?.counts ?? {};
        return deployments?.ready === 3 && pods?.running === 3 && nodes?.ready === 1;
      });
      expect(JSON.stringify(await atCentre(centre, "edge", "pods"))).not.toContain("s3cret");
    }, 120_000);

    it("stay while the edge is cut off, and are equal when it is back", async () => {
      await shop.ok("create", "deployment", "old", "--image=old:1");
      await rolledOut("deployment/old");
      await mirrored();
      await eventually("both are counted", async () => {
        return (await status())?.counts?.deployments?.total === 2;
      });
      await using watch = await MirrorWatch.start(centre, "edge", KINDS);
      await world.cut();
      const before = await atCentre(centre, "edge", "pods");
      await shop.ok("delete", "deployment", "old");
      await shop.ok("scale", "deployment/web", "--replicas=5");
      await shop.ok("create", "deployment", "new", "--image=new:1");
      await shop.ok("create", "job", "once", "--image=job:1");
      await shop.ok("label", "node", "hollow-1", "zone=b");
      await rolledOut("deployment/web");
      await eventually("old pods are gone", async () => {
        return (await shop.ok("get", "pods", "-l", "app=old", "-o", "name")) === "";
      });
      expect(await atCentre(centre, "edge", "pods")).toEqual(before);
      expect((await status())?.counts?.deployments?.total).toBe(2);
      expect(watch.changes).toEqual([]);
      await world.restore();
      await mirrored();
      const deleted = watch.changes.filter((change) => change.startsWith("DELETED deployments"));
      expect(deleted).toEqual(["DELETED deployments default/old"]);
    }, 180_000);

    it("are touched by nobody but the cluster", async () => {
      await mirrored();
      await using watch = await MirrorWatch.start(centre, "edge", KINDS);
      // The garbage collector of a real cluster looks at all objects of a kind, or at none.
      if (api !== "an embedded API") for (const kind of KINDS) await collected(centre, kind);
      const foreign = watch.changes.filter((change) => !/ nodes | pods /.test(change));
      expect(foreign).toEqual([]);
      for (const kind of KINDS) {
        const type = mirrorType(kind) as ResourceType;
        const { items } = await centre.list<KubeObject>(type);
        for (const { metadata } of items) {
          expect(metadata.ownerReferences ?? []).toEqual([]);
          expect(metadata.finalizers ?? []).toEqual([]);
        }
      }
    });

    it("show what somebody has changed in the mirror as it is at the edge again, with its next change", async () => {
      const at = { namespace: mirrorNamespace("edge"), name: "default.web" };
      const type = mirrorType("deployments") as ResourceType;
      const metadata = { labels: { app: "changed", mine: "yes" } };
      await centre.patch(type, at, "merge", { metadata, spec: { replicas: 99, mine: true } });
      await shop.ok("scale", "deployment/web", "--replicas=4");
      await rolledOut("deployment/web");
      await mirrored();
    });

    it("go with the object of their cluster", async () => {
      const root = new Kubectl(KUBECTL, world.tree.kubeconfig("root"));
      await root.ok("delete", "clusters", "edge", "-n", SYSTEM_NAMESPACE, "--timeout=100s");
      await eventually(
        "the namespace of the mirror is gone",
        () =>
          centre.get(NAMESPACE, { name: mirrorNamespace("edge") }).then(
            () => false,
            (error: unknown) => isStatus(error, "NotFound"),
          ),
        LIMIT_MS,
      );
      for (const kind of KINDS) {
        const { items } = await centre.list(mirrorType(kind) as ResourceType);
        expect(items).toEqual([]);
      }
      // What the cluster itself has is its own affair.
      expect(await shop.ok("get", "deployment", "web", "-o", "name")).toContain("web");
    }, 120_000);
  },
);

/** How long after the last replica is ready at the edge the centre shows it, in milliseconds. */
async function latenessOf(
  edge: TransportResourceClient,
  centre: TransportResourceClient,
  rolledOut: () => Promise<unknown>,
): Promise<number> {
  const ended = new AbortController();
  const mirror = mirrorType("deployments") as ResourceType;
  const [there, here] = [
    readyAt(edge, DEPLOYMENT, ended.signal),
    readyAt(centre, mirror, ended.signal),
  ];
  await rolledOut();
  const lateness = Math.round((await here) - (await there));
  ended.abort();
  return lateness;
}

/** When a watch first shows a Deployment with three replicas that are ready. */
function readyAt(
  client: TransportResourceClient,
  type: ResourceType,
  signal: AbortSignal,
): Promise<number> {
  type Workload = KubeObject & { readonly status?: { readonly readyReplicas?: number } };
  return new Promise((resolve) => {
    const informer = new Informer<Workload>(client, type, {
      onChange: (_, object) => {
        if (object?.status?.readyReplicas === 3) resolve(performance.now());
      },
    });
    void informer.run(signal);
  });
}

/** Resolves when the garbage collector has taken an object of a mirrored kind whose owner was never there. */
async function collected(client: TransportResourceClient, kind: string): Promise<void> {
  const type = mirrorType(kind) as ResourceType;
  const uid = "11111111-2222-3333-4444-555555555555";
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "never", uid };
  const key = { name: "orphan", namespace: "default" };
  await client.create<KubeObject>(type, {
    apiVersion: `${type.group}/${type.version}`,
    kind: type.kind,
    metadata: { ...key, ownerReferences: [owner] },
  });
  await eventually(`an orphan among ${kind} is collected`, () =>
    client.get(type, key).then(
      () => false,
      (error: unknown) => isStatus(error, "NotFound"),
    ),
  );
}

/** As somebody does who lets no program make definitions. */
async function installByHand(kubeconfig: string): Promise<void> {
  const kubectl = new Kubectl(KUBECTL, kubeconfig);
  expect(readdirSync(CRDS).filter((file) => file.startsWith("report-")).length).toBeGreaterThan(8);
  await kubectl.ok("apply", "-f", CRDS);
  await kubectl.ok("wait", "--for=condition=Established", "crd", "--all", "--timeout=100s");
}

function deployment(name: string, replicas: number): object {
  const labels = { app: name };
  const env = [{ name: "PASSWORD", value: "s3cret" }];
  const containers = [
    { name: "main", image: "web:1", env, resources: { requests: { cpu: "10m" } } },
  ];
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, labels } },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}
