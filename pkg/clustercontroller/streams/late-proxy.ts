import type { ClusterProxy, ProxyExchange, ProxyRequest } from "../../apis/cluster-proxy.ts";
import { failed } from "./stream-switch.ts";

/** A way to clusters for an API that serves before its controller runs. */
export class LateProxy implements ClusterProxy {
  /** Through whom to go, once there is somebody. */
  through: ClusterProxy | undefined;

  exchange(cluster: string, request: ProxyRequest): ProxyExchange {
    if (this.through !== undefined) return this.through.exchange(cluster, request);
    const body = failed("CLUSTER_UNREACHABLE", "The controller is starting");
    const answer = new Promise<never>((_, reject) =>
      body.once("close", () => reject(body.errored)),
    );
    answer.catch(() => {});
    return { body, answer };
  }
}
