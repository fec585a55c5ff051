import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Components, HOLLOW_NODE, missingComponents } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { NodeProgram } from "../support/node-program.ts";

const [KUBECTL = ""] = KUBECTLS;
const IS_LONG = process.env.OTE_TEST_LONG === "1";
const MISSING = missingComponents() || (KUBECTL === "" ? "there is no kubectl" : "");
const SUITE = "the parts of a real cluster on the embedded API";
if (MISSING !== "") process.stderr.write(`skipped: ${SUITE}: ${MISSING}\n`);
if (!IS_LONG) process.stderr.write(`skipped: ${SUITE}, ten minutes of it: OTE_TEST_LONG=1\n`);

/** What components say of an API that does not serve what they need; what comes too late for a namespace is nobody's fault. */
const COMPLAINTS =
  /^[EF]\d(?!.*(?:Server rejected event|is being terminated)).*(requested resource|unsupported media|\b(?:406|415)\b|unable to decode|no kind|Failed to watch|is forbidden|Unauthorized|Internal error)/i;

describe.skipIf(MISSING !== "")(SUITE, () => {
  const folder = mkdtempSync(join(tmpdir(), "embedded-cluster-"));
  const kubeconfig = join(folder, "admin.kubeconfig");
  const kubectl = new Kubectl(KUBECTL, kubeconfig);
  let api: NodeProgram;
  let components: Components;

  beforeAll(async () => {
    const data = join(folder, "data");
    api = new NodeProgram("embedded-apiserver", [
      ...["--listen", "127.0.0.1:0", "--data-dir", data, "--kube-config", kubeconfig],
    ]);
    const { url } = await api.says("embedded API is up");
    components = await Components.start(String(url), join(data, "pki"));
    await kubectl.ok("create", "namespace", "shop");
    await eventually("the node is there", async () => (await names("node")).length === 1);
  });
  afterAll(async () => {
    await components?.[Symbol.asyncDispose]();
    await api?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const names = async (...what: string[]) =>
    (await kubectl.ok("get", ...what, "-o", "name")).split("\n").filter(Boolean);
  const shop = (...args: string[]) => kubectl.ok("-n", "shop", ...args);
  const field = (what: string, path: string, namespace = "shop") =>
    kubectl.ok("-n", namespace, "get", what, "-o", `jsonpath={${path}}`);
  const rolledOut = (what: string) => shop("rollout", "status", what, "--timeout=100s");
  const images = async () =>
    new Set((await field("pods", ".items[*].spec.containers[0].image")).split(" "));
  const gone = (...what: string[]) =>
    eventually(`${what} is gone`, async () => (await names("-n", "shop", ...what)).length === 0);

  it("has a node that is ready and renews its lease", async () => {
    await kubectl.ok("wait", "--for=condition=Ready", `node/${HOLLOW_NODE}`, "--timeout=100s");
    const renewed = () => field(`lease/${HOLLOW_NODE}`, ".spec.renewTime", "kube-node-lease");
    const first = await eventually("the lease is there", renewed);
    await eventually("the lease is renewed", async () => (await renewed()) > first, 50_000);
  }, 120_000);

  it("rolls out a Deployment, scales it, changes its image and goes back", async () => {
    await shop("create", "deployment", "web", "--image=web:1", "--replicas=3");
    await rolledOut("deployment/web");
    expect(await names("-n", "shop", "pods", "-l", "app=web")).toHaveLength(3);
    await shop("scale", "deployment/web", "--replicas=5");
    await rolledOut("deployment/web");
    expect(await field("deployment/web", ".status.readyReplicas")).toBe("5");
    await shop("scale", "deployment/web", "--replicas=2");
    await shop("set", "image", "deployment/web", "web=web:2");
    await rolledOut("deployment/web");
    await eventually("only new pods", async () => String([...(await images())]) === "web:2");
    await shop("rollout", "undo", "deployment/web");
    await rolledOut("deployment/web");
    await eventually("only old pods", async () => String([...(await images())]) === "web:1");
    expect(await names("-n", "shop", "replicasets")).toHaveLength(2);
  }, 120_000);

  it("gives a Service an address and the addresses of its pods", async () => {
    await shop("expose", "deployment/web", "--port=80");
    expect(await field("service/web", ".spec.clusterIP")).toMatch(/^10\.96\./);
    const ready = async () =>
      (await field("endpoints/web", ".subsets[*].addresses[*].ip")).split(" ").filter(Boolean);
    const pods = (await field("pods", ".items[*].status.podIP")).split(" ");
    await eventually("two endpoints", async () => (await ready()).length === 2);
    expect(new Set(await ready())).toEqual(new Set(pods));
    const slices = await names(
      "-n",
      "shop",
      "endpointslices",
      "-l",
      "kubernetes.io/service-name=web",
    );
    expect(slices).toHaveLength(1);
    await shop("scale", "deployment/web", "--replicas=1");
    await eventually("one endpoint", async () => (await ready()).length === 1);
  });

  it("lets nobody evict more pods than a budget allows", async () => {
    await shop("scale", "deployment/web", "--replicas=2");
    await rolledOut("deployment/web");
    await shop("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=2");
    await eventually("the budget is counted", async () => {
      return (await field("poddisruptionbudget/web", ".status.currentHealthy")) === "2";
    });
    const drain = ["drain", HOLLOW_NODE, "--ignore-daemonsets", "--force", "--timeout=4s"];
    const { err } = await kubectl.run(...drain);
    await kubectl.ok("uncordon", HOLLOW_NODE);
    expect(err).toContain("violate the pod's disruption budget");
    expect(await field("deployment/web", ".status.readyReplicas")).toBe("2");
    await shop("delete", "poddisruptionbudget/web");
  });

  it("signs a request for a certificate when it is approved", async () => {
    const request = join(folder, "request.json");
    await writeFile(request, JSON.stringify(SIGNING_REQUEST));
    await kubectl.ok("create", "-f", request);
    await kubectl.ok("certificate", "approve", "anna");
    const certificate = await eventually("the certificate", () =>
      field("certificatesigningrequest/anna", ".status.certificate"),
    );
    expect(new X509Certificate(Buffer.from(certificate, "base64")).subject).toBe("CN=anna");
    const [row] = await kubectl.table("get", "certificatesigningrequests");
    expect(row).toMatchObject({ REQUESTOR: "kubernetes-admin", CONDITION: "Approved,Issued" });
  });

  it("starts the pods of a Job, a CronJob's Job, a DaemonSet and a StatefulSet", async () => {
    await shop("create", "job", "once", "--image=job:1");
    await shop("create", "cronjob", "often", "--image=job:2", "--schedule=0 0 29 2 *");
    await shop("create", "job", "by-hand", "--from=cronjob/often");
    const file = join(folder, "workloads.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: WORKLOADS }));
    await shop("apply", "-f", file);
    await rolledOut("daemonset/everywhere");
    await rolledOut("statefulset/named");
    await eventually("the pods of the jobs", async () => {
      const active = await field("jobs", ".items[*].status.active");
      return active === "1 1";
    });
    expect(await field("pods", '.items[?(@.metadata.labels.app=="named")].metadata.name')).toBe(
      "named-0 named-1",
    );
  });

  it("collects what a Deployment owned, in each of the three ways", async () => {
    const own = ["-l", "app=short"];
    const make = async () => {
      await shop("create", "deployment", "short", "--image=short:1");
      await rolledOut("deployment/short");
    };
    await make();
    await shop("delete", "deployment/short", "--cascade=background");
    await gone("replicasets,pods", ...own);
    await make();
    await shop("delete", "deployment/short", "--cascade=foreground", "--timeout=100s");
    expect(await names("-n", "shop", "replicasets,pods", ...own)).toEqual([]);
    await make();
    await shop("delete", "deployment/short", "--cascade=orphan");
    await eventually("nobody owns the ReplicaSet", async () => {
      return (
        (await field(
          "replicasets",
          `.items[?(@.metadata.labels.app=="short")].metadata.ownerReferences`,
        )) === ""
      );
    });
    expect(await names("-n", "shop", "replicasets,pods", ...own)).toHaveLength(2);
    await shop("delete", "replicasets", ...own);
    await gone("pods", ...own);
  }, 120_000);

  it("ends everything in a namespace with the namespace", async () => {
    await kubectl.ok("delete", "namespace", "shop", "--timeout=100s");
    for (const kind of ["pods", "deployments", "replicasets", "services", "endpoints", "jobs"])
      expect(await names("-n", "shop", kind)).toEqual([]);
    expect(await names("namespaces")).not.toContain("namespace/shop");
  });

  it.runIf(IS_LONG)(
    "keeps the node ready for ten minutes",
    async () => {
      for (const end = Date.now() + 600_000; Date.now() < end; await sleep(5_000)) {
        components.check();
        const ready = `.status.conditions[?(@.type=="Ready")].status`;
        expect(await field(`node/${HOLLOW_NODE}`, ready)).toBe("True");
      }
    },
    660_000,
  );

  it("leaves nobody with anything to complain about", () => {
    components.check();
    expect(components.log(COMPLAINTS)).toEqual([]);
    expect(api.log.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });
});

const containers = [{ name: "main", image: "main:1" }];

/** From somebody called "anna", whose key nobody has. */
const SIGNING_REQUEST = {
  apiVersion: "certificates.k8s.io/v1",
  kind: "CertificateSigningRequest",
  metadata: { name: "anna" },
  spec: {
    signerName: "kubernetes.io/kube-apiserver-client",
    usages: ["client auth"],
    request: [
      "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISk1IRUNBUUF3RHpFTk1Bc0dBMVVFQXd3RVlX",
      "NXVZVEJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSApBMElBQkZ3UFh3MTQwditqcmRTdG9YcGtqY0NhN1c1",
      "TXhycFUrWXppWWZCb3RUMkxzdWEvQ1Z4MEV1T3JSUXcvCnp3OE5USXhhSGJqV0kxejBwcW5qdFpRSUpxK2dBREFL",
      "QmdncWhrak9QUVFEQWdOSUFEQkZBaUFnUWF4aWxxK0kKOTlNbm03ZEwxSmtLS01aSXc3eWgrSHBmUlVtclU3VFYx",
      "d0loQUxZQmxoRk5VbVlRWU9wRmVlRGRiNHYvRkI0egpMTjNHdDRSQU9qU3c3SWdsCi0tLS0tRU5EIENFUlRJRklD",
      "QVRFIFJFUVVFU1QtLS0tLQo=",
    ].join(""),
  },
};

/** Two kinds that kubectl has no command for. */
const WORKLOADS = [
  { kind: "DaemonSet", name: "everywhere", spec: {} },
  { kind: "StatefulSet", name: "named", spec: { replicas: 2, serviceName: "named" } },
].map(({ kind, name, spec }) => ({
  ...{ apiVersion: "apps/v1", kind, metadata: { name } },
  spec: {
    ...spec,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers } },
  },
}));
