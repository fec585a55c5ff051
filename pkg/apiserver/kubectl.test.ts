import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OTE_CRDS } from "../apis/crds.ts";
import { silentLog } from "../base/log.ts";
import { noMetrics } from "../base/metrics.ts";
import { temporaryDirectory } from "../base/temporary-directory.ts";
import { EmbeddedApi } from "./embedded-api.ts";

/** Every kubectl that can be found: the one on PATH, and those that OTE_TEST_KUBECTLS names. */
const KUBECTLS = ["kubectl", ...(process.env.OTE_TEST_KUBECTLS ?? "").split(":")].filter(isThere);

function isThere(kubectl: string): boolean {
  if (kubectl === "") return false;
  try {
    execFileSync(kubectl, ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe.skipIf(KUBECTLS.length > 0)("kubectl", () => {
  it.skip("was not found on PATH nor in OTE_TEST_KUBECTLS", () => {});
});

describe.each(KUBECTLS)("%s", (kubectl) => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let api: EmbeddedApi;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    const dataDir = join(directory.path, "data");
    const options = { name: "test", dataDir, listen: "127.0.0.1:0", crds: OTE_CRDS };
    api = await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
    const config = join(directory.path, "kubeconfig");
    await api.writeKubeconfig(config);
    const editor = join(directory.path, "editor.sh");
    await writeFile(editor, '#!/bin/sh\nsed -i "s/before-edit/after-edit/" "$1"\n');
    await chmod(editor, 0o755);
    env = { ...process.env, KUBECONFIG: config, HOME: directory.path, KUBE_EDITOR: editor };
  });

  afterAll(async () => {
    await api?.[Symbol.asyncDispose]();
    await directory?.[Symbol.asyncDispose]();
  });

  function run(line: string, input?: object | string): Promise<Ended> {
    return new Promise((resolve) => {
      const process = execFile(kubectl, words(line), { env, timeout: 60_000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
      );
      process.stdin?.end(typeof input === "string" ? input : JSON.stringify(input ?? ""));
    });
  }

  /** Starts a command; resolves when it watches, to what gives its end. */
  async function waits(line: string): Promise<() => Promise<{ code: number | null; out: string }>> {
    const child = spawn(kubectl, [...words(line), "-v=6"], { env });
    let [out, told] = ["", ""];
    child.stdout.on("data", (text) => {
      out += text;
    });
    child.stderr.on("data", (text) => {
      told += text;
    });
    const ended = once(child, "close").then(([code]) => ({ code, out }));
    await expect.poll(() => told).toMatch(/watch=true.*200 OK/);
    return () => ended;
  }

  /** The output of a command that must succeed. */
  async function ok(line: string, input?: object | string): Promise<string> {
    const { code, out, err } = await run(line, input);
    expect({ line, code, err: code === 0 ? "" : err }).toEqual({ line, code: 0, err: "" });
    return out.trim();
  }

  /** The complaint of a command that must fail. */
  async function fails(line: string, input?: object | string): Promise<string> {
    const { code, out, err } = await run(line, input);
    expect({ line, failed: code !== 0, out }).toMatchObject({ line, failed: true });
    return err.trim();
  }

  const cluster = (name: string, more: object = {}) => ({
    apiVersion: "ote.baidu.com/v1",
    kind: "Cluster",
    metadata: { name, ...more },
    spec: { name },
  });
  const configMap = (name: string, data: object) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data,
  });
  const container = (name: string, image: string) => ({ name, image });
  const deployment = (name: string, ...containers: object[]) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  });

  it("says what it serves", async () => {
    expect(await ok("version")).toContain("v1.33.0+ote");
    expect(await ok("api-versions")).toContain("ote.baidu.com/v1");
    expect(await ok("api-resources")).toMatch(/clusters +cs +ote.baidu.com\/v1 +true +Cluster/);
    expect(await ok("api-resources --api-group=ote.baidu.com -o name")).toContain("edgenodes");
    expect(await ok("get --raw /readyz")).toBe("ok");
    expect(JSON.parse(await ok("get --raw /apis/ote.baidu.com"))).toMatchObject({
      kind: "APIGroup",
    });
    expect(await ok("auth can-i delete clusters")).toBe("yes");
    expect(await ok("get namespaces -o name")).toBe(
      ["default", "kube-node-lease", "kube-public", "kube-system"]
        .map((n) => `namespace/${n}`)
        .join("\n"),
    );
  });

  it("gets an object in every form", async () => {
    await ok("create -f -", cluster("forms", { labels: { tier: "edge" } }));
    await ok("proxy --help");
    expect(await ok("get cs")).toMatch(/^NAME +STATUS +PARENT +NODES +TAGS +PATH +AGE\nforms /);
    expect(await ok("get cs forms -o wide")).toContain("PREFERRED-PARENT");
    expect(await ok("get clusters.ote.baidu.com/forms -o jsonpath={.spec.name}")).toBe("forms");
    expect(JSON.parse(await ok("get cs forms -o json"))).toMatchObject(cluster("forms"));
    expect(await ok("get cs -l tier=edge -o yaml")).toContain("kind: List");
    expect(await ok("get cs -l tier!=edge -o name")).toBe("");
    expect(await ok("get cs -A --field-selector metadata.name=forms -o name")).toBe(
      "cluster.ote.baidu.com/forms",
    );
    expect(await ok("get cs -o custom-columns=N:.metadata.name --no-headers")).toBe("forms");
    expect(await ok("get cs --show-labels")).toContain("tier=edge");
    expect(await ok("describe cs forms")).toMatch(/Name: +forms[\s\S]*Kind: +Cluster/);
    expect(await fails("get cs missing")).toContain('clusters.ote.baidu.com "missing" not found');
    expect(await fails("create -f -", cluster("forms"))).toContain("already exists");
  });

  it("pages through a long list", async () => {
    const many = Array.from({ length: 25 }, (_, i) => configMap(`page-${i}`, { i: String(i) }));
    await ok("create namespace pages");
    await ok("create -n pages -f -", { apiVersion: "v1", kind: "List", items: many });
    expect((await ok("get cm -n pages --chunk-size=10 -o name")).split("\n").length).toBe(25);
    expect((await ok("get cm -n pages --chunk-size=10")).split("\n").length).toBe(26);
    await ok("delete cm -n pages --all");
    expect(await ok("get cm -n pages -o name")).toBe("");
  });

  it.each([
    [
      "configmap",
      configMap("applied", { a: "1", b: "2" }),
      configMap("applied", { a: "1", c: "3" }),
      "{.data}",
    ],
    [
      "deployment",
      deployment("applied", container("one", "i:1"), container("two", "i:1")),
      deployment("applied", container("one", "i:2"), container("three", "i:1")),
      "{.spec.template.spec.containers}",
    ],
    [
      "cluster",
      cluster("applied", { labels: { a: "1", b: "2" } }),
      cluster("applied", { labels: { a: "2" } }),
      "{.metadata.labels}",
    ],
  ])("applies a %s, again and changed", async (kind, first, second, path) => {
    expect(await ok("apply -f -", first)).toMatch(/created$/);
    expect(await ok("apply -f -", first)).toMatch(/unchanged$/);
    expect((await run("diff -f -", second)).code).toBe(1);
    expect(await ok("apply -f -", second)).toMatch(/configured$/);
    expect((await run("diff -f -", second)).code).toBe(0);
    const shown = JSON.parse(await ok(`get ${kind} applied -o json`));
    const wanted = await ok("create --dry-run=client -o json -f -", second);
    const pick = (object: unknown) =>
      path
        .slice(2, -1)
        .split(".")
        .reduce((at, f) => (at as never)[f], object);
    // The server completes containers; none may be missing or left over.
    const plain = (found: unknown) =>
      Array.isArray(found) ? found.map(({ name, image }) => [name, image]) : found;
    expect(plain(pick(shown))).toEqual(plain(pick(JSON.parse(wanted))));
    expect(await ok(`delete ${kind} applied`)).toContain("deleted");
  });

  it("applies on the server, minds other managers, and takes over when told to", async () => {
    const apply = (manager: string) => `apply --server-side --field-manager=${manager} -f -`;
    await ok(apply("one"), configMap("ssa", { a: "1", b: "1" }));
    await ok(apply("two"), configMap("ssa", { c: "1" }));
    expect(await fails(apply("two"), configMap("ssa", { b: "2" }))).toContain(
      'conflict with "one"',
    );
    await ok(`${apply("two")} --force-conflicts`, configMap("ssa", { b: "2" }));
    await ok(apply("one"), configMap("ssa", { a: "1" }));
    expect(await ok("get cm ssa -o jsonpath={.data}")).toBe('{"a":"1","b":"2"}');
    await ok('patch cm ssa --type=merge -p {"data":{"a":"9"}}');
    expect(await fails(apply("one"), configMap("ssa", { a: "1" }))).toContain("conflict with");
  });

  it("goes over from client-side to server-side apply", async () => {
    await ok("apply -f -", configMap("moved", { a: "1", b: "1" }));
    await ok("apply --server-side -f -", configMap("moved", { a: "2" }));
    await ok("apply --server-side -f -", configMap("moved", { a: "3" }));
    expect(await ok("get cm moved -o jsonpath={.data.a}")).toBe("3");
  });

  it("refuses fields that the kind does not have", async () => {
    const wrong = { ...cluster("wrong"), spec: { name: "wrong", nmae: "x" } };
    expect(await fails("apply -f -", wrong)).toMatch(/unknown field "?(spec\.)?nmae/);
    await ok("apply --validate=false -f -", wrong);
    expect(await ok("get cs wrong -o jsonpath={.spec}")).toBe('{"name":"wrong"}');
    const bad = { ...cluster("bad"), spec: { name: 1 } };
    expect(await fails("create --validate=false -f -", bad)).toContain(
      'The Cluster "bad" is invalid: spec.name: Invalid value: "integer": spec.name in body must be of type string: "integer"',
    );
  });

  it("patches in three notations", async () => {
    await ok(
      "create -f -",
      deployment("patched", container("one", "i:1"), container("two", "i:1")),
    );
    const images = "get deploy patched -o jsonpath={.spec.template.spec.containers[*].image}";
    const strategic = {
      spec: { template: { spec: { containers: [{ name: "two", image: "i:2" }] } } },
    };
    await ok(`patch deploy patched -p ${JSON.stringify(strategic)}`);
    expect(await ok(images)).toBe("i:1 i:2");
    await ok('patch deploy patched --type=merge -p {"spec":{"replicas":5}}');
    const image = "/spec/template/spec/containers/0/image";
    await ok(
      `patch deploy patched --type=json -p [{"op":"replace","path":"${image}","value":"i:3"}]`,
    );
    expect(await ok(images)).toBe("i:3 i:2");
    expect(await ok("get deploy patched -o jsonpath={.spec.replicas}:{.metadata.generation}")).toBe(
      "5:4",
    );
    await ok("create -f -", cluster("patched"));
    expect(await fails('patch cs patched -p {"spec":{"name":"x"}}')).toContain("unknown format");
  });

  it("edits, replaces, labels, annotates and scales", async () => {
    await ok("create -f -", configMap("edited", { text: "before-edit" }));
    expect(await ok("edit cm edited")).toContain("edited");
    expect(await ok("get cm edited -o jsonpath={.data.text}")).toBe("after-edit");
    await ok("create -f -", cluster("edited", { annotations: { note: "before-edit" } }));
    expect(await ok("edit cs edited")).toContain("edited");
    await ok("replace -f -", cluster("edited", { labels: { a: "1" } }));
    await ok("label cs edited b=2 a-");
    await ok("annotate cs edited note=hello");
    expect(await ok("get cs edited -o jsonpath={.metadata.labels}{.metadata.annotations}")).toBe(
      '{"b":"2"}{"note":"hello"}',
    );
    await ok("create -f -", deployment("scaled", container("one", "i:1")));
    await ok("scale deploy scaled --replicas=7");
    expect(await ok("get deploy scaled -o jsonpath={.spec.replicas}")).toBe("7");
    expect(await fails("scale deploy scaled --current-replicas=3 --replicas=1")).toContain("7");
  });

  it("generates namespaces, configmaps, secrets, service accounts and deployments", async () => {
    await ok("create namespace made");
    await ok("create configmap made -n made --from-literal=a=b");
    await ok("create secret generic made -n made --from-literal=a=b");
    await ok("create serviceaccount made -n made");
    await ok("create deployment made -n made --image=i:1");
    expect(await ok("get secret made -n made -o jsonpath={.data.a}{.type}")).toBe("Yg==Opaque");
    expect(await ok("get cm,secret,sa -n made -o name")).toBe(
      "configmap/made\nsecret/made\nserviceaccount/made",
    );
    expect(await ok("get all -n made -o name")).toBe("deployment.apps/made");
    expect(await ok("describe ns made")).toContain("Active");
    await ok("delete namespace made");
    expect(await fails("get ns made")).toContain('namespaces "made" not found');
    expect(await fails("create configmap x -n made --from-literal=a=b")).toContain(
      'namespaces "made" not found',
    );
    expect(await fails("delete namespace kube-system")).toContain("forbidden");
  });

  it("explains every level of a kind", async () => {
    expect(await ok("explain cs")).toContain("One managed cluster of the tree");
    expect(await ok("explain ccs.status.summary.done")).toContain("integer");
    expect(await ok("explain cs --recursive")).toContain("preferredParent");
    expect(await ok("explain cm.metadata.labels")).toContain("map[string]string");
  });

  it("watches, and waits for conditions and for the end", async () => {
    const task = {
      apiVersion: "ote.baidu.com/v1",
      kind: "ClusterController",
      metadata: { name: "task" },
      spec: { clusterSelector: "a", destination: "api", method: "GET", url: "/" },
    };
    await ok("create -f -", task);
    const watching = spawn(kubectl, words("get ccs -w --output-watch-events"), { env });
    let seen = "";
    watching.stdout.on("data", (text) => {
      seen += text;
    });
    await expect.poll(() => seen).toContain("ADDED");
    const met = await waits("wait --for=condition=Completed ccs/task --timeout=60s");
    const conditions = [{ type: "Completed", status: "True" }];
    const status = JSON.parse(await ok("get ccs task -o json"));
    await api.transport.request(
      {
        method: "PUT",
        path: `${status.metadata.selfLink ?? "/apis/ote.baidu.com/v1/namespaces/kube-system/clustercontrollers/task"}/status`,
        body: JSON.stringify({ ...status, status: { phase: "Completed", conditions } }),
      },
      AbortSignal.timeout(60_000),
    );
    expect(await met()).toMatchObject({ code: 0, out: expect.stringContaining("condition met") });
    const gone = await waits("wait --for=delete ccs/task --timeout=60s");
    await ok("delete ccs task");
    expect(await gone()).toMatchObject({ code: 0 });
    await expect.poll(() => seen).toMatch(/MODIFIED +task[\s\S]*Completed[\s\S]*DELETED/);
    watching.kill();
    await once(watching, "exit");
  });

  it("serves a kind as soon as it is defined, and no more when it is not", async () => {
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.test.example.com" },
      spec: {
        group: "test.example.com",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget", shortNames: ["wd"] },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: {
                    type: "object",
                    properties: {
                      size: { type: "integer", default: 3, minimum: 1 },
                      port: { "x-kubernetes-int-or-string": true },
                    },
                  },
                },
              },
            },
            additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
          },
        ],
      },
    };
    const widget = {
      apiVersion: "test.example.com/v1",
      kind: "Widget",
      metadata: { name: "w" },
      spec: { port: "http" },
    };
    await ok("apply -f -", definition);
    await ok("wait --for=condition=Established crd/widgets.test.example.com");
    await ok("apply -f -", widget);
    expect(await ok("get wd --no-headers")).toMatch(/^w +3$/);
    expect(await fails("apply -f -", { ...widget, spec: { size: 0 } })).toContain(
      "spec.size in body should be greater than or equal to 1",
    );
    expect(await ok("get crd widgets.test.example.com -o name")).toContain("widgets");
    await ok("delete crd widgets.test.example.com");
    expect(await fails("get --raw /apis/test.example.com/v1/widgets")).toContain(
      "could not find the requested resource",
    );
  });
});

/** The words of a command line; JSON in it has no spaces. */
function words(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}
