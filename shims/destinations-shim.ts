import {
  type ClusterShim,
  canRecover,
  type RecoveringShim,
  type ShimResult,
  type ShimTask,
} from "../pkg/shim/shim.ts";

/** Several shims for one cluster as one: each task goes to the one that serves its destination. */
export class DestinationsShim implements RecoveringShim {
  readonly destinations: readonly string[];
  readonly #shims: readonly ClusterShim[];

  constructor(shims: readonly ClusterShim[]) {
    this.#shims = shims;
    this.destinations = shims.flatMap((shim) => shim.destinations);
  }

  async run(task: ShimTask, signal: AbortSignal): Promise<ShimResult> {
    return this.#of(task)?.run(task, signal) ?? this.#refusal(task);
  }

  async recover(task: ShimTask, startedAt: Date, signal: AbortSignal): Promise<ShimResult | "run"> {
    const shim = this.#of(task);
    if (shim === undefined) return this.#refusal(task);
    if (canRecover(shim)) return shim.recover(task, startedAt, signal);
    const body =
      "Cannot tell what became of the task: its shim does not look into what was cut off";
    return { verdict: "failed", code: 500, reason: "OutcomeUnknown", body };
  }

  #of({ destination }: ShimTask): ClusterShim | undefined {
    return this.#shims.find(({ destinations }) => destinations.includes(destination));
  }

  #refusal({ destination }: ShimTask): ShimResult {
    const known = this.destinations.map((name) => `"${name}"`).join(", ");
    const body = `Cannot serve destination ${JSON.stringify(destination)}: this cluster has ${known}`;
    return { verdict: "refused", reason: "UnknownDestination", body };
  }
}
