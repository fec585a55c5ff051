import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { describeWithControlPlane } from "../support/control-plane.ts";
import { ask, EchoServer, echoOf } from "../support/echo-server.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl, minorOf } from "../support/kubectl.ts";
import { NodeProgram } from "../support/node-program.ts";
import { KubectlTalk, POD_NAMES, PodWorld } from "../support/pod-world.ts";
import { freePort } from "../support/program.ts";

const PROGRAMS = KUBECTLS.map((program) => [`1.${minorOf(program)}`, program] as const);

if (PROGRAMS.length === 0)
  process.stderr.write("skipped: kubectl to pods behind a remote shim: no kubectl is found\n");

describeWithControlPlane("pods of an edge whose shim is a process of its own", (plane) => {
  let world: PodWorld;
  let shim: NodeProgram;
  let endpoint = "";
  let echo: EchoServer;

  beforeAll(async () => {
    endpoint = `127.0.0.1:${await freePort()}`;
    await launchShim();
    world = await PodWorld.start(plane(), {
      edge: { flags: ["--remote-shim-endpoint", endpoint] },
    });
    await connected();
    echo = await EchoServer.start();
  }, 120_000);
  afterAll(async () => {
    await echo?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
    await shim?.kill();
  });

  async function launchShim(): Promise<void> {
    shim = new NodeProgram("k3s-cluster-shim", [
      ...["--listen", endpoint, "--kube-config", plane().kubeconfig],
      ...["--health-listen", "127.0.0.1:0", "--heartbeat-interval", "1"],
    ]);
    await shim.says("ready");
  }

  /** Resolves when the shim is heard through the tree. */
  async function connected(): Promise<void> {
    await using api = await KubeconfigTransport.open(world.through());
    const asked = { method: "GET", path: "/version" };
    await eventually("the controller has its shim", async () => {
      const { status, body } = await api.request(asked, AbortSignal.timeout(10_000));
      const said = await text(body);
      if (status !== 200) throw new Error(said);
      return true;
    });
  }

  describe.each(PROGRAMS)("with kubectl %s", (_, program) => {
    it.each(POD_NAMES)("%s is talked to, copied to and forwarded to", async (pod) => {
      const far = new Kubectl(program, world.through());
      const input = randomBytes(8_000_000);
      const cat = ["exec", "-i", pod, "--", "cat"];
      const { code, out } = await new KubectlTalk(program, world.through(), cat, input).ended;
      expect([code, out.equals(input)]).toEqual([0, true]);
      const status = await far.run("exec", pod, "--", "sh", "-c", "echo out; echo err >&2; exit 3");
      expect([status.code, status.out]).toEqual([3, "out\n"]);
      const folder = join(world.tree.folder, `copy-${process.hrtime.bigint()}`);
      mkdirSync(folder);
      const bytes = randomBytes(20_000_000);
      writeFileSync(join(folder, "near"), bytes);
      await far.ok("cp", join(folder, "near"), `default/${pod}:${folder}/there`);
      await far.ok("cp", `default/${pod}:${folder}/there`, join(folder, "back"));
      expect(sha(readFileSync(join(folder, "back")))).toBe(sha(bytes));
      const port = await freePort();
      const args = ["port-forward", `pod/${pod}`, `${port}:${echo.port}`];
      const talk = new KubectlTalk(program, world.through(), args);
      await talk.says("Forwarding from");
      const said = [1, 300_000, 2_000_000].map((size) => "x".repeat(size));
      expect(await Promise.all(said.map((words) => ask(port, words)))).toEqual(said.map(echoOf));
      await talk.stop();
    });

    it.each(["SIGKILL", "SIGSTOP"] as const)(
      "everything under way ends when the shim gets %s, and works when it is back",
      async (signal) => {
        const began = [
          ["exec", "-i", "plain", "--", "cat"],
          ["exec", "-i", "modern", "--", "cat"],
          ["logs", "-f", "plain"],
          ["get", "--raw", "/clusters/edge/api/v1/namespaces/default/pods?watch=1"],
        ].map((args) => new KubectlTalk(program, world.through(), args));
        for (const talk of began.slice(0, 2)) talk.stdin.write("hello\n");
        const words = ["hello", "hello", "started", "ADDED"];
        await Promise.all(began.map((talk, at) => talk.says(words[at] ?? "")));
        shim.signal(signal);
        // A process that stands still is missed after three heartbeats, whoever looks; TCP would wait for minutes.
        const ends = await Promise.all(began.map(({ ended }) => ended));
        // A log that breaks off, and SPDY without a last word, are no errors to kubectl.
        const wrong = expect.not.objectContaining({ code: 0 });
        expect(ends).toEqual([...Array(3).fill(expect.anything()), wrong]);
        expect(world.tree.program("edge").running).toBe(true);
        await shim.kill();
        await launchShim();
        await connected();
        const far = new Kubectl(program, world.through());
        expect(await far.ok("exec", "plain", "--", "echo", "back")).toBe("back\n");
        await world.quiet();
      },
      60_000,
    );
  });
});

function sha(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
