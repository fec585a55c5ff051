/** One request for the software of one cluster. */
export interface ShimTask {
  /** Unique in the whole tree and for all time; the same id is never a different task. */
  readonly id: string;
  readonly destination: string;
  readonly method: string;
  readonly url: string;
  /** Text as its author wrote it; empty if there is none. */
  readonly body: string;
  /** Media type of the body, where the author gave one. */
  readonly contentType?: string | undefined;
  /** Milliseconds after which nobody waits for it any more, for shims that hand it on to another process. */
  readonly ttlMs?: number | undefined;
}

/** What came of it. */
export interface ShimResult {
  /** `refused`: not attempted, and would never be; `failed`: attempted or attemptable, without success. */
  readonly verdict: "done" | "failed" | "refused";
  /** HTTP code, where the destination answered or the failure has a natural one (503, 504); never 0. */
  readonly code?: number | undefined;
  /** One word in CamelCase when the verdict is not `done`. */
  readonly reason?: string | undefined;
  /** The answer's body, or a sentence that says what went wrong. */
  readonly body: string;
  /** Whether `body` was cut to the size that fits into a result object. */
  readonly truncated?: boolean | undefined;
}

/**
 * The western port: the software of one managed cluster. Tasks may run at the same time. `run` never
 * rejects: whatever happens is a result, also an abort of `signal` (`failed`, reason `DeadlineExceeded`
 * or `Interrupted`). It does not remember tasks; who calls it does.
 */
export interface ClusterShim {
  /** The destinations it serves; a task for another one is `refused`. */
  readonly destinations: readonly string[];
  run(task: ShimTask, signal: AbortSignal): Promise<ShimResult>;
}

/**
 * A shim that can find out what became of a task whose run was cut off by a crash. It resolves to the
 * result, or to "run" when running the task now cannot execute it a second time.
 */
export interface RecoveringShim extends ClusterShim {
  recover(task: ShimTask, startedAt: Date, signal: AbortSignal): Promise<ShimResult | "run">;
}

/** Whether `shim` has that power. */
export function canRecover(shim: ClusterShim): shim is RecoveringShim {
  return "recover" in shim;
}

/** Largest result body, in characters: with its page around it, a result stays below 512 KiB. */
export const MAX_RESULT_BODY = 128 * 1024;
