import { type Duplex, duplexPair } from "node:stream";
import { buffer } from "node:stream/consumers";
import { eventually } from "../../../test/support/eventually.ts";
import type { ProxyAnswer, ProxyRequest } from "../../apis/cluster-proxy.ts";
import { type Logger, silentLog } from "../../base/log.ts";
import { noMetrics } from "../../base/metrics.ts";
import { KubeconfigProxy } from "../../kube/kubeconfig-proxy.ts";
import { KubeconfigTransport } from "../../kube/kubeconfig-transport.ts";
import { helloOf } from "../../tunnel/tunnel.fixture.ts";
import { RemoteShim } from "../remote-shim.ts";
import type { ClusterShim } from "../shim.ts";
import { ShimServer } from "../shim-server.ts";
import type { ShimApiParts } from "./shim-api.ts";

const echo: ClusterShim = {
  destinations: ["api"],
  run: async ({ id }) => ({ verdict: "done", code: 200, body: id }),
};

/** What a shim has said of requests. */
export type Told = Readonly<Record<string, unknown>>;

/** A shim process with these powers, as far as its protocol goes. */
export async function startShim(api: ShimApiParts, told: Told[] = [], port = 0) {
  const note = (fields: object, message: string): void => {
    if (message.startsWith("request")) told.push({ ...fields });
  };
  const log: Logger = { ...silentLog, debug: note, info: note, warn: note };
  const listen = { host: "127.0.0.1", port };
  const options = { listen, heartbeatMs: 1000, version: "test" };
  return ShimServer.listen(echo, options, { log, metrics: noMetrics, api });
}

/** All powers that a shim can have before the API of a kubeconfig. */
export async function allPowers(kubeconfig: string) {
  const own = await KubeconfigTransport.open(kubeconfig);
  const proxy = new KubeconfigProxy(kubeconfig);
  return {
    own,
    proxy,
    async [Symbol.asyncDispose]() {
      await own[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** The controller's side of a shim that listens at `port`, until it is disposed. */
export function dialShim(port: number) {
  const parts = { log: silentLog, metrics: noMetrics };
  const remote = new RemoteShim({ endpoint: `127.0.0.1:${port}` }, parts);
  const stop = new AbortController();
  const served = remote.serve(() => helloOf("shop"), stop.signal);
  return {
    remote,
    connected: () => eventually("the shim is connected", () => remote.connected),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await served;
    },
  };
}

/** A request as it comes through the tree. */
export function requestOf(over: Partial<ProxyRequest> = {}): ProxyRequest {
  const user = { name: "alice", groups: ["dev", "ops"] };
  return { method: "GET", path: "/api/v1/pods?watch=1", headers: [], user, ...over };
}

/** A request that was made through a remote shim: our end of its body, and its answer. A lone GET has no body. */
export function ask(remote: RemoteShim, over: Partial<ProxyRequest> = {}) {
  const [ours, theirs] = duplexPair({ allowHalfOpen: true });
  for (const end of [ours, theirs]) end.on("error", () => {});
  // As with the streams of a tree, an end at one end is one at the other.
  ours.once("close", () => theirs.destroy());
  const ended = new Promise<Error | null>((resolve) => {
    theirs.once("close", () => {
      ours.destroy();
      resolve(theirs.errored);
    });
  });
  const answer = new Promise<ProxyAnswer>((resolve, reject) => {
    theirs.once("close", () => reject(theirs.errored ?? new Error("no answer")));
    remote.proxy.serve(requestOf(over), theirs, resolve);
  });
  answer.catch(() => {});
  if (over.method === undefined && over.headers === undefined) ours.end();
  const text = async (): Promise<string> => String(await buffer(ours));
  return { body: ours as Duplex, answer, text, ended };
}
