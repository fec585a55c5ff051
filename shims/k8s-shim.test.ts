import { expect, it } from "vitest";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { describeShim, type ShimWorld } from "../pkg/shim/shim.contract.ts";
import type { ClusterShim } from "../pkg/shim/shim.ts";
import { ScriptedApi } from "../test/support/scripted-api.ts";
import { DestinationsShim } from "./destinations-shim.ts";
import { K8sShim } from "./k8s-shim.ts";

async function world(wrap = (shim: ClusterShim): ClusterShim => shim): Promise<ShimWorld> {
  const api = await ScriptedApi.listen();
  const transport = await KubeconfigTransport.open(api.kubeconfig);
  return {
    api,
    shim: wrap(new K8sShim(transport, { tries: 3, first: 2, longest: 5 })),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

describeShim("k8s", () => world());
describeShim("k8s among others", () => world((shim) => new DestinationsShim([shim])));

it("keeps the code of a write whose answer breaks off, and fails a read", async () => {
  await using w = await world();
  w.api.answer = () => ({ status: 201, headers: { "content-length": "100" }, body: breaking() });
  const task = { id: "1", destination: "api", url: "/api/v1/namespaces", body: "{}" };
  const signal = new AbortController().signal;
  const written = await w.shim.run({ ...task, method: "POST" }, signal);
  expect(written).toEqual({ verdict: "done", code: 201, body: '{"half', truncated: true });
  const read = await w.shim.run({ ...task, method: "GET" }, signal);
  expect(read).toMatchObject({ verdict: "failed", code: 503, reason: "ApiUnreachable" });

  async function* breaking() {
    yield '{"half';
    await new Promise<void>((resolve) => setImmediate(resolve));
    throw new Error("broken");
  }
});

it("reports what a transport throws against its contract as a failure", async () => {
  const shim = new K8sShim({
    request: () => Promise.reject(new TypeError("a bug")),
    async [Symbol.asyncDispose]() {},
  });
  const task = { id: "1", destination: "api", method: "GET", url: "/api", body: "" };
  expect(await shim.run(task, new AbortController().signal)).toEqual({
    verdict: "failed",
    code: 500,
    reason: "ShimFailed",
    body: "a bug",
  });
});
