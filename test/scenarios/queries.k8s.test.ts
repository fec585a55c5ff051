import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ControlPlane, describeWithControlPlane } from "../support/control-plane.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { Otectl } from "../support/otectl.ts";
import { ProcessTree } from "../support/process-tree.ts";
import { freePort } from "../support/program.ts";

const [KUBECTL = "kubectl"] = KUBECTLS;

describeWithControlPlane("queries at an entry beside a real kube-apiserver", (plane) => {
  let rootPlane: ControlPlane;
  let tree: ProcessTree;
  let otectl: Otectl;

  beforeAll(async () => {
    rootPlane = await ControlPlane.start();
    const entry = `127.0.0.1:${await freePort()}`;
    tree = await ProcessTree.start({
      root: {
        kubeconfig: rootPlane.kubeconfig,
        flags: ["--entry-listen", entry, "--entry-url", `https://${entry}`],
      },
      real: { parent: "root", kubeconfig: plane().kubeconfig },
      own: { parent: "root", api: true },
    });
    otectl = new Otectl(rootPlane.kubeconfig);
    for (const at of [plane().kubeconfig, tree.kubeconfig("own")]) {
      const kubectl = new Kubectl(KUBECTL, at);
      await kubectl.ok("create", "namespace", "shop");
      await kubectl.ok("create", "deployment", "web", "-n", "shop", "--image=web");
      await kubectl.ok("create", "configmap", "settings", "-n", "shop");
    }
  }, 120_000);
  afterAll(async () => {
    await tree?.[Symbol.asyncDispose]();
    await rootPlane?.[Symbol.asyncDispose]();
  });

  it("puts the tables of a real and of the embedded API under one head", async () => {
    const { code, err, lines } = await otectl.get(
      ...["deploy", "-n", "shop", "--clusters", "real,own", "--sort-by", "cluster"],
    );
    expect([code, err]).toEqual([0, ""]);
    const [head, ...rows] = lines.map((line) => line.split(/ {2,}/).slice(0, -1));
    expect(head).toEqual(["CLUSTER", "NAME", "READY", "UP-TO-DATE", "AVAILABLE"]);
    expect(rows).toEqual([
      ["own", "web", "0/1", "0", "0"],
      ["real", "web", "0/1", "0", "0"],
    ]);
  });

  it.each([
    "po",
    "svc",
    "cm",
    "ev",
    "deploy",
    "cronjobs",
    "ing",
    "pdb",
    "sc",
    "crd",
    "endpointslices",
    "hpa",
    "roles.rbac.authorization.k8s.io",
    "leases.v1.coordination.k8s.io",
    "apiservices",
    "flowschemas",
  ])("finds %s in whatever version a cluster has it", async (resource) => {
    const real = await otectl.get(resource, "-A", "--clusters", "real");
    expect([real.code, real.err.replace("No resources found\n", "")]).toEqual([0, ""]);
    const here = new Kubectl(KUBECTL, plane().kubeconfig);
    const there = (await here.ok("get", resource, "-A", "-o", "name")).split("\n").filter(Boolean);
    const names = await otectl.get(resource, "-A", "--clusters", "real", "-o", "name");
    const plain = (name: string) => name.split("/").slice(-1);
    const found = names.lines.map(plain).sort();
    if (resource !== "ev") expect(found).toEqual(there.map(plain).sort());
  });

  it("reads large answers packed, in pages", async () => {
    const kubectl = new Kubectl(KUBECTL, plane().kubeconfig);
    const items = Array.from({ length: 1100 }, (_, index) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `many-${index}`, namespace: "shop" },
    }));
    const file = `${tree.folder}/many.json`;
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await kubectl.ok("create", "-f", file);
    const all = await otectl.get("cm", "-n", "shop", "--clusters", "*", "-o", "name");
    const many = all.lines.filter((line) => line.includes("/many-"));
    expect(new Set(many).size).toBe(1100);
    const pages: string[] = [];
    let next: string | undefined;
    do {
      const more = next === undefined ? [] : ["--continue", next];
      const args = ["cm", "-n", "shop", "--clusters", "*", "-o", "name", "--limit", "400"];
      const { lines, err } = await otectl.get(...args, ...more);
      expect(lines.length).toBeLessThanOrEqual(400);
      pages.push(...lines);
      next = /--continue (\S+)/.exec(err)?.[1];
    } while (next !== undefined);
    expect(pages.sort()).toEqual([...all.lines].sort());
  }, 120_000);

  it("asks as who the real API says it is, for what that API allows", async () => {
    const root = new Kubectl(KUBECTL, rootPlane.kubeconfig);
    const entry = await root.ok(
      ...["get", "cm", "ote-entry", "-n", "kube-system", "-o", "jsonpath={.data.url}"],
    );
    await root.ok("create", "serviceaccount", "ann", "-n", "kube-system");
    const made = await root.ok(
      ...[
        "create",
        "--raw",
        "/api/v1/namespaces/kube-system/serviceaccounts/ann/token",
        "-f",
        await tokenRequest(),
      ],
    );
    const { token } = JSON.parse(made).status;
    const ask = async () => {
      const ca = await root.ok(
        ...["get", "cm", "ote-entry", "-n", "kube-system", "-o", "jsonpath={.data.ca\\.crt}"],
      );
      return asking(`${entry}/api/v1/query?clusters=*&resource=cm`, ca, token);
    };
    expect((await ask()).summary).toMatchObject({ asked: 0 });
    await root.ok(
      ...["create", "role", "to-real", "-n", "kube-system", "--verb=get"],
      ...["--resource=clusters.ote.baidu.com/proxy", "--resource-name=real"],
    );
    await root.ok(
      ...["create", "rolebinding", "ann", "-n", "kube-system", "--role=to-real"],
      "--serviceaccount=kube-system:ann",
    );
    await expect.poll(ask, { timeout: 60_000, interval: 500 }).toMatchObject({
      summary: { asked: 1 },
      failures: [
        {
          cluster: "real",
          reason: "Forbidden",
          message: expect.stringContaining(
            'User "system:serviceaccount:kube-system:ann" cannot list',
          ),
        },
      ],
    });
    const as = ["--as", "system:serviceaccount:kube-system:ann"];
    const mine = await otectl.get("cm", "--clusters", "*", ...as);
    expect(mine.err).toMatch(
      /^real: Forbidden: .*User "system:serviceaccount:kube-system:ann" cannot list/,
    );
    const groups = ["--as-group", "system:masters", "--as-group", "ops"];
    const more = await otectl.get("cm", "-n", "shop", "--clusters", "real", ...as, ...groups);
    expect([more.code, more.err]).toEqual([0, ""]);
  }, 120_000);

  async function tokenRequest(): Promise<string> {
    const file = `${tree.folder}/token.json`;
    const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    await writeFile(file, JSON.stringify(asked));
    return file;
  }
});

async function asking(url: string, ca: string, token: string) {
  const client = request(url, { ca, agent: false, headers: { authorization: `Bearer ${token}` } });
  client.end();
  const [response] = await once(client, "response");
  let text = "";
  for await (const piece of response) text += String(piece);
  return JSON.parse(text);
}
