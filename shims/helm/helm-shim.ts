import { errorText } from "../../pkg/base/errors.ts";
import { Turns } from "../../pkg/base/turns.ts";
import type { RecoveringShim, ShimResult, ShimTask } from "../../pkg/shim/shim.ts";
import { unknownOutcome } from "../recover-api-task.ts";
import { TaskRefusedError } from "../task-refused.ts";
import { resultOfHelm } from "./helm-answer.ts";
import { CHART_FILE, helmArguments, historyArguments, VALUES_FILE } from "./helm-arguments.ts";
import { HelmMissingError, runHelm } from "./helm-program.ts";
import { type HelmTask, readHelmTask } from "./helm-task.ts";
import { type HelmDirectory, HelmWorkspace } from "./helm-workspace.ts";
import { reads, recoverHelmTask } from "./recover-helm-task.ts";

/** Which helm, and for which cluster. */
export interface HelmShimOptions {
  /** The program: a path, or a name that is looked for on PATH. */
  readonly helm: string;
  /** A file, absolute. */
  readonly kubeconfig: string;
  /** Whether charts may be fetched by plain http:. */
  readonly plainHttp?: boolean | undefined;
  /** Runs at the same time; each is a process of some 50 MiB. */
  readonly atOnce?: number | undefined;
  /** Where runs have their private directories. */
  readonly temporary?: string | undefined;
}

/** The task's deadline less this is helm's own limit, so that it can end properly. */
const ENDING_SECONDS = 5;

/** Releases of charts in one cluster: a task for destination "helm" is one run of the program helm. */
export class HelmShim implements RecoveringShim, AsyncDisposable {
  readonly destinations = ["helm"];
  readonly #options: HelmShimOptions;
  readonly #workspace: HelmWorkspace;
  readonly #turns: Turns;
  readonly #stop = new AbortController();
  readonly #busy = new Set<Promise<unknown>>();

  private constructor(options: HelmShimOptions, workspace: HelmWorkspace) {
    this.#options = options;
    this.#workspace = workspace;
    this.#turns = new Turns(options.atOnce ?? 4);
  }

  /** Also ends what a process before us has left at work. */
  static async open(options: HelmShimOptions): Promise<HelmShim> {
    return new HelmShim(options, await HelmWorkspace.open(options.temporary));
  }

  /** Ends what is still at work, and waits for that: nobody would look after it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#busy);
    await this.#workspace[Symbol.asyncDispose]();
  }

  run(task: ShimTask, signal: AbortSignal): Promise<ShimResult> {
    return this.#watched(this.#run(task, AbortSignal.any([signal, this.#stop.signal])));
  }

  recover(task: ShimTask, startedAt: Date, signal: AbortSignal): Promise<ShimResult | "run"> {
    const either = AbortSignal.any([signal, this.#stop.signal]);
    return this.#watched(this.#recover(task, startedAt, either));
  }

  async #watched<T>(work: Promise<T>): Promise<T> {
    this.#busy.add(work);
    try {
      return await work;
    } finally {
      this.#busy.delete(work);
    }
  }

  async #run(task: ShimTask, signal: AbortSignal): Promise<ShimResult> {
    const until = performance.now() + (task.ttlMs ?? Number.POSITIVE_INFINITY);
    let started = false;
    try {
      const read = readHelmTask(task, this.#options.plainHttp ?? false);
      using _turn = await this.#turns.next(signal);
      await using directory = await this.#prepare(read);
      const argv = helmArguments(read, this.#files(directory), timeoutOf(read, until));
      started = !reads(read);
      const answer = await runHelm(this.#options.helm, argv, directory.path, signal);
      if (signal.aborted && answer.code !== 0) return late(started);
      return resultOfHelm(read, answer);
    } catch (error) {
      return failure(error, signal, started);
    }
  }

  async #recover(
    task: ShimTask,
    startedAt: Date,
    signal: AbortSignal,
  ): Promise<ShimResult | "run"> {
    try {
      const read = readHelmTask(task, this.#options.plainHttp ?? false);
      if (reads(read)) return "run";
      using _turn = await this.#turns.next(signal);
      await using directory = await this.#workspace.directory();
      const argv = historyArguments(read, this.#files(directory));
      const history = await runHelm(this.#options.helm, argv, directory.path, signal);
      return recoverHelmTask(read, startedAt, history);
    } catch (error) {
      // It was refused the first time, too.
      return error instanceof TaskRefusedError ? "run" : unknownOutcome(errorText(error));
    }
  }

  async #prepare({ chart, values }: HelmTask): Promise<HelmDirectory> {
    const directory = await this.#workspace.directory();
    if (chart?.from === "archive") await directory.write(CHART_FILE, chart.archive);
    if (values !== undefined) await directory.write(VALUES_FILE, JSON.stringify(values));
    return directory;
  }

  #files({ path: directory }: HelmDirectory) {
    return { directory, kubeconfig: this.#options.kubeconfig };
  }
}

function timeoutOf({ timeoutSeconds }: HelmTask, until: number): number {
  const left = Math.floor((until - performance.now()) / 1000) - ENDING_SECONDS;
  return Math.max(1, Math.min(timeoutSeconds, left));
}

function failure(error: unknown, signal: AbortSignal, started: boolean): ShimResult {
  if (error instanceof TaskRefusedError)
    return { verdict: "refused", reason: error.reason, body: error.message };
  if (error instanceof HelmMissingError) {
    const body = `${error.message}; install Helm 3 there, or say where it is with --helm`;
    return { verdict: "refused", reason: "HelmMissing", body };
  }
  if (signal.aborted) return late(started);
  return { verdict: "failed", code: 500, reason: "ShimFailed", body: errorText(error) };
}

function late(started: boolean): ShimResult {
  const doubt = started ? "; helm was ended, and the release may be half done" : "";
  const body = `Cannot wait for helm any longer: the deadline has passed${doubt}`;
  return { verdict: "failed", code: 504, reason: "DeadlineExceeded", body };
}
