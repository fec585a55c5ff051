import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import { type ClusterShim, canRecover, type ShimResult } from "../../shim/shim.ts";
import { resultMessage, shimTaskOf } from "../../shim/shim-message.ts";
import type { Result, Task } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { TaskOrder } from "../event.ts";
import type { Interrupted, LedgerStore } from "./ledger-store.ts";
import { LEDGER_MARGIN_MS } from "./task-ledger.ts";

/** Tasks given to the shim at the same time; more wait, in order. */
const MAX_RUNNING = 64;
/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 0x7fff_ffff;
/** How long the shim may look for the outcome of a task from before a crash. */
const RECOVERY_LIMIT_MS = 10 * 60_000;

/** What a runner works with. */
export interface TaskRunnerParts {
  readonly name: ClusterName;
  readonly shim: ClusterShim;
  readonly ledger: LedgerStore;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Told when a task has its result and the ledger has it on disk. */
  readonly onResult: (result: Result) => void;
}

/**
 * Gives tasks to the shim, each at most once: that a task is started is on disk before the shim hears
 * of it, and its result before anybody else does.
 */
export class TaskRunner {
  readonly #parts: TaskRunnerParts;
  readonly #signal: AbortSignal;
  readonly #queue: (() => Promise<void>)[] = [];
  /** Tasks that another process may have begun, and since when. */
  readonly #inherited = new Map<string, Date>();
  #running = 0;

  /** Work that is not finished when `signal` aborts is cut off and looked into at the next start. */
  constructor(parts: TaskRunnerParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Takes a task on; the ledger in memory has decided that it is a new one. */
  run(task: Task): void {
    const deadline = performance.now() + task.ttlMs;
    this.#enqueue(() => this.#execute(task, deadline));
  }

  /** Finds out what became of tasks that a crash cut off, and tells their results. */
  recover(interrupted: readonly Interrupted[]): void {
    for (const { task, startedAt } of interrupted) {
      const left = Math.max(task.ttlMs - LEDGER_MARGIN_MS, 1000);
      this.#enqueue(() => this.#recover(task, startedAt, left));
    }
  }

  /** Another process in our place may have begun this task: what became of it is found out before it is begun. */
  inherit({ id, waiting, resumedFrom }: TaskOrder): void {
    if (resumedFrom !== undefined && waiting.includes(this.#parts.name))
      this.#inherited.set(id, resumedFrom);
  }

  async forget(ids: readonly string[]): Promise<void> {
    await this.#parts.ledger.forget(ids).catch((error: unknown) => {
      this.#parts.log.warn(
        { code: errorCode(error), text: errorText(error) },
        "cannot clear ledger",
      );
    });
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue.push(work);
    this.#next();
  }

  #next(): void {
    if (this.#running >= MAX_RUNNING || this.#signal.aborted) return;
    const work = this.#queue.shift();
    if (work === undefined) return;
    this.#running++;
    void work()
      .catch((error: unknown) => {
        // A task that breaks its runner must not take the cluster controller along, again and again.
        this.#parts.log.error(
          { code: errorCode(error), text: errorText(error), err: error },
          "task runner failed",
        );
      })
      .finally(() => {
        this.#running--;
        this.#next();
      });
  }

  async #execute(task: Task, deadline: number): Promise<void> {
    const left = deadline - performance.now();
    if (left <= 0) {
      await this.#tell(task, {
        verdict: "failed",
        code: 504,
        reason: "DeadlineExceeded",
        body: TOO_LATE,
      });
      return;
    }
    try {
      await this.#parts.ledger.started(task, Date.now() + left + LEDGER_MARGIN_MS);
    } catch (error) {
      // What cannot be noted must not be started: a crash could execute it twice.
      this.#parts.log.error(
        { task: task.id, code: errorCode(error), text: errorText(error) },
        "task refused",
      );
      await this.#tell(task, {
        verdict: "refused",
        reason: "LedgerUnwritable",
        body: errorText(error),
      });
      return;
    }
    const begunAt = this.#inherited.get(task.id);
    this.#inherited.delete(task.id);
    if (begunAt === undefined) await this.#give(task, left);
    else await this.#recover(task, begunAt, left);
  }

  async #give(task: Task, ttlMs: number): Promise<void> {
    const { shim, log, metrics } = this.#parts;
    const began = performance.now();
    const signal = AbortSignal.any([
      this.#signal,
      AbortSignal.timeout(Math.min(Math.ceil(ttlMs), LONGEST_TIMER_MS)),
    ]);
    const result = await safely(() => {
      const shimTask = shimTaskOf(task);
      log.info(
        { task: task.id, origin: task.origin, method: shimTask.method, url: shimTask.url },
        "task started",
      );
      return shim.run({ ...shimTask, ttlMs }, signal);
    });
    // The program is stopping: whether the request arrived is found out at the next start.
    if (this.#signal.aborted && result.verdict === "failed") return;
    metrics.observe("ote_task_run_seconds", (performance.now() - began) / 1000);
    await this.#tell(task, result);
  }

  async #recover(task: Task, startedAt: Date, left: number): Promise<void> {
    const { shim, log } = this.#parts;
    log.info({ task: task.id, startedAt }, "looking for the outcome of an interrupted task");
    const ttlMs = RECOVERY_LIMIT_MS;
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(ttlMs)]);
    const outcome = canRecover(shim)
      ? await safely(() => shim.recover({ ...shimTaskOf(task), ttlMs }, startedAt, signal))
      : UNKNOWN_OUTCOME;
    if (this.#signal.aborted) return;
    if (outcome === "run") await this.#give(task, left);
    else await this.#tell(task, outcome);
  }

  async #tell(task: Task, outcome: ShimResult): Promise<void> {
    const { name, ledger, log, metrics, onResult } = this.#parts;
    const result = resultMessage(task, name, outcome, Date.now());
    await ledger.finished(result).catch((error: unknown) => {
      log.error(
        { task: task.id, code: errorCode(error), text: errorText(error) },
        "cannot note result",
      );
    });
    const { verdict, code, reason } = outcome;
    log.info({ task: task.id, verdict, code, reason }, "task finished");
    metrics.count("ote_tasks_executed_total", { verdict });
    onResult(result);
  }
}

const TOO_LATE = "The deadline passed while the task waited for others to finish";

const UNKNOWN_OUTCOME: ShimResult = {
  verdict: "failed",
  code: 500,
  reason: "OutcomeUnknown",
  body: "The cluster controller stopped while the task was executed; whether it took effect is not known",
};

/** A shim promises not to throw; a damaged task, or a broken promise, must still end in a verdict. */
async function safely<T>(run: () => Promise<T>): Promise<T | ShimResult> {
  try {
    return await run();
  } catch (error) {
    return { verdict: "failed", code: 500, reason: "ShimFailed", body: errorText(error) };
  }
}
