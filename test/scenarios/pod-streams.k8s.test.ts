import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlPlane, describeWithControlPlane } from "../support/control-plane.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl, minorOf } from "../support/kubectl.ts";
import { KubectlTalk, POD_NAMES, PodWorld } from "../support/pod-world.ts";
import { freePort } from "../support/program.ts";

/** Commands that must print the same, on both outputs, and end the same through the tree as at the cluster. */
const SAME: readonly (readonly string[])[] = [
  ["get", "pods", "-o", "name"],
  ["get", "pods", "-o", "yaml"],
  ["get", "nodes", "-o", "json"],
  ["get", "pod", "missing"],
  ["describe", "pod", "POD"],
  ["logs", "POD", "--tail=1"],
  ["logs", "missing"],
  ["exec", "POD", "--", "sh", "-c", "echo out; echo err >&2; exit 3"],
  ["exec", "POD", "--", "true"],
  ["exec", "POD", "--", "sh", "-c", "seq 1 20000"],
  ["exec", "POD", "-c", "main", "--", "no-such-program"],
  ["exec", "missing", "--", "true"],
];

const SETTINGS = (value: string) =>
  JSON.stringify({
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" } },
    data: { value },
  });

const PROGRAMS = KUBECTLS.map((program) => [`1.${minorOf(program)}`, program] as const);

if (PROGRAMS.length === 0)
  process.stderr.write("skipped: kubectl to pods through the tree: no kubectl is found\n");

describeWithControlPlane("pods of an edge at depth three", (plane) => {
  let world: PodWorld;
  let regional: ControlPlane;
  let echo: Server;
  beforeAll(async () => {
    regional = await ControlPlane.start({ etcdOf: plane() });
    world = await PodWorld.start(plane(), { region: { kubeconfig: regional.kubeconfig } });
    echo = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      // It answers when it was told everything: whoever cannot close one half gets nothing.
      void text(socket).then((said) => socket.end(`${said.length} ${said.slice(0, 10)}`));
    }).listen(0, "127.0.0.1");
    await once(echo, "listening");
  }, 120_000);
  afterAll(async () => {
    echo?.close();
    await world?.[Symbol.asyncDispose]();
    await regional?.[Symbol.asyncDispose]();
  });

  it.skipIf(PROGRAMS.length === 0)("are not those of the region between", async () => {
    const region = new Kubectl(KUBECTLS[0] ?? "", world.through("region"));
    expect(await region.ok("get", "pods", "-A", "-o", "name")).toBe("");
    const edge = new Kubectl(KUBECTLS[0] ?? "", world.through());
    expect(await edge.ok("get", "pods", "-o", "name")).toContain("pod/plain");
  });

  describe.each(PROGRAMS)("with kubectl %s", (_, program) => {
    const both = <T>(use: (kubeconfig: string) => Promise<T>): Promise<[T, T]> =>
      Promise.all([use(world.direct), use(world.through())]);
    const folder = (name: string): string => {
      const path = join(world.tree.folder, `${name}-${process.hrtime.bigint()}`);
      mkdirSync(path);
      return path;
    };

    it.each(POD_NAMES)("the same is seen of %s as at the cluster", async (pod) => {
      for (const words of SAME) {
        const args = words.map((word) => word.replace("POD", pod));
        const [direct, far] = await both((at) => new Kubectl(program, at).run(...args));
        expect([args.join(" "), far]).toEqual([args.join(" "), direct]);
      }
    });

    it("objects are made, compared, changed, edited and deleted", async () => {
      const far = new Kubectl(program, world.through());
      const file = join(folder("settings"), "settings.json");
      writeFileSync(file, SETTINGS("one"));
      await far.ok("apply", "-f", file);
      writeFileSync(file, SETTINGS("two"));
      const [here, there] = await both((at) => new Kubectl(program, at).run("diff", "-f", file));
      const lines = (diff: string) => diff.split("\n").filter((line) => /^[+-] /.test(line));
      expect([there.code, lines(there.out)]).toEqual([here.code, lines(here.out)]);
      expect(there.out).toMatch(/^\+ +value: two/m);
      await far.ok("patch", "cm", "settings", "-p", '{"data":{"value":"three"}}');
      const edit = ["KUBE_EDITOR=sed -i s/three/four/", program, "edit", "cm", "settings"];
      expect((await new KubectlTalk("env", world.through(), edit).ended).code).toBe(0);
      const value = ["get", "cm", "settings", "-o", "jsonpath={.data.value}"];
      expect(await new Kubectl(program, world.direct).ok(...value)).toBe("four");
      await far.ok("delete", "cm", "settings");
    });

    it("a watch tells what changes at the cluster", async () => {
      const direct = new Kubectl(program, world.direct);
      await direct.ok("create", "cm", "before");
      const args = ["get", "cm", "-w", "-o", "name"];
      const watching = new KubectlTalk(program, world.through(), args);
      await watching.says("configmap/before");
      await direct.ok("create", "cm", "watched");
      await watching.says("configmap/watched");
      await direct.ok("delete", "cm", "before", "watched");
      await watching.stop();
    });

    describe.each(POD_NAMES)("%s", (pod) => {
      it("takes much on stdin and gives it back", async () => {
        const input = randomBytes(8_000_000);
        const args = ["exec", "-i", pod, "--", "cat"];
        const talk = new KubectlTalk(program, world.through(), args, input);
        const { code, out } = await talk.ended;
        expect([code, out.equals(input)]).toEqual([0, true]);
      });

      it("answers as soon as it is asked", async () => {
        const talk = new KubectlTalk(program, world.through(), ["exec", "-i", pod, "--", "cat"]);
        for (const word of ["first", "second"]) {
          talk.stdin.write(`${word}\n`);
          await talk.says(`${word}\n`);
        }
        talk.stdin.end();
        expect((await talk.ended).code).toBe(0);
      });

      it("has a terminal of the size of ours", async () => {
        const command = `${program} exec -it ${pod} -- sh -c 'sleep 0.6; stty size; tty; exit 7'`;
        const line = `stty rows 33 cols 77; ${command}; echo ended with $?`;
        const args = ["-qec", line, "/dev/null"];
        const { out } = await new KubectlTalk("script", world.through(), args, undefined).ended;
        expect(String(out)).toMatch(/33 77\r\n\/dev\/pts\/\d+\r\n.*ended with 7/s);
      });

      it("is attached to", async () => {
        const talk = new KubectlTalk(program, world.through(), ["attach", "-i", pod]);
        const word = `word-${process.hrtime.bigint()}`;
        talk.stdin.write(`${word}\n`);
        await talk.says(`got ${word}`);
        await talk.stop();
        await eventually("it goes on without us", async () =>
          (await new Kubectl(program, world.direct).ok("logs", pod)).includes(`got ${word}`),
        );
      });

      it("is listened to as it speaks", async () => {
        const logs = new KubectlTalk(program, world.through(), ["logs", "-f", pod]);
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
        const far = new Kubectl(program, world.through());
        await far.ok("cp", near, `default/${pod}:${there}/in`);
        await far.ok("cp", `default/${pod}:${there}/in`, `${back}/out`);
        const got = sums.map((_, at) => sha(readFileSync(`${back}/out/file-${at}`)));
        expect(got).toEqual(sums);
      });

      it("has ports that are forwarded, many connections at a time", async () => {
        const port = await freePort();
        const target = (echo.address() as AddressInfo).port;
        const args = ["port-forward", `pod/${pod}`, `${port}:${target}`];
        const talk = new KubectlTalk(program, world.through(), args);
        await talk.says("Forwarding from");
        const said = Array.from({ length: 5 }, (_, at) => "x".repeat(1 + at * 200_000));
        const answers = await Promise.all(said.map((words) => ask(port, words)));
        expect(answers).toEqual(said.map((words) => `${words.length} ${words.slice(0, 10)}`));
        const nobody = await freePort();
        const wrong = new KubectlTalk(program, world.through(), [
          ...["port-forward", `pod/${pod}`, `${nobody}:${await freePort()}`],
        ]);
        await wrong.says("Forwarding from");
        expect(await ask(nobody, "hello")).toBe("");
        await wrong.says(/cannot forward|error forwarding|lost connection/i);
        await Promise.all([talk.stop(), wrong.stop()]);
      });
    });
  });

  it("have let nothing stand when all is done", async () => {
    await world.quiet();
  });
});

/** Says something to a port and closes that half; resolves with the answer. */
async function ask(port: number, words: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(words);
  return text(socket).catch(() => "");
}

function sha(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
