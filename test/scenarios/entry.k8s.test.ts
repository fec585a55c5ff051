import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { ControlPlane, describeWithControlPlane } from "../support/control-plane.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl, minorOf } from "../support/kubectl.ts";
import { KubectlTalk, PodWorld } from "../support/pod-world.ts";
import { freePort } from "../support/program.ts";

const OTECTL = fileURLToPath(new URL("../../cmd/otectl.ts", import.meta.url));
const PROGRAMS = KUBECTLS.map((program) => [`1.${minorOf(program)}`, program] as const);
const PODS = "/api/v1/namespaces/default/pods";
/** How long an answer about a caller counts. */
const REMEMBERED_MS = 10_000;

if (PROGRAMS.length === 0)
  process.stderr.write("skipped: kubectl through an entry: no kubectl is found\n");

describeWithControlPlane("an entry beside a real kube-apiserver", (plane) => {
  let rootPlane: ControlPlane;
  let world: PodWorld;
  let admin: Kubectl;
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let auditFile: string;

  beforeAll(async () => {
    rootPlane = await ControlPlane.start({ etcdOf: plane() });
    folder = await temporaryDirectory();
    auditFile = join(folder.path, "audit.log");
    const flags = ["--entry-listen", `127.0.0.1:${await freePort()}`];
    world = await PodWorld.start(plane(), {
      root: {
        kubeconfig: rootPlane.kubeconfig,
        flags: [...flags, "--entry-audit-log", auditFile],
      },
    });
    admin = new Kubectl(KUBECTLS[0] ?? "", rootPlane.kubeconfig);
  }, 120_000);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await rootPlane?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const otectl = async (kubeconfig: string, cluster: string, ...flags: string[]) =>
    promisify(execFile)(process.execPath, [
      ...[OTECTL, "--kubeconfig", kubeconfig, "kubeconfig", cluster, ...flags],
    ]);
  /** A kubeconfig for a cluster, made of somebody's for the API of the root. */
  const through = async (kubeconfig: string, cluster = "edge"): Promise<string> => {
    const path = join(world.tree.folder, `${process.hrtime.bigint()}.kubeconfig`);
    const { stdout } = await otectl(kubeconfig, cluster);
    writeFileSync(path, stdout, { mode: 0o600 });
    return path;
  };
  /** What is said to who may not. Not of discovery, of whose refusals kubectl tells no more than that there are some. */
  const refusal = async (far: Kubectl, cluster = "edge", ...flags: string[]): Promise<string> => {
    // kubectl leaves the path of the server out before a raw one.
    const { code, err } = await far.run("get", "--raw", `/clusters/${cluster}${PODS}`, ...flags);
    expect(code).not.toBe(0);
    return err;
  };
  /** Rights count a moment after they were given, and a refusal is remembered. */
  const pods = (far: Kubectl, ...flags: string[]): Promise<string> =>
    eventually(
      "pods are seen",
      async () => {
        const { code, out, err } = await far.run("get", "pods", "-o", "name", ...flags);
        if (code !== 0) throw new Error(err);
        return out;
      },
      REMEMBERED_MS + 10_000,
    );
  /** Lets somebody reach a cluster, and do anything in its namespace "default". */
  const allow = async (who: string, verbs: string, cluster = "edge"): Promise<void> => {
    const name = `${cluster}-${process.hrtime.bigint()}`;
    await admin.ok(
      ...["create", "role", name, "-n", "kube-system", `--verb=${verbs}`],
      ...["--resource=clusters.ote.baidu.com/proxy", `--resource-name=${cluster}`],
    );
    const to = ["-n", "kube-system", `--role=${name}`, who];
    await admin.ok("create", "rolebinding", name, ...to);
    const edge = new Kubectl(KUBECTLS[0] ?? "", world.direct);
    const all = ["-n", "default", "--clusterrole=cluster-admin", who];
    await edge.ok("create", "rolebinding", name, ...all);
  };
  const account = async (name: string): Promise<string> => {
    await admin.ok("create", "serviceaccount", name, "-n", "default");
    return (await admin.ok("create", "token", name, "-n", "default")).trim();
  };
  const auditLines = () =>
    readFileSync(auditFile, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  /** The last line of the audit, once it is this one. */
  const audited = (expected: object): Promise<void> =>
    vi.waitFor(() => expect(auditLines().at(-1)).toMatchObject(expected), 5000);

  it("tells where it is, and otectl finds it", async () => {
    const { stdout, stderr } = await otectl(rootPlane.kubeconfig, "edge");
    expect(stderr).toBe("");
    const url = await admin.ok(
      ...["get", "configmap", "ote-entry", "-n", "kube-system", "-o", "jsonpath={.data.url}"],
    );
    expect(stdout).toContain(`server: ${url}/clusters/edge`);
    const anywhere = await otectl(rootPlane.kubeconfig, "edge", "--entry", "https://else:1/");
    expect(anywhere.stdout).toContain("server: https://else:1/clusters/edge");
    await expect(otectl(rootPlane.kubeconfig, "edge", "--entry", "http://x")).rejects.toThrow();
  });

  describe.skipIf(PROGRAMS.length === 0).each(PROGRAMS)("kubectl %s", (minor, program) => {
    it("of an administrator shows the same as at the cluster", async () => {
      const far = new Kubectl(program, await through(rootPlane.kubeconfig));
      const direct = new Kubectl(program, world.direct);
      for (const args of [
        ["get", "pods", "-o", "name"],
        ["api-resources", "-o", "name"],
        ["version", "-o", "json"],
        ["exec", "plain", "--", "sh", "-c", "echo out; echo err >&2; exit 3"],
        ["logs", "plain", "--tail=1"],
        ["get", "pod", "missing"],
      ])
        expect([args, await far.run(...args)]).toEqual([args, await direct.run(...args)]);
    });

    it("with a client certificate does what its owner may, and nothing else", async () => {
      const name = `cert-${minor}`;
      const own = await rootPlane.kubeconfigOf(name, { organizations: ["dev"] });
      const far = new Kubectl(program, await through(own));
      expect(await refusal(far)).toContain(
        `User "${name}" cannot get resource "clusters/proxy" in API group "ote.baidu.com"`,
      );
      await allow(`--user=${name}`, "get,create");
      expect(await pods(far)).toContain("pod/plain");
      expect((await far.run("get", "secrets", "-n", "kube-system")).err).toContain(
        `User "${name}" cannot list resource "secrets"`,
      );
      expect((await far.run("delete", "pod", "plain", "-n", "default")).err).toMatch(
        /cannot delete resource "clusters\/proxy"/,
      );
      const region = new Kubectl(program, await through(own, "region"));
      expect(await refusal(region, "region")).toContain("clusters/proxy");
    }, 60_000);

    it("with the token of a service account does so until that is revoked", async () => {
      const name = `robot-${minor.replace(".", "-")}`;
      const own = await rootPlane.kubeconfigOf(name, { token: await account(name) });
      await allow(`--serviceaccount=default:${name}`, "get,create");
      const far = new Kubectl(program, await through(own));
      expect(await pods(far)).toContain("pod/plain");
      await audited({
        ...{ kind: "Event", level: "Metadata", verb: "get", stage: "ResponseComplete" },
        user: { username: `system:serviceaccount:default:${name}` },
        objectRef: { resource: "clusters", subresource: "proxy", name: "edge" },
        responseStatus: { code: 200 },
      });
      expect(readFileSync(auditFile, "utf8")).not.toContain(
        /token: (\S+)/.exec(readFileSync(own, "utf8"))?.[1] ?? '"token":',
      );
      await admin.ok("delete", "serviceaccount", name, "-n", "default");
      const revoked = performance.now();
      const refused = await eventually(
        "the token is worth nothing",
        async () => {
          const { code, err } = await far.run("get", "--raw", `/clusters/edge${PODS}`);
          return code !== 0 && err;
        },
        REMEMBERED_MS + 5000,
      );
      expect(refused).toMatch(/logged in|Unauthorized/);
      expect(performance.now() - revoked).toBeLessThan(REMEMBERED_MS + 5000);
    }, 60_000);

    it("acts as another one only for who may", async () => {
      const name = `friend-${minor}`;
      const far = new Kubectl(program, await through(rootPlane.kubeconfig));
      expect(await refusal(far, "edge", "--as", name)).toContain(`User "${name}" cannot`);
      await allow(`--user=as-${name}`, "get,create");
      await pods(far, "--as", `as-${name}`, "--as-group", "x");
      await audited({
        ...{ user: { username: "admin" } },
        impersonatedUser: { username: `as-${name}`, groups: ["x", "system:authenticated"] },
      });
      const own = await rootPlane.kubeconfigOf(`cert-${minor}`, { organizations: [] });
      const other = new Kubectl(program, await through(own));
      expect(await refusal(other, "edge", "--as", `as-${name}`)).toContain(
        'cannot impersonate resource "users"',
      );
    }, 60_000);

    it("watches, and talks to a pod", async () => {
      const kubeconfig = await through(rootPlane.kubeconfig);
      const watch = new KubectlTalk(program, kubeconfig, ["get", "cm", "-w", "-o", "name"]);
      const name = `seen-${minor.replace(".", "-")}`;
      const direct = new Kubectl(program, world.direct);
      try {
        await direct.ok("create", "cm", `${name}-before`);
        await watch.says(`configmap/${name}-before`);
        await direct.ok("create", "cm", name);
        await watch.says(`configmap/${name}`);
      } finally {
        await watch.stop();
      }
      const talk = new KubectlTalk(program, kubeconfig, ["exec", "-i", "modern", "--", "cat"]);
      talk.stdin.write("hello\n");
      await talk.says("hello");
      talk.stdin.end("bye\n");
      expect(await talk.ended).toMatchObject({ code: 0, out: Buffer.from("hello\nbye\n") });
      await world.quiet();
    }, 60_000);
  });

  it.skipIf(PROGRAMS.length === 0)(
    "lets nobody in while the API is away, and goes on when it is back",
    async () => {
      const far = new Kubectl(KUBECTLS[0] ?? "", await through(rootPlane.kubeconfig));
      await far.ok("get", "pods");
      await rootPlane.stopApi();
      await sleep(REMEMBERED_MS);
      expect((await far.run("get", "pods", "--request-timeout=5s")).err).toMatch(
        /nobody is let in|unable to handle the request/,
      );
      await rootPlane.startApi();
      await eventually("it is back", async () => (await far.run("get", "pods")).code === 0);
    },
    90_000,
  );
});
