import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import type { ApiTransport } from "../../pkg/apis/api-transport.ts";
import { EmbeddedApi } from "../../pkg/apiserver/embedded-api.ts";
import { silentLog } from "../../pkg/base/log.ts";
import { noMetrics } from "../../pkg/base/metrics.ts";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { KubeconfigTransport } from "../../pkg/kube/kubeconfig-transport.ts";
import { describeDifferences, describeParity } from "./parity-suite.ts";

describe("the embedded API", () => {
  const open = new AsyncDisposableStack();
  let transport: ApiTransport | undefined;

  beforeAll(async () => {
    const { path } = open.use(await temporaryDirectory());
    const options = {
      name: "parity",
      dataDir: join(path, "data"),
      listen: "127.0.0.1:0",
      crds: [],
    };
    const api = open.use(await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics }));
    const kubeconfig = join(path, "kubeconfig");
    await api.writeKubeconfig(kubeconfig);
    transport = open.use(await KubeconfigTransport.open(kubeconfig));
  });
  afterAll(() => open.disposeAsync());

  describeParity("embedded", () => {
    if (transport === undefined) throw new Error("the server is there only while tests run");
    return transport;
  });
});

describe("the table of differences", () => {
  describeDifferences(readFileSync("docs/api-parity.md", "utf8"));
});
