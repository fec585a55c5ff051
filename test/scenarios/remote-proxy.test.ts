import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { treeKubeconfig } from "../../pkg/kube/tree-kubeconfig.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { NodeProgram } from "../support/node-program.ts";
import { ProcessTree } from "../support/process-tree.ts";
import { freePort } from "../support/program.ts";

if (KUBECTLS.length === 0)
  process.stderr.write("skipped: kubectl through a remote shim: no kubectl is found\n");

const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: {name: made, namespace: default}
data: {a: "1"}
`;
/** A raw path is put behind the server's name, without the path of the kubeconfig. */
const CONFIG_MAPS = "/clusters/shop/api/v1/namespaces/default/configmaps";
/** Objects of almost a mebibyte: a list of them is a long answer. */
const LARGE = 12;
const LARGE_BYTES = 900_000;

/** The root has these to the cluster all the time: for reports, and for what goes down. */
const OWN_STREAMS = 2;

/** A kubectl that goes on until it is ended. */
class LongKubectl {
  readonly #child;
  readonly ended: Promise<{ code: number | null }>;
  out = "";
  err = "";

  constructor(program: string, kubeconfig: string, ...args: string[]) {
    const env = { PATH: process.env.PATH, HOME: "/nonexistent", KUBECONFIG: kubeconfig };
    this.#child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout.on("data", (text) => {
      this.out += String(text);
    });
    this.#child.stderr.on("data", (text) => {
      this.err += String(text);
    });
    this.ended = once(this.#child, "close").then(([code]) => ({ code }));
  }

  shows(text: string): Promise<true> {
    return eventually(`kubectl shows ${text}`, () => this.out.includes(text) || undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

describe.skipIf(KUBECTLS.length === 0).each(["k8s-cluster-shim", "k3s-cluster-shim"])(
  "kubectl through the tree to a cluster behind a %s of its own",
  (shimProgram) => {
    const [program = ""] = KUBECTLS;
    let tree: ProcessTree;
    let api: NodeProgram;
    let shim: NodeProgram;
    let kubeconfig = "";
    let endpoint = "";

    beforeAll(async () => {
      endpoint = `127.0.0.1:${await freePort()}`;
      tree = await ProcessTree.start({
        root: {},
        region: { parent: "root" },
        shop: { parent: "region", flags: ["--remote-shim-endpoint", endpoint] },
      });
      kubeconfig = join(tree.folder, "cluster.kubeconfig");
      const dataDir = join(tree.folder, "cluster");
      const listen = `127.0.0.1:${await freePort()}`;
      api = new NodeProgram("embedded-apiserver", [
        ...["--listen", listen, "--data-dir", dataDir, "--kube-config", kubeconfig],
        ...["--health-listen", "127.0.0.1:0"],
      ]);
      await api.says("ready");
      launchShim();
      await connected();
      await eventually("the tree's own streams are there", async () => (await streams()) === 0);
    });
    afterAll(async () => {
      await tree?.[Symbol.asyncDispose]();
      await shim?.kill();
      await api?.kill();
    });

    function launchShim(): void {
      shim = new NodeProgram(shimProgram, [
        ...["--listen", endpoint, "--kube-config", kubeconfig],
        ...["--health-listen", "127.0.0.1:0", "--heartbeat-interval", "1"],
      ]);
    }

    /** Resolves when the present shim and the controller have each other. */
    async function connected(): Promise<void> {
      await shim.says("cluster controller connected");
      await eventually("the controller has its shim", () => {
        const words = tree.program("shop").log.map(({ msg }) => msg);
        return words.lastIndexOf("shim connected") > words.lastIndexOf("shim lost");
      });
    }

    function through(): string {
      const file = tree.kubeconfig("root");
      const path = join(tree.folder, "to-shop.kubeconfig");
      writeFileSync(path, treeKubeconfig(readFileSync(file, "utf8"), "shop", file), {
        mode: 0o600,
      });
      return path;
    }
    const direct = () => new Kubectl(program, kubeconfig);
    const far = () => new Kubectl(program, through());

    /** Streams that are open in the controller beside those. */
    const streams = async () => (await tree.metric("shop", "ote_streams")) - OWN_STREAMS;

    it("shows the same as at the cluster", async () => {
      for (const args of [
        ["get", "namespaces", "-o", "name"],
        ["api-resources", "-o", "name"],
        ["explain", "deployments.spec.template"],
      ])
        expect(await far().ok(...args)).toBe(await direct().ok(...args));
    });

    it("applies, changes and deletes", async () => {
      const file = join(tree.folder, "made.yaml");
      writeFileSync(file, MANIFEST);
      await far().ok("apply", "-f", file);
      await far().ok("apply", "--server-side", "--force-conflicts", "-f", file);
      await far().ok("label", "cm", "made", "-n", "default", "x=y");
      const label = ["get", "cm", "made", "-n", "default", "-o", "jsonpath={.metadata.labels.x}"];
      expect(await direct().ok(...label)).toBe("y");
      await far().ok("delete", "-f", file, "--wait=true");
      expect((await direct().run("get", "cm", "made", "-n", "default")).err).toContain("NotFound");
    });

    it("acts as who asks, and the shim keeps an account of it", async () => {
      const root = new Kubectl(program, tree.kubeconfig("root"));
      const role = ["--verb=get", "--resource=clusters.ote.baidu.com/proxy"];
      await root.ok("create", "clusterrole", "to-shop", ...role, "--resource-name=shop");
      await root.ok("create", "clusterrolebinding", "a", "--clusterrole=to-shop", "--user=alice");
      const refused = await far().run("get", "secrets", "-n", "default", "--as", "alice");
      expect(refused.err).toContain('User "alice" cannot list resource "secrets"');
      const path = "/api/v1/namespaces/default/secrets";
      const line = await shim.says("request", { user: "alice", path });
      expect(line).toMatchObject({ method: "GET", status: 403, level: "info" });
    });

    it("sees what changes as it changes, and a client that leaves is missed nowhere", async () => {
      await direct().ok("create", "cm", "before", "-n", "default");
      {
        await using watch = new LongKubectl(
          program,
          through(),
          "get",
          "cm",
          "-n",
          "default",
          "-w",
          "-o",
          "name",
        );
        await watch.shows("before");
        await direct().ok("create", "cm", "watched", "-n", "default");
        await watch.shows("watched");
        await eventually("the stream is counted", async () => (await streams()) > 0);
      }
      await eventually("no stream is left", async () => (await streams()) <= 0);
      await direct().ok("delete", "cm", "before", "watched", "-n", "default");
    });

    it("brings long answers whole", async () => {
      const value = "x".repeat(LARGE_BYTES);
      for (let index = 0; index < LARGE; index++) {
        const file = join(tree.folder, "large.json");
        const metadata = { name: `large-${index}` };
        const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value } };
        writeFileSync(file, JSON.stringify(object));
        await direct().ok("create", "-n", "default", "-f", file);
      }
      const list = async (kubectl: LongKubectl) => {
        expect((await kubectl.ended).code).toBe(0);
        return JSON.parse(kubectl.out).items.length;
      };
      const all = Array.from(
        { length: 4 },
        () => new LongKubectl(program, through(), "get", "--raw", CONFIG_MAPS),
      );
      expect(await Promise.all(all.map(list))).toEqual(Array.from(all, () => LARGE));
      expect(all[0]?.out.length).toBeGreaterThan(LARGE * LARGE_BYTES);
    });

    it.each(["SIGKILL", "SIGTERM"] as const)(
      "ends with an error when the shim gets %s meanwhile, and works again when it is back",
      async (signal) => {
        const watchPath = `${CONFIG_MAPS}?watch=1`;
        await using watch = new LongKubectl(program, through(), "get", "--raw", watchPath);
        await watch.shows("large-0");
        shim.signal(signal);
        await shim.ended;
        expect((await watch.ended).code).not.toBe(0);
        const refused = await far().run("get", "ns", "--request-timeout=60s");
        expect(refused.code).not.toBe(0);
        expect(refused.err).toContain("SHIM_UNREACHABLE");
        expect(tree.program("shop").running).toBe(true);
        launchShim();
        await connected();
        expect(await far().ok("get", "ns", "-o", "name")).toBe(
          await direct().ok("get", "ns", "-o", "name"),
        );
        await eventually("no stream is left", async () => (await streams()) <= 0);
        const lines = [...tree.program("shop").log, ...tree.program("region").log];
        expect(lines.filter(({ level }) => level === "error")).toEqual([]);
      },
    );

    it("ends with an error when the controller is killed meanwhile, and works with the next one", async () => {
      const watchPath = `${CONFIG_MAPS}?watch=1&resourceVersion=0`;
      await using watch = new LongKubectl(program, through(), "get", "--raw", watchPath);
      await watch.shows("large-0");
      await tree.program("shop").kill();
      expect((await watch.ended).code).not.toBe(0);
      tree.launch("shop");
      await tree.online("shop");
      await connected();
      await far().ok("get", "ns");
    });
  },
);
