import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddedApi } from "../../pkg/apiserver/embedded-api.ts";
import { silentLog } from "../../pkg/base/log.ts";
import { noMetrics } from "../../pkg/base/metrics.ts";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { KUBECTLS } from "../support/kubectl.ts";
import { KUBECTL_LINES, type KubectlLine } from "./kubectl-lines.ts";
import { type LineResult, tell } from "./kubectl-story.ts";

describe.skipIf(KUBECTLS.length > 0)("kubectl", () => {
  it.skip("was not found on PATH nor in OTE_TEST_KUBECTLS", () => {});
});

describe.each(KUBECTLS)("%s and the embedded API", (kubectl) => {
  const open = new AsyncDisposableStack();
  let results: ReadonlyMap<KubectlLine, LineResult> = new Map();

  beforeAll(async () => {
    const { path } = open.use(await temporaryDirectory());
    const options = { name: "lines", dataDir: join(path, "data"), listen: "127.0.0.1:0", crds: [] };
    const api = open.use(await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics }));
    const kubeconfig = join(path, "kubeconfig");
    await api.writeKubeconfig(kubeconfig);
    results = await tell(kubectl, kubeconfig, path);
  }, 180_000);
  afterAll(() => open.disposeAsync());

  it.each([...KUBECTL_LINES])("$line", (line) => {
    const { hasFailed, out, err } = results.get(line) ?? {};
    expect({ hasFailed, ...(hasFailed === (line.fails ?? false) ? {} : { out, err }) }).toEqual({
      hasFailed: line.fails ?? false,
    });
  });
});
