import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { describeWithControlPlane } from "../support/control-plane.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { PodSession } from "../support/pod-session.ts";
import { KubectlTalk, MEMBERS, POD_NAMES, PodWorld } from "../support/pod-world.ts";

/** Longer than anything on the way keeps what nobody uses. */
const IDLE_MS = 45_000;
const BYTES = 30_000_000;

if (KUBECTLS.length === 0)
  process.stderr.write("skipped: kubectl to pods under faults: no kubectl is found\n");
const [kubectl = "kubectl"] = KUBECTLS;

describeWithControlPlane("streams to the pods of an edge at depth three", (plane) => {
  let world: PodWorld;
  let folder: Awaited<ReturnType<typeof temporaryDirectory>> | undefined;
  let auditLog: string;
  let idle: { readonly since: number; readonly talks: Promise<PodSession>; watch: KubectlTalk };
  beforeAll(async () => {
    folder = await temporaryDirectory();
    auditLog = join(folder.path, "audit.log");
    world = await PodWorld.start(plane(), { root: { flags: ["--api-audit-log", auditLog] } });
  }, 120_000);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const open = (command: readonly string[], more: object = {}) =>
    PodSession.open(world.through(), { pod: "modern", command, ...more });

  it("begin, and are left alone for a while", async () => {
    const args = ["get", "cm", "-w", "-o", "name"];
    idle = {
      since: performance.now(),
      talks: open(["cat"]),
      watch: new KubectlTalk(kubectl, world.through(), args),
    };
    await idle.talks;
  });

  it.each(["v4.channel.k8s.io", "v5.channel.k8s.io"] as const)("speak %s", async (protocol) => {
    const session = await open(["sh", "-c", "read line; echo got $line; exit 4"], { protocol });
    await session.say(Buffer.from("words\n"));
    expect(await session.ended).toMatchObject({ status: "Failure", message: /: 4$/ });
    expect(String(session.output)).toBe("got words\n");
  });

  it("end one direction and go on with the other", async () => {
    const session = await open(["sh", "-c", "wc -c; echo more"]);
    for (let said = 0; said < BYTES; said += 100_000) await session.say(Buffer.alloc(100_000));
    session.sayNoMore();
    expect(await session.ended).toMatchObject({ status: "Success" });
    expect(String(session.output)).toBe(`${BYTES}\nmore\n`);
  });

  it("are those of the person who asked, and the edge decides", async () => {
    const root = new Kubectl(kubectl, world.tree.kubeconfig("root"));
    const edge = new Kubectl(kubectl, world.direct);
    const rights = ["--verb=get,create", "--resource=clusters.ote.baidu.com/proxy"];
    await root.ok("create", "role", "in", "-n", "kube-system", ...rights);
    const users = ["--user=alice", "--user=bob"];
    await root.ok("create", "rolebinding", "in", "-n", "kube-system", "--role=in", ...users);
    await edge.ok("create", "role", "exec", "--verb=get,create", "--resource=pods,pods/exec");
    await edge.ok("create", "rolebinding", "exec", "--role=exec", "--user=alice");
    const far = new Kubectl(kubectl, world.through());
    for (const pod of POD_NAMES) {
      const exec = ["exec", pod, "--", "echo", "hello"];
      expect(await far.ok("--as", "alice", ...exec)).toBe("hello\n");
      const { code, err } = await far.run("--as", "bob", ...exec);
      expect([code, err]).toEqual([1, expect.stringMatching(/User "bob" cannot (get|create) res/)]);
      expect((await far.run("--as", "carol", ...exec)).err).toContain("clusters/proxy");
    }
    await expect(open(["true"], { as: "bob" })).rejects.toThrow("refused with 403");
    const session = await open(["true"], { as: "alice" });
    expect(await session.ended).toMatchObject({ status: "Success" });
  });

  it("are written down once at the entry and once at the cluster", async () => {
    const mark = `mark-${process.hrtime.bigint()}`;
    await (await open(["echo", mark], { as: "alice" })).ended;
    const audited = readFileSync(auditLog, "utf8").split("\n");
    const lines = audited.filter((line) => line.includes(mark));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("alice");
    const path = "/api/v1/namespaces/default/pods/modern/exec";
    const before = world.tree.program("edge").logged("request");
    await (await open(["true"], { as: "alice" })).ended;
    const now = world.tree.program("edge").logged("request").slice(before.length);
    expect(now).toEqual([expect.objectContaining({ path, user: "alice", entry: "root" })]);
  });

  it("wait for a reader that stands still, and others do not", async () => {
    const count = join(world.tree.folder, "count");
    const loop = `i=0; while true; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > ${count}; done`;
    let heard = 0;
    const stalled = await open(["sh", "-c", loop], {
      onOutput: (bytes: Buffer) => {
        heard += bytes.length;
      },
    });
    stalled.pause();
    const written = () => Number(readFileSync(count, "utf8")) * 65536;
    let last = -1;
    await eventually("it waits", async () => {
      const before = last;
      last = written();
      await sleep(500);
      return before === last;
    });
    expect(written()).toBeLessThan(64_000_000);
    const quick = await open(["cat"]);
    await quick.say(Buffer.from("quick\n"));
    await eventually("another is answered", () => String(quick.output) === "quick\n", 2000);
    quick.cut();
    const stood = heard;
    stalled.resume();
    await eventually("it goes on", () => heard > stood + 20_000_000);
    stalled.cut();
  });

  it("do not keep the tree from knowing that it is alive", async () => {
    const before = await Promise.all(MEMBERS.map((name) => world.meter(name, "cutLinks")));
    const all = await Promise.all(
      Array.from({ length: 6 }, () => open(["head", "-c", "60000000", "/dev/zero"], ignoring())),
    );
    const ends = await Promise.all(all.map(({ ended }) => ended));
    expect(ends.every((end) => end?.status === "Success")).toBe(true);
    const now = await Promise.all(MEMBERS.map((name) => world.meter(name, "cutLinks")));
    expect(now).toEqual(before);
  }, 60_000);

  it("leave nothing behind, whoever ends them", async () => {
    const [session, watch] = [await idle.talks, idle.watch];
    const round = async (at: number): Promise<void> => {
      const talk = await open(at % 4 === 0 ? ["true"] : ["cat"]);
      if (at % 4 === 1) talk.cut();
      if (at % 4 === 2) talk.sayNoMore();
      if (at % 4 === 3) {
        await talk.say(Buffer.alloc(300_000));
        talk.cut();
      }
      await talk.ended;
    };
    for (let at = 0; at < 20; at++) await round(at);
    const before = await descriptors();
    for (let at = 0; at < 200; at += 4) await Promise.all([0, 1, 2, 3].map((k) => round(at + k)));
    const idleOnes = [session, watch];
    await eventually("no more descriptors are open than before", async () => {
      const now = await descriptors();
      if (now.every((count, at) => count <= (before[at] ?? 0) + 4)) return true;
      throw new Error(`${before} became ${now}`);
    });
    await world.quiet(idleOnes.length, 1);
  }, 60_000);

  it("go on after a long silence", async () => {
    await sleep(Math.max(0, IDLE_MS - (performance.now() - idle.since)));
    const session = await idle.talks;
    await session.say(Buffer.from("still there\n"));
    await eventually("it answers", () => String(session.output) === "still there\n");
    await new Kubectl(kubectl, world.direct).ok("create", "cm", "late");
    await idle.watch.says("configmap/late");
    session.cut();
    await idle.watch.stop();
    await world.quiet();
  }, 90_000);

  // From below: without its parent the edge may go elsewhere, and the region then be of no importance.
  describe.each(MEMBERS.toReversed())("when %s is killed", (member) => {
    it("end at both ends at once, and can begin again", async () => {
      // When it goes home, streams by the other way end.
      await eventually("the edge is at home", atHome, 60_000);
      const busy = await open(["sh", "-c", "cat > /dev/null"]);
      const flood = await open(["cat", "/dev/zero"], ignoring());
      const still = await open(["sleep", "1000"]);
      const huge = join(world.tree.folder, "huge");
      writeFileSync(huge, "");
      truncateSync(huge, 20_000_000_000);
      const copy = join(world.tree.folder, `copy-${member}`);
      const talks = [
        ["logs", "-f", "plain"],
        ["exec", "-i", "plain", "--", "sh", "-c", "echo started; cat"],
        ["exec", "modern", "--", "sh", "-c", "echo started; sleep 1000"],
        ["cp", `default/plain:${huge}`, copy],
      ].map((args) => new KubectlTalk(kubectl, world.through(), args));
      // Until a session has begun kubectl itself may wait half a minute for it.
      for (const talk of talks.slice(0, 3)) await talk.says("started");
      await eventually("much is copied", () => statSync(copy).size > 1_000_000);
      void busy.say(Buffer.alloc(20_000_000)).catch(() => {});
      await world.tree.program(member).kill();
      const late = sleep(5000).then(() => "too late");
      for (const { ended } of [busy, flood, still])
        expect(await Promise.race([ended, late])).toBeUndefined();
      for (const [at, { ended }] of talks.entries())
        expect([at, await Promise.race([ended, late])]).not.toEqual([at, "too late"]);
      await eventually("the pods are left", () => sessions() === 0);
      world.tree.launch(member);
      await world.tree.online("region", "edge");
      const again = await eventually("it is reached", () => open(["echo", "back"]));
      await again.ended;
      expect(String(again.output)).toBe("back\n");
    }, 150_000);
  });

  const atHome = async () =>
    (await world.tree.clusters()).get("edge")?.status?.parentName === "region";
  const sessions = () => world.kubelets.reduce((sum, kubelet) => sum + kubelet.sessions, 0);
  const descriptors = () =>
    Promise.all(MEMBERS.map((member) => world.meter(member, "descriptors")));
});

function ignoring() {
  return { onOutput: () => {} };
}
