import { describe, expect, it } from "vitest";
import { silentLog } from "../pkg/base/log.ts";
import { noMetrics } from "../pkg/base/metrics.ts";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { RemoteShim } from "../pkg/shim/remote-shim.ts";
import { describeShim, type ShimWorld } from "../pkg/shim/shim.contract.ts";
import type { ClusterShim, ShimResult, ShimTask } from "../pkg/shim/shim.ts";
import { ShimServer } from "../pkg/shim/shim-server.ts";
import { helloOf } from "../pkg/tunnel/tunnel.fixture.ts";
import { eventually } from "../test/support/eventually.ts";
import { freePort } from "../test/support/program.ts";
import { ScriptedApi } from "../test/support/scripted-api.ts";
import { K8sShim } from "./k8s-shim.ts";

const parts = { log: silentLog, metrics: noMetrics };

function serve(shim: ClusterShim, port = 0): Promise<ShimServer> {
  const listen = { host: "127.0.0.1", port };
  return ShimServer.listen(shim, { listen, heartbeatMs: 1000, version: "test" }, parts);
}

/** A remote shim that dials a port until it is disposed. */
function dial(port: number, name = "shop") {
  const shim = new RemoteShim({ endpoint: `127.0.0.1:${port}` }, parts);
  const stop = new AbortController();
  let hellos = 0;
  const hello = () => {
    hellos++;
    return helloOf(name);
  };
  const served = shim.serve(hello, stop.signal);
  return {
    shim,
    hellos: () => hellos,
    connected: () => eventually("the shim is connected", () => shim.connected),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await served;
    },
  };
}

async function world(): Promise<ShimWorld> {
  const api = await ScriptedApi.listen();
  const transport = await KubeconfigTransport.open(api.kubeconfig);
  const server = await serve(new K8sShim(transport, { tries: 3, first: 2, longest: 5 }));
  const dialled = dial(server.port);
  await dialled.connected();
  return {
    api,
    shim: dialled.shim,
    async [Symbol.asyncDispose]() {
      await dialled[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

describeShim("remote", world, { runsRecovered: true });

/** A shim whose tasks end when the test says so. */
class HeldShim implements ClusterShim {
  readonly destinations = ["api"];
  readonly ran: string[] = [];
  readonly aborted: string[] = [];
  #release: () => void = () => {};
  #gate = Promise.resolve();

  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release();
  }

  async run(task: ShimTask, signal: AbortSignal): Promise<ShimResult> {
    this.ran.push(task.id);
    signal.addEventListener("abort", () => this.aborted.push(task.id));
    await this.#gate;
    return { verdict: "done", code: 200, body: task.id };
  }
}

const task = (id: string, part: Partial<ShimTask> = {}): ShimTask => ({
  ...{ id, destination: "api", method: "GET", url: "/", body: "" },
  ...part,
});
const never = new AbortController().signal;

describe("A remote shim", () => {
  it("keeps a task until its process is there", async () => {
    const port = await freePort();
    await using dialled = dial(port);
    const result = dialled.shim.run(task("1"), never);
    const held = new HeldShim();
    await using _server = await serve(held, port);
    expect(await result).toMatchObject({ verdict: "done", body: "1" });
  });

  it("gives up when the deadline passes before its process was there, and sends nothing then", async () => {
    const port = await freePort();
    await using dialled = dial(port);
    const result = await dialled.shim.run(task("1"), AbortSignal.timeout(20));
    expect(result).toMatchObject({ verdict: "failed", code: 503, reason: "ShimUnreachable" });
    const held = new HeldShim();
    await using _server = await serve(held, port);
    expect(await dialled.shim.run(task("2"), never)).toMatchObject({ body: "2" });
    expect(held.ran).toEqual(["2"]);
  });

  it("is not asked for a second execution by a controller that comes back", async () => {
    const held = new HeldShim();
    held.hold();
    await using server = await serve(held);
    {
      await using first = dial(server.port);
      void first.shim.run(task("1"), never);
      await eventually("it runs", () => held.ran.length === 1);
    }
    await using second = dial(server.port);
    const asked = second.shim.recover(task("1"), new Date(), never);
    await second.connected();
    held.release();
    expect(await asked).toMatchObject({ verdict: "done", body: "1" });
    expect(await second.shim.recover(task("1"), new Date(), never)).toMatchObject({ body: "1" });
    expect(held.ran).toEqual(["1"]);
  });

  it("lets its process give up a task whose time is over", async () => {
    const held = new HeldShim();
    held.hold();
    await using server = await serve(held);
    await using dialled = dial(server.port);
    const deadline = new AbortController();
    const late = dialled.shim.run(task("1", { ttlMs: 50 }), deadline.signal);
    await eventually("it runs", () => held.ran.length === 1);
    deadline.abort();
    expect(await late).toMatchObject({ verdict: "failed", code: 504, reason: "DeadlineExceeded" });
    await eventually("it is given up", () => held.aborted.length === 1);
    held.release();
  });

  it("serves the controller that came last, and two do not fight over it", async () => {
    const held = new HeldShim();
    await using server = await serve(held);
    await using first = dial(server.port, "first");
    await first.connected();
    const other = await serve(held);
    await using third = dial(other.port, "third");
    await third.connected();
    await using second = dial(server.port, "second");
    expect(await second.shim.run(task("1"), never)).toMatchObject({ verdict: "done" });
    await eventually("the first is out", () => !first.shim.connected);
    const { port } = other;
    await other[Symbol.asyncDispose]();
    await using _again = await serve(held, port);
    const many = Array.from({ length: 50 }, (_, index) => task(`many-${index}`));
    for (const one of many)
      expect(await second.shim.run(one, never)).toMatchObject({ verdict: "done" });
    // One that was cut off after that, and may dial again, has done so.
    await eventually("the third is back", () => third.hellos() === 2);
    expect([first.hellos(), second.hellos()]).toEqual([1, 1]);
  });

  it("loses no task over thirty lives of its process", async () => {
    const port = await freePort();
    await using dialled = dial(port);
    const held = new HeldShim();
    for (let life = 0; life < 30; life++) {
      const before = dialled.shim.run(task(`before-${life}`), never);
      await using _server = await serve(held, port);
      expect(await before).toMatchObject({ verdict: "done" });
      const during = Array.from({ length: 5 }, (_, index) =>
        dialled.shim.run(task(`during-${life}-${index}`), never),
      );
      expect((await Promise.all(during)).every(({ verdict }) => verdict === "done")).toBe(true);
    }
    expect(new Set(held.ran).size).toBe(180);
    expect(held.ran).toHaveLength(180);
  });
});
