import { afterAll, beforeAll, expect, it } from "vitest";
import { ControlPlane, describeWithControlPlane } from "../support/control-plane.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { doMainJob, expectMainJobDone } from "../support/main-job.ts";
import { ProcessTree } from "../support/process-tree.ts";

const [KUBECTL = ""] = KUBECTLS;
if (KUBECTL === "") process.stderr.write("skipped: the main job on real API servers: no kubectl\n");

const CLUSTERS = ["north-1", "north-2", "root", "south-1"];

// Root and two edge clusters have kube-apiservers; south-1 has an embedded API, as trees may mix them.
describeWithControlPlane("A tree on real API servers", (plane) => {
  const planes: ControlPlane[] = [];
  let tree: ProcessTree;
  beforeAll(async () => {
    const etcdOf = plane();
    const [one, two] = await Promise.all([
      ControlPlane.start({ etcdOf }),
      ControlPlane.start({ etcdOf }),
    ]);
    planes.push(one, two);
    const tags = (region: string) => ["--tags", `region=${region},tier=edge`];
    tree = await ProcessTree.start({
      root: { kubeconfig: etcdOf.kubeconfig },
      "north-1": { parent: "root", kubeconfig: one.kubeconfig, flags: tags("north") },
      "north-2": { parent: "root", kubeconfig: two.kubeconfig, flags: tags("north") },
      "south-1": { parent: "root", api: true, flags: tags("south") },
    });
  }, 120_000);
  afterAll(async () => {
    await tree?.[Symbol.asyncDispose]();
    for (const one of planes) await one[Symbol.asyncDispose]();
  });

  const kubeconfig = (name: string) => tree.kubeconfig(name);
  const job = { kubectl: KUBECTL, kubeconfig, clusters: CLUSTERS };

  it.skipIf(KUBECTL === "")("shows its clusters to kubectl", async () => {
    const root = new Kubectl(KUBECTL, kubeconfig("root"));
    const rows = await root.table("get", "clusters", "-n", "kube-system");
    const row = (NAME: string, PARENT: string, TAGS: string, PATH: string) => ({
      ...{ NAME, STATUS: "online", PARENT, TAGS, PATH },
      NODES: expect.stringMatching(/^(0\/0)?$/),
      AGE: expect.stringMatching(/^\d+m?\d*s?$/),
    });
    expect(rows).toEqual([
      row("north-1", "root", "region=north,tier=edge", "root/north-1"),
      row("north-2", "root", "region=north,tier=edge", "root/north-2"),
      row("root", "", "", "root"),
      row("south-1", "root", "region=south,tier=edge", "root/south-1"),
    ]);
  });

  it.skipIf(KUBECTL === "")("deploys the examples to exactly the clusters they name", async () => {
    await doMainJob(job);
    await expectMainJobDone(job);
  });

  it("goes on where it was when root and its API server have been away", async () => {
    await tree.program("root").kill();
    await plane().restart();
    tree.launch("root");
    await tree.online(...CLUSTERS);
    if (KUBECTL !== "") await expectMainJobDone(job);
    const task = await tree.task("again", {
      clusterSelector: "*",
      method: "GET",
      url: "/api/v1/namespaces/kube-system",
    });
    expect((await task.completed()).status?.summary).toMatchObject({ selected: 4, done: 4 });
    for (const name of CLUSTERS.filter((name) => name !== "root")) {
      expect(tree.program(name).logged("task started").length).toBeLessThan(4);
    }
  });

  it("fails a task while a cluster's API server is away, and is done when it is back", async () => {
    const [one] = planes;
    await one?.stopApi();
    const spec = { clusterSelector: "north-1", method: "GET", url: "/version" };
    const away = await tree.task("away", spec);
    await away.completed();
    expect(await away.results()).toMatchObject({
      "north-1": { verdict: "failed", code: 503, reason: "ApiUnreachable" },
    });
    await one?.startApi();
    const back = await tree.task("back", spec);
    await back.completed();
    expect(await back.results()).toMatchObject({ "north-1": { verdict: "done", code: 200 } });
  });
});
