import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { Kubectl } from "./kubectl.ts";

/** A tree in which the main job is to be done: its root, and some edge clusters with APIs of their own. */
export interface MainJobTree {
  /** The program. */
  readonly kubectl: string;
  /** The kubeconfig of a cluster's API. */
  readonly kubeconfig: (cluster: string) => string;
  /** Clusters that have an API, root among them. */
  readonly clusters: readonly string[];
}

const EXAMPLES = fileURLToPath(new URL("../../deployments/examples", import.meta.url));

/** The manifests in deployments/examples, and which clusters each means. */
const TASKS: Readonly<Record<string, { selector: string; means: (name: string) => boolean }>> = {
  nginx: {
    selector: "north-1,north-2,south-1",
    means: (name) => ["north-1", "north-2", "south-1"].includes(name),
  },
  "nginx-by-glob": { selector: "north-*", means: (name) => name.startsWith("north-") },
  "nginx-by-tag": { selector: "region=south", means: (name) => name.startsWith("south-") },
};

/** Writes the example tasks as a person would, and waits for them. */
export async function doMainJob({ kubectl, kubeconfig }: MainJobTree): Promise<void> {
  const root = new Kubectl(kubectl, kubeconfig("root"));
  await root.ok("apply", "-f", EXAMPLES);
  for (const name of Object.keys(TASKS)) {
    await root.ok("wait", "-n", "kube-system", "--for=condition=Completed", `ccs/${name}`);
  }
}

/** What the main job must have led to: each Deployment in exactly the clusters that its task means. */
export async function expectMainJobDone(tree: MainJobTree): Promise<void> {
  const { kubectl, kubeconfig, clusters } = tree;
  const root = new Kubectl(kubectl, kubeconfig("root"));
  const rows = await root.table("get", "ccs", "-n", "kube-system");
  expect(rows.map(({ AGE: _, ...row }) => row)).toEqual(
    Object.entries(TASKS).map(([NAME, { selector, means }]) => {
      const count = String(clusters.filter(means).length);
      const counts = { SELECTED: count, DONE: count, FAILED: "0", PENDING: "0" };
      return { NAME, SELECTOR: selector, PHASE: "Completed", ...counts };
    }),
  );
  for (const cluster of clusters) {
    const api = new Kubectl(kubectl, kubeconfig(cluster));
    const present = await api.ok("get", "deployments", "-A", "-o", "name");
    expect({ cluster, present: present.split("\n").filter(Boolean) }).toEqual({
      cluster,
      present: Object.keys(TASKS)
        .filter((name) => TASKS[name]?.means(cluster))
        .map((name) => `deployment.apps/${name}`),
    });
  }
  await expectVerdicts(root, clusters);
}

async function expectVerdicts(root: Kubectl, clusters: readonly string[]): Promise<void> {
  for (const [name, { means }] of Object.entries(TASKS)) {
    const text = await root.ok("get", "ccs", name, "-n", "kube-system", "-o", "json");
    const { status } = JSON.parse(text);
    const selected = clusters.filter(means);
    expect(status).toMatchObject({
      phase: "Completed",
      summary: {
        selected: selected.length,
        done: selected.length,
        failed: 0,
        refused: 0,
        unreachable: 0,
        expired: 0,
        pending: 0,
      },
      conditions: [
        { type: "Accepted", status: "True", reason: "Selected" },
        { type: "Completed", status: "True", reason: "AllDone" },
      ],
      clusters: Object.fromEntries(
        selected.map((cluster) => [cluster, { verdict: "done", code: 201 }]),
      ),
    });
    expect(Object.keys(status.clusters).sort()).toEqual([...selected].sort());
    const body = JSON.parse(status.clusters[selected[0] ?? ""].body);
    expect(body).toMatchObject({ kind: "Deployment", metadata: { name }, spec: { replicas: 2 } });
    const label = `ote.baidu.com/task=${name}`;
    const pages = await root.ok("get", "ccr", "-n", "kube-system", "-l", label, "-o", "name");
    expect(pages.trim()).toBe(`clustercontrollerresult.ote.baidu.com/${name}-1`);
  }
}
