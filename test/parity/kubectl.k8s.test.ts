import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddedApi } from "../../pkg/apiserver/embedded-api.ts";
import { silentLog } from "../../pkg/base/log.ts";
import { noMetrics } from "../../pkg/base/metrics.ts";
import { temporaryDirectory } from "../../pkg/base/temporary-directory.ts";
import { describeWithControlPlane } from "../support/control-plane.ts";
import { KUBECTLS, minorOf } from "../support/kubectl.ts";
import { KUBECTL_LINES, type KubectlLine } from "./kubectl-lines.ts";
import { type LineResult, tell } from "./kubectl-story.ts";

/** The release of the real server: a newer kubectl asks for groups that it does not have. */
const FITTING = KUBECTLS.find((kubectl) => minorOf(kubectl) === "20");

describe.skipIf(FITTING !== undefined)("kubectl 1.20", () => {
  it.skip("was not found on PATH nor in OTE_TEST_KUBECTLS", () => {});
});

describe.skipIf(FITTING === undefined)("kubectl 1.20", () => {
  describeWithControlPlane("prints the same of both servers", (plane) => {
    const open = new AsyncDisposableStack();
    type Results = ReadonlyMap<KubectlLine, LineResult>;
    let [ours, theirs]: [Results, Results] = [new Map(), new Map()];

    beforeAll(async () => {
      const { path } = open.use(await temporaryDirectory());
      const options = {
        name: "lines",
        dataDir: join(path, "data"),
        listen: "127.0.0.1:0",
        crds: [],
      };
      const api = open.use(await EmbeddedApi.open(options, { log: silentLog, metrics: noMetrics }));
      const kubeconfig = join(path, "kubeconfig");
      await api.writeKubeconfig(kubeconfig);
      ours = await tell(FITTING ?? "", kubeconfig, path);
      theirs = await tell(FITTING ?? "", plane().kubeconfig, path);
    }, 300_000);
    afterAll(() => open.disposeAsync());

    it.each([...KUBECTL_LINES])("$line", (line) => {
      const comparable = (result: LineResult | undefined) => {
        if (line.loose === true) return { hasFailed: result?.hasFailed };
        if (line.shuffled !== true) return result;
        return { ...result, out: result?.out.split("\n").sort() };
      };
      expect(comparable(ours.get(line))).toEqual(comparable(theirs.get(line)));
    });
  });
});
