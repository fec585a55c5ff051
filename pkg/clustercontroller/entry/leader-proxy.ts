import type { ClusterProxy, ProxyExchange, ProxyRequest } from "../../apis/cluster-proxy.ts";
import { failed } from "../streams/stream-switch.ts";

/** The way to clusters for an entry: there is one while this node has a tree, and else it says who has. */
export class LeaderProxy implements ClusterProxy {
  #through: ClusterProxy | undefined;
  #leader: (() => string | undefined) | undefined;

  /** Why there is no way to clusters; undefined while there is one. */
  get obstacle(): string | undefined {
    if (this.#through !== undefined) return undefined;
    if (this.#leader === undefined) return "the controller is starting";
    const leader = this.#leader() || undefined;
    return leader === undefined
      ? "no root is known to lead"
      : `this root does not lead, the one whose children join at ${leader} does`;
  }

  /** This is one of several nodes with the same tree; `leader` is where children join the one that has it. */
  follow(leader: () => string | undefined): void {
    this.#leader = leader;
  }

  /** The tree is here, until `signal` aborts. */
  lead(through: ClusterProxy, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#through = through;
    const end = (): void => {
      if (this.#through === through) this.#through = undefined;
    };
    signal.addEventListener("abort", end, { once: true });
  }

  exchange(cluster: string, request: ProxyRequest): ProxyExchange {
    if (this.#through !== undefined) return this.#through.exchange(cluster, request);
    const code = this.#leader === undefined ? "CLUSTER_UNREACHABLE" : "NOT_LEADER";
    const body = failed(code, this.obstacle ?? "");
    const answer = new Promise<never>((_, reject) =>
      body.once("close", () => reject(body.errored)),
    );
    answer.catch(() => {});
    return { body, answer };
  }
}
