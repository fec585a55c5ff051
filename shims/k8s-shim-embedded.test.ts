import { afterAll, beforeAll, describe } from "vitest";
import { EmbeddedApi } from "../pkg/apiserver/embedded-api.ts";
import { silentLog } from "../pkg/base/log.ts";
import { noMetrics } from "../pkg/base/metrics.ts";
import { temporaryDirectory } from "../pkg/base/temporary-directory.ts";
import { KubeconfigTransport } from "../pkg/kube/kubeconfig-transport.ts";
import { describeK8sShim } from "./k8s-shim.contract.ts";

describe("With an embedded API", () => {
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let api: EmbeddedApi;
  beforeAll(async () => {
    folder = await temporaryDirectory();
    const options = { name: "test", dataDir: folder.path, listen: "127.0.0.1:0", crds: [] };
    api = await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics });
    await api.writeKubeconfig(`${folder.path}/kubeconfig`);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  describeK8sShim("its transport", async () => api.transport);
  describeK8sShim("its listener", () => KubeconfigTransport.open(`${folder.path}/kubeconfig`));
});
