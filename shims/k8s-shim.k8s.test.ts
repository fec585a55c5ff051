import { expect, it } from "vitest";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { describeWithControlPlane } from "../test/support/control-plane.ts";
import { describeK8sShim } from "./k8s-shim.contract.ts";
import { K8sShim } from "./k8s-shim.ts";

describeWithControlPlane("With a real API server", (plane) => {
  const open = () => KubeconfigTransport.open(plane().kubeconfig);
  describeK8sShim("kube-apiserver", open);

  it("merges lists by their keys in a strategic patch", async () => {
    await using transport = await open();
    const shim = new K8sShim(transport);
    const url = "/api/v1/namespaces/default/services";
    const run = (method: string, at: string, body: string, contentType?: string) =>
      shim.run(
        { id: "1", destination: "api", method, url: at, body, contentType },
        AbortSignal.timeout(10_000),
      );
    await run("POST", url, "metadata: {name: x}\nspec: {ports: [{name: a, port: 1}]}");
    const type = "application/strategic-merge-patch+json";
    const patched = await run("PATCH", `${url}/x`, "spec: {ports: [{name: b, port: 2}]}", type);
    const ports: { port: number }[] = JSON.parse(patched.body).spec.ports;
    expect(ports.map(({ port }) => port).sort()).toEqual([1, 2]);
  });

  it("answers while the API server is away, and works again when it is back", async () => {
    await using transport = await open();
    const shim = new K8sShim(transport, { tries: 2, first: 10 });
    const task = { id: "1", destination: "api", method: "GET", url: "/version", body: "" };
    const run = () => shim.run(task, AbortSignal.timeout(10_000));
    await plane().stopApi();
    expect(await run()).toMatchObject({ verdict: "failed", code: 503, reason: "ApiUnreachable" });
    await plane().startApi();
    expect(await run()).toMatchObject({ verdict: "done", code: 200 });
  });
});
