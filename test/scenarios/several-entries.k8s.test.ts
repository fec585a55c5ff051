import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CONFIG_MAP, type ConfigMap } from "../../pkg/apis/config-map.ts";
import { ENTRY_CONFIG, type EntryAddress, entryIn } from "../../pkg/apis/entry.ts";
import { treeKubeconfig } from "../../pkg/kube/tree-kubeconfig.ts";
import { describeWithControlPlane } from "../support/control-plane.ts";
import { eventually } from "../support/eventually.ts";
import { KUBECTLS, Kubectl } from "../support/kubectl.ts";
import { freePort } from "../support/program.ts";
import { RootGroup } from "../support/root-group.ts";

if (KUBECTLS.length === 0)
  process.stderr.write("skipped: the entries of several roots: no kubectl is found\n");

describeWithControlPlane("the entries of two roots", (plane) => {
  const NAMES = ["a", "b"] as const;
  const ports = new Map<string, number>();
  let roots: RootGroup;

  beforeAll(async () => {
    for (const name of NAMES) ports.set(name, await freePort());
    roots = await RootGroup.start(plane().kubeconfig, ...NAMES);
    for (const name of [...NAMES].reverse()) await roots.program(name).stop();
    for (const name of NAMES) {
      launch(name);
      await roots.program(name).says("ready");
    }
    await roots.launchCluster("shop", NAMES, "--api-listen", `127.0.0.1:${await freePort()}`);
    await roots.online("shop");
    // The one authority of both.
    ca = (await told())?.ca ?? "";
  }, 120_000);
  afterAll(() => roots?.[Symbol.asyncDispose]());

  const launch = (name: string) =>
    roots.launchRoot(name, "--entry-listen", `127.0.0.1:${ports.get(name)}`);
  let ca = "";
  const entryOf = (name: string): EntryAddress => ({
    url: `https://127.0.0.1:${ports.get(name)}`,
    ca,
  });
  const through = (name: string): Kubectl => {
    const file = plane().kubeconfig;
    const path = join(roots.folder, `through-${name}.kubeconfig`);
    const text = treeKubeconfig(readFileSync(file, "utf8"), "shop", file, entryOf(name));
    writeFileSync(path, text, { mode: 0o600 });
    return new Kubectl(KUBECTLS[0] ?? "", path);
  };
  const told = async () => entryIn(await roots.client.get<ConfigMap>(CONFIG_MAP, ENTRY_CONFIG));
  const expectLed = async (leader: string, follower: string): Promise<void> => {
    await eventually("the notice names the leader's", async () => {
      return (await told())?.url === entryOf(leader).url;
    });
    expect(await told()).toEqual(entryOf(leader));
    await eventually("the shop is reached", async () => {
      const { code, err } = await through(leader).run("get", "namespaces");
      if (code !== 0) throw new Error(err);
      return true;
    });
    const { code, err } = await through(follower).run("get", "--raw", "/clusters/shop/api");
    expect(code).not.toBe(0);
    expect(err).toContain("NOT_LEADER");
    expect(err).toContain(roots.address(leader));
    expect(await through(leader).ok("get", "--raw", "/readyz")).toBe("ok");
    expect((await through(follower).run("get", "--raw", "/readyz")).code).not.toBe(0);
    expect(await through(follower).ok("get", "--raw", "/livez")).toBe("ok");
  };

  it.skipIf(KUBECTLS.length === 0)(
    "are that of the leader, and one that says who leads",
    async () => {
      await expectLed("a", "b");
    },
  );

  it.skipIf(KUBECTLS.length === 0)("change their parts when the leader is killed", async () => {
    await roots.program("a").kill();
    await roots.leads("b");
    await roots.online("shop");
    launch("a");
    await roots.program("a").says("children are sent to the leader");
    await expectLed("b", "a");
  });
});
