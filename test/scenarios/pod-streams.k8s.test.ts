import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import type { AuditLine } from "../support/audit-lines.ts";
import { describeWithControlPlane } from "../support/control-plane.ts";
import { ask, EchoServer, echoOf } from "../support/echo-server.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl, minorOf } from "../support/kubectl.ts";
import { ageless, SAME_BY_BOTH_WAYS } from "../support/kubectl-answers.ts";
import { PodSession } from "../support/pod-session.ts";
import type { PodUser } from "../support/pod-user.ts";
import { KubectlTalk, POD_NAMES, type PodWorld } from "../support/pod-world.ts";
import { freePort } from "../support/program.ts";
import { RealPodWorld } from "../support/real-pod-world.ts";

/** Says when a terminal has got one size, and then another. */
const SIZES =
  'for size in "33 77" "40 100"; do until [ "$(stty size)" = "$size" ]; do sleep 0.1; done; echo now $size; done';

/** Who works with a pod. None of them is an administrator anywhere. */
const USERS = {
  plain: { name: "ann", shows: "certificate" },
  modern: { name: "robot", shows: "token" },
} as const;

/** The minor release of kubectl since which it speaks over websockets to whoever understands that. */
const FIRST_WITH_WEBSOCKETS = 31;

/** What is copied as one large file. */
const LARGE_BYTES = 200_000_000;

const SETTINGS = (value: string) =>
  JSON.stringify({
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" } },
    data: { value },
  });

const PROGRAMS = KUBECTLS.map((program) => [`1.${minorOf(program)}`, program] as const);

if (PROGRAMS.length === 0)
  process.stderr.write("skipped: kubectl to pods through the tree: no kubectl is found\n");

describeWithControlPlane("pods at depth three, every tier with its own kube-apiserver", (plane) => {
  const users = new Map<string, PodUser>();
  let real: RealPodWorld;
  let world: PodWorld;
  let echo: EchoServer;
  beforeAll(async () => {
    real = await RealPodWorld.start(plane());
    world = real.pods;
    for (const pod of POD_NAMES)
      users.set(pod, await real.user({ ...USERS[pod], mayReach: "edge" }));
    echo = await EchoServer.start();
  }, 120_000);
  afterAll(async () => {
    await echo?.[Symbol.asyncDispose]();
    await real?.[Symbol.asyncDispose]();
  });

  const userOf = (pod: string): PodUser => users.get(pod) as PodUser;
  const folder = (name: string): string => {
    const path = join(world.tree.folder, `${name}-${process.hrtime.bigint()}`);
    mkdirSync(path);
    return path;
  };

  it.skipIf(PROGRAMS.length === 0)("are not those of the region between", async () => {
    const region = new Kubectl(KUBECTLS[0] ?? "", world.through("region"));
    expect(await region.ok("get", "pods", "-A", "-o", "name")).toBe("");
    expect(await region.ok("get", "nodes", "-o", "name")).toBe("");
    const edge = new Kubectl(KUBECTLS[0] ?? "", world.through());
    expect(await edge.ok("get", "pods", "-o", "name")).toContain("pod/plain");
  });

  it.each(POD_NAMES)("%s is used by somebody whom both audits name", async (pod) => {
    const { name, through } = userOf(pod);
    const mark = `mark-${process.hrtime.bigint()}`;
    // Without websockets a kubelet speaks the older protocol only.
    const protocol = pod === "plain" ? "v4.channel.k8s.io" : "v5.channel.k8s.io";
    const session = await PodSession.open(through, { pod, command: ["echo", mark], protocol });
    expect(await session.ended).toMatchObject({ status: "Success" });
    const about = (line: AuditLine) => decodeURIComponent(line.requestURI).includes(mark);
    const there = await vi.waitFor(() => {
      const lines = real.edgeAudit().filter(about);
      expect(lines).not.toEqual([]);
      return lines;
    }, 5000);
    expect(real.entryAudit().filter(about)).toMatchObject([{ user: { username: name } }]);
    for (const line of there)
      expect(line).toMatchObject({
        ...{ user: { username: "admin" }, impersonatedUser: { username: name } },
      });
    await world.tree.program("edge").says("request", { entry: "root", user: name });
  });

  it.each(["certificate", "token"] as const)(
    "are kept from somebody who shows a %s and may only reach the region",
    async (shows) => {
      const wanted = { name: `astray-${shows}`, shows, mayReach: "region" };
      const { name, own, through } = await real.user(wanted);
      const refused = await answerTo(through, "/api/v1/namespaces/default/pods");
      expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
        403,
        { message: expect.stringContaining(`User "${name}" cannot get resource "clusters/proxy"`) },
      ]);
      const exec = { pod: "modern", command: ["true"] };
      await expect(PodSession.open(through, exec)).rejects.toThrow("refused with 403");
      expect((await answerTo(world.through("region", own), "/api")).status).toBe(200);
      const codes = () =>
        real
          .entryAudit()
          .filter(({ user }) => user.username === name)
          .map(({ responseStatus }) => responseStatus?.code);
      await vi.waitFor(() => expect(codes()).toEqual([403, 403, 200]), 5000);
      await world.tree.program("region").says("request", { user: name });
      // What the edge says of a later one comes after all that it would have said of these.
      const path = `/api/v1/namespaces/after-${name}`;
      expect((await answerTo(world.through(), path)).status).toBe(404);
      await world.tree.program("edge").says("request", { path });
      expect(world.tree.program("edge").log.filter(({ user }) => user === name)).toEqual([]);
      const named = real.edgeAudit().filter((line) => line.impersonatedUser?.username === name);
      expect(named).toEqual([]);
    },
  );

  describe.each(PROGRAMS)("with kubectl %s", (_, program) => {
    const both = <T>(pod: string, use: (kubeconfig: string) => Promise<T>): Promise<[T, T]> =>
      Promise.all([use(userOf(pod).direct), use(userOf(pod).through)]);

    it.each(POD_NAMES)("the same is seen of %s as at the cluster", async (pod) => {
      for (const words of SAME_BY_BOTH_WAYS) {
        const args = words.map((word) => word.replace("POD", pod));
        const [direct, far] = await both(pod, (at) =>
          ageless(new Kubectl(program, at).run(...args)),
        );
        expect([args.join(" "), far]).toEqual([args.join(" "), direct]);
      }
    });

    it.each(POD_NAMES)(
      "objects are made, compared, changed, edited and deleted by the user of %s",
      async (pod) => {
        const far = new Kubectl(program, userOf(pod).through);
        const file = join(folder("settings"), "settings.json");
        writeFileSync(file, SETTINGS("one"));
        await far.ok("apply", "-f", file);
        writeFileSync(file, SETTINGS("two"));
        const [here, there] = await both(pod, (at) =>
          new Kubectl(program, at).run("diff", "-f", file),
        );
        const lines = (diff: string) => diff.split("\n").filter((line) => /^[+-] /.test(line));
        expect([there.code, lines(there.out)]).toEqual([here.code, lines(here.out)]);
        expect(there.out).toMatch(/^\+ +value: two/m);
        await far.ok("patch", "cm", "settings", "-p", '{"data":{"value":"three"}}');
        const edit = ["KUBE_EDITOR=sed -i s/three/four/", program, "edit", "cm", "settings"];
        expect((await new KubectlTalk("env", userOf(pod).through, edit).ended).code).toBe(0);
        const value = ["get", "cm", "settings", "-o", "jsonpath={.data.value}"];
        expect(await new Kubectl(program, world.direct).ok(...value)).toBe("four");
        await far.ok("delete", "cm", "settings");
        expect((await new Kubectl(program, world.direct).run(...value)).code).toBe(1);
      },
    );

    it("a watch tells the same as at the cluster", async () => {
      const edge = new Kubectl(program, world.direct);
      await edge.ok("create", "cm", "before");
      const args = ["get", "cm", "-w", "--output-watch-events", "-o", "json"];
      const watches = await both("modern", async (at) => new KubectlTalk(program, at, args));
      try {
        await Promise.all(watches.map((watch) => watch.says(/"name": ?"before"/)));
        await edge.ok("create", "cm", "watched");
        await edge.ok("delete", "cm", "before", "watched");
        await Promise.all(watches.map((watch) => watch.says(/(DELETED[\s\S]*){2}\n}?\n?$/)));
      } finally {
        await Promise.all(watches.map((watch) => watch.stop()));
      }
      const [direct, far] = watches.map(({ said }) => said);
      expect(far).toBe(direct);
    });

    describe.each(POD_NAMES)("%s", (pod) => {
      it("takes much on stdin and gives it back", async () => {
        const input = randomBytes(8_000_000);
        const args = ["exec", "-i", pod, "--", "cat"];
        const talk = new KubectlTalk(program, userOf(pod).through, args, input);
        const { code, out } = await talk.ended;
        expect([code, out.equals(input)]).toEqual([0, true]);
      });

      it("answers as soon as it is asked", async () => {
        const talk = new KubectlTalk(program, userOf(pod).through, [
          "exec",
          "-i",
          pod,
          "--",
          "cat",
        ]);
        for (const word of ["first", "second"]) {
          talk.stdin.write(`${word}\n`);
          await talk.says(`${word}\n`);
        }
        talk.stdin.end();
        expect((await talk.ended).code).toBe(0);
      });

      it("has a terminal of the size of ours, also when that changes", async () => {
        const command = `${program} exec -it ${pod} -- sh -c '${SIZES}; tty; exit 7'`;
        const line = `tty; stty rows 33 cols 77; ${command}; echo ended with $?`;
        const args = ["-qec", line, "/dev/null"];
        const talk = new KubectlTalk("script", userOf(pod).through, args);
        try {
          await talk.says("now 33 77");
          const [ours = ""] = /\/dev\/pts\/\d+/.exec(talk.said) ?? [];
          execFileSync("stty", ["-F", ours, "rows", "40", "cols", "100"]);
          await talk.says("now 40 100");
          await talk.says(/now 40 100\r\n\/dev\/pts\/\d+\r\n[\s\S]*ended with 7/);
        } finally {
          await talk.stop();
        }
      });

      it("is attached to", async () => {
        const talk = new KubectlTalk(program, userOf(pod).through, ["attach", "-i", pod]);
        const word = `word-${process.hrtime.bigint()}`;
        talk.stdin.write(`${word}\n`);
        await talk.says(`got ${word}`);
        await talk.stop();
        await eventually("it goes on without us", async () =>
          (await new Kubectl(program, world.direct).ok("logs", pod)).includes(`got ${word}`),
        );
      });

      it("is listened to as it speaks", async () => {
        const logs = new KubectlTalk(program, userOf(pod).through, ["logs", "-f", pod]);
        await logs.says("started");
        const word = `spoken-${process.hrtime.bigint()}`;
        const speaking = new KubectlTalk(program, world.direct, ["attach", "-i", pod]);
        speaking.stdin.write(`${word}\n`);
        await logs.says(`got ${word}`);
        await Promise.all([logs.stop(), speaking.stop()]);
      });

      it("is copied to and from", async () => {
        const [near, there, back] = [folder("near"), folder("there"), folder("back")];
        const sums = [20_000_000, 1, 0].map((size, at) => {
          const bytes = randomBytes(size);
          writeFileSync(join(near, `file-${at}`), bytes);
          return sha(bytes);
        });
        const far = new Kubectl(program, userOf(pod).through);
        await far.ok("cp", near, `default/${pod}:${there}/in`);
        await far.ok("cp", `default/${pod}:${there}/in`, `${back}/out`);
        const got = sums.map((_, at) => sha(readFileSync(`${back}/out/file-${at}`)));
        expect(got).toEqual(sums);
      });

      it("has ports that are forwarded, many connections at a time", async () => {
        const port = await freePort();
        const args = ["port-forward", `pod/${pod}`, `${port}:${echo.port}`];
        const talk = new KubectlTalk(program, userOf(pod).through, args);
        await talk.says("Forwarding from");
        const said = Array.from({ length: 5 }, (_, at) => "x".repeat(1 + at * 200_000));
        const answers = await Promise.all(said.map((words) => ask(port, words)));
        expect(answers).toEqual(said.map(echoOf));
        const nobody = await freePort();
        const wrong = new KubectlTalk(program, userOf(pod).through, [
          ...["port-forward", `pod/${pod}`, `${nobody}:${await freePort()}`],
        ]);
        await wrong.says("Forwarding from");
        expect(await ask(nobody, "hello")).toBe("");
        await wrong.says(/cannot forward|error forwarding|lost connection/i);
        await Promise.all([talk.stop(), wrong.stop()]);
      });
    });
  });

  it.skipIf(PROGRAMS.length === 0)(
    "are given 200 MB by one protocol and give them back by another, intact",
    async () => {
      const [near, there] = [folder("near"), folder("there")];
      const bytes = randomBytes(LARGE_BYTES);
      writeFileSync(join(near, "large"), bytes);
      const [kubectl = ""] = KUBECTLS;
      const copy = (pod: string, ...args: string[]) =>
        new KubectlTalk(kubectl, userOf(pod).through, ["cp", ...args]).ended;
      const given = await copy("modern", join(near, "large"), `default/modern:${there}/large`);
      expect([given.err, sha(readFileSync(join(there, "large")))]).toEqual(["", sha(bytes)]);
      const back = await copy("plain", `default/plain:${there}/large`, join(near, "back"));
      expect([back.code, sha(readFileSync(join(near, "back")))]).toEqual([0, sha(bytes)]);
    },
    120_000,
  );

  it.skipIf(PROGRAMS.length === 0)("were talked to in all protocols that the programs know", () => {
    const minors = KUBECTLS.map((program) => Number(minorOf(program)));
    const [plain, modern] = world.kubelets.map(({ spoken }) => [...spoken]);
    const spdy = ["exec SPDY/3.1", "attach SPDY/3.1", "portForward SPDY/3.1"];
    const websocket = [
      ...["exec v5.channel.k8s.io", "attach v5.channel.k8s.io"],
      "portForward SPDY/3.1+portforward.k8s.io",
    ];
    expect(plain).toEqual(expect.arrayContaining(spdy));
    if (minors.some((minor) => minor < FIRST_WITH_WEBSOCKETS))
      expect(modern).toEqual(expect.arrayContaining(spdy));
    if (minors.some((minor) => minor >= FIRST_WITH_WEBSOCKETS))
      expect(modern).toEqual(expect.arrayContaining(websocket));
  });

  it("have let nothing stand when all is done", async () => {
    await world.quiet();
  });
});

function sha(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function answerTo(
  kubeconfig: string,
  path: string,
): Promise<{ readonly status: number; readonly text: string }> {
  await using api = await KubeconfigTransport.open(kubeconfig);
  const { status, body } = await api.request({ method: "GET", path }, AbortSignal.timeout(10_000));
  return { status, text: await text(body) };
}
