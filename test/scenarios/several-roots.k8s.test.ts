import { afterAll, beforeAll, expect, it } from "vitest";
import { CLUSTER } from "../../pkg/apis/cluster.ts";
import {
  CLUSTER_CONTROLLER,
  CLUSTER_CONTROLLER_RESULT,
} from "../../pkg/apis/cluster-controller.ts";
import { describeWithControlPlane } from "../support/control-plane.ts";
import { eventually } from "../support/eventually.ts";
import { ObjectApi } from "../support/object-api.ts";
import type { TaskHandle } from "../support/process-tree.ts";
import { LEASE_SECONDS, RootGroup } from "../support/root-group.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

function create(name: string) {
  const body = `metadata: {name: ${name}}`;
  return { clusterSelector: "shop", method: "POST", url: CONFIG_MAPS, body };
}

describeWithControlPlane("Two roots on one real API server", (plane) => {
  let roots: RootGroup;
  let api: ObjectApi;
  let pids: readonly number[];

  beforeAll(async () => {
    api = await ObjectApi.listen();
    roots = await RootGroup.start(plane().kubeconfig, "a", "b");
    await roots.launchCluster("region", ["a", "b"]);
    await roots.launchCluster("shop", ["region"], "--kube-config", api.kubeconfig);
    await roots.online("root", "region", "shop");
    // It will learn of b from a only.
    await roots.launchCluster("single", ["a"]);
    await roots.online("single");
    pids = children();
  }, 120_000);
  afterAll(async () => {
    await roots?.[Symbol.asyncDispose]();
    await api?.[Symbol.asyncDispose]();
  });

  const children = () => ["region", "shop", "single"].map((name) => roots.program(name).pid);
  const expectDoneOnce = async (task: TaskHandle) => {
    const { status } = await task.completed();
    expect([task.name, status?.summary]).toMatchObject([task.name, { selected: 1, done: 1 }]);
    expect(await task.results()).toMatchObject({ shop: { verdict: "done", code: 201 } });
    expect([task.name, api.effects(task.name)]).toEqual([task.name, 1]);
  };
  /** The root that leads, and the other one. */
  const both = async (): Promise<[leader: string, follower: string]> => {
    const { metadata, spec } = await roots.lease();
    const address = metadata.annotations?.["ote.baidu.com/address"];
    expect(spec?.leaseDurationSeconds).toBe(LEASE_SECONDS);
    return address === roots.address("a") ? ["a", "b"] : ["b", "a"];
  };
  /** Where a child has found the root it is below; undefined if it is below another cluster. */
  const joinedRoot = (name: string) => {
    const joined = roots.program(name).logged("joined parent").at(-1);
    return joined?.parent === "root" ? joined.address : undefined;
  };
  const terms = (name: string) => roots.program(name).logged("leads from now on").length;

  it("elects the first, which the lease names", async () => {
    expect(await both()).toEqual(["a", "b"]);
    const { spec } = await roots.lease();
    expect(spec).toMatchObject({ leaseTransitions: 0, leaseDurationSeconds: LEASE_SECONDS });
    expect(terms("b")).toBe(0);
    await expectDoneOnce(await roots.task("first", create("first")));
  });

  it("sends a child to the leader that asks the other one, also to join with a token", async () => {
    await roots.launchCluster("late", ["b"]);
    await roots.online("late");
    await roots.program("late").says("joined parent");
    expect(roots.program("late").logged("joined parent")).toMatchObject([
      { parent: "root", address: roots.address("a") },
    ]);
  });

  it("goes on with the other root when the leader is killed, and no task is lost or done twice", async () => {
    api.hold("after");
    const during = await roots.task("held", create("held"));
    await api.holds();
    await roots.program("a").kill();
    const orphan = await roots.task("orphan", create("orphan"));
    await roots.leads("b");
    api.release();
    await expectDoneOnce(during);
    await expectDoneOnce(orphan);
    await expectDoneOnce(await roots.task("after", create("after")));
    await roots.online("late", "single");
    // It has never seen the first of its roots.
    await roots.launchCluster("fresh", ["a", "b"]);
    await roots.online("fresh");
    expect(children()).toEqual(pids);
    expect((await roots.lease()).spec?.leaseTransitions).toBe(1);
  });

  it("takes the killed one back as the one that does not lead, without moving a child", async () => {
    roots.launchRoot("a");
    await roots.program("a").says("children are sent to the leader");
    const joined = () =>
      ["region", "fresh"].map((name) => roots.program(name).logged("joined parent").length);
    const before = joined();
    // One that does not know yet whose address that is tries to go home there.
    await eventually("fresh has asked a", () =>
      roots
        .program("a")
        .logged("connection refused")
        .some(({ peer, code }) => peer === "fresh" && code === "NOT_LEADER"),
    );
    await expectDoneOnce(await roots.task("settled", create("settled")));
    expect(joined()).toEqual(before);
    await eventually("single is below b", () => joinedRoot("single") === roots.address("b"));
    expect(await both()).toEqual(["b", "a"]);
  }, 120_000);

  it("is led by the other one at once when the leader is asked to stop", async () => {
    const [leader, follower] = await both();
    expect(await roots.program(leader).stop()).toEqual({ code: 0, signal: null });
    expect(roots.program(leader).logged("leadership given back")).toHaveLength(1);
    await roots.leads(follower);
    await expectDoneOnce(await roots.task("handed", create("handed")));
    roots.launchRoot(leader);
    await roots.program(leader).says("children are sent to the leader");
  });

  it("hears nothing more of a leader that was stopped for a while", async () => {
    const [leader, follower] = await both();
    const before = terms(follower);
    api.hold("after");
    const task = await roots.task("frozen", create("frozen"));
    await api.holds();
    roots.program(leader).signal("SIGSTOP");
    // The answer waits in the socket of the stopped leader.
    api.release();
    await roots.leads(follower, before + 1);
    await expectDoneOnce(task);
    const direct = ["region", "late", "single", "fresh"];
    await roots.online("shop", ...direct);
    const written = await eventually("nothing is written any more", async () => {
      const before = await versions();
      for (const _ of [1, 2, 3]) await renewed();
      return JSON.stringify(await versions()) === JSON.stringify(before) && before;
    });
    roots.program(leader).signal("SIGCONT");
    await roots.program(leader).says("leads no more");
    await eventually(
      "the former leader follows",
      () => roots.program(leader).logged("children are sent to the leader").length > 0,
    );
    expect(await both()).toEqual([follower, leader]);
    expect(await versions()).toEqual(written);
    await roots.online("shop", ...direct);
    await expectDoneOnce(await roots.task("thawed", create("thawed")));
    expect(children()).toEqual(pids);
  }, 120_000);

  it("has no leader while the API server is away, and one soon after it is back", async () => {
    const [leader] = await both();
    await plane().stopApi();
    await roots.program(leader).says("leads no more");
    await plane().startApi();
    await roots.online("region", "shop", "late");
    await expectDoneOnce(await roots.task("reborn", create("reborn")));
    expect(["a", "b"].map((name) => roots.program(name).running)).toEqual([true, true]);
    expect(children()).toEqual(pids);
  });

  /** Resolves when the leader has renewed its lease. */
  async function renewed(): Promise<void> {
    const before = (await roots.lease()).spec?.renewTime;
    await eventually(
      "the lease is renewed",
      async () => (await roots.lease()).spec?.renewTime !== before,
    );
  }

  /** The revision of every object that a leader writes, but for the clusters that may just be going home. */
  async function versions(): Promise<Record<string, string>> {
    const all = await Promise.all(
      [CLUSTER, CLUSTER_CONTROLLER, CLUSTER_CONTROLLER_RESULT].map((type) =>
        roots.client.list(type),
      ),
    );
    const items = all.flatMap((list) => list.items.map((item) => ({ ...item, kind: list.kind })));
    const steady = items.filter(
      ({ kind, metadata: { name } }) => kind !== "ClusterList" || name === "root",
    );
    return Object.fromEntries(
      steady.map(({ kind, metadata: { name, resourceVersion = "" } }) => [
        `${kind} ${name}`,
        resourceVersion,
      ]),
    );
  }
});
