import {
  CLUSTER_CONTROLLER,
  type ClusterController,
  type ClusterVerdict,
} from "../../apis/cluster-controller.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isStatus } from "../../apis/status.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import { WorkQueue } from "../../base/work-queue.ts";
import { Informer } from "../../kube/informer.ts";
import { type Selectable, SelectorError } from "../../topology/selector.ts";
import { clusterName } from "../../wire/names.ts";
import type { Settlement, TreeEvent } from "../event.ts";
import { orderOf, type Page } from "./result-pages.ts";
import { ResultStore, type TaskKey, taskKey } from "./result-store.ts";
import { planTask, TaskInvalidError } from "./task-plan.ts";
import { TaskRecord } from "./task-record.ts";
import { refusedStatus } from "./task-status.ts";

/** Longest name of a task: its result objects are called after it. */
export const MAX_TASK_NAME = 240;

/** What a desk works with. */
export interface TaskDeskParts {
  readonly client: ResourceClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly known: () => Iterable<Selectable>;
  readonly dispatch: (event: TreeEvent) => void;
}

/**
 * Takes ClusterController objects of one API as tasks of the tree, in any namespace, and writes what
 * comes of them beside them. The set of selected clusters is on disk before anything is sent, so a
 * restart goes on where it was.
 */
export class TaskDesk {
  readonly #parts: TaskDeskParts;
  readonly #results: ResultStore;
  readonly #queue: WorkQueue;
  readonly #informer: Informer<ClusterController>;
  /** Tasks that are being executed, by "namespace/name" and by uid. */
  readonly #byKey = new Map<string, TaskRecord>();
  readonly #byId = new Map<string, TaskRecord>();
  /** Deleted tasks whose pages are still to be removed, by uid. */
  readonly #gone = new Map<string, TaskKey>();

  constructor(parts: TaskDeskParts) {
    this.#parts = parts;
    this.#results = new ResultStore(parts.client);
    this.#queue = new WorkQueue((key, signal) => this.#reconcile(key, signal), {
      concurrency: 8,
      log: parts.log,
    });
    this.#informer = new Informer<ClusterController>(parts.client, CLUSTER_CONTROLLER, {
      log: parts.log,
      trim: essence,
      onChange: (key, object, previous) => {
        if (previous !== undefined && previous.metadata.uid !== object?.metadata.uid) {
          this.#gone.set(previous.metadata.uid ?? "", taskKey(previous));
        }
        if (needsWork(object) || object?.metadata.uid !== previous?.metadata.uid)
          this.#queue.mark(key);
      },
    });
  }

  /** Verdicts of a task are final; they are written soon, together with what else came meanwhile. */
  settled(id: string, settlements: readonly Settlement[]): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    for (const settlement of settlements) {
      const [cluster, verdict] = verdictOf(settlement);
      record.add(cluster, verdict);
      this.#parts.metrics.count("ote_task_verdicts_total", { verdict: verdict.verdict });
    }
    this.#queue.mark(record.objectKey);
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#informer.run(signal), this.#queue.run(signal)]);
  }

  /** An API without a garbage collector would keep the pages of a deleted task. */
  async #removePages(key: string, signal: AbortSignal): Promise<void> {
    for (const [uid, task] of this.#gone) {
      if (`${task.namespace}/${task.name}` !== key) continue;
      await this.#results.delete(task, signal);
      this.#gone.delete(uid);
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const object = this.#informer.objects.get(key);
    const record = this.#byKey.get(key);
    if (record !== undefined && record.key.uid !== object?.metadata.uid) this.#drop(record);
    await this.#removePages(key, signal);
    if (object === undefined) return;
    const present = this.#byKey.get(key);
    if (present !== undefined) await this.#flush(present, signal);
    else if (needsWork(object)) await this.#adopt(object, signal);
  }

  async #adopt(object: ClusterController, signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    const key = taskKey(object);
    try {
      const known = await this.#results.load(key, signal);
      const pages = known ?? (await this.#freeze(object, signal));
      const record = new TaskRecord(
        key,
        pages,
        this.#parts.client,
        this.#results,
        acceptedAt(object),
      );
      await record.flush(signal);
      this.#byKey.set(record.objectKey, record);
      this.#byId.set(key.uid, record);
      log.info(
        { task: key.uid, ...key, selected: record.selected, resumed: known !== undefined },
        "task accepted",
      );
      const resumedFrom = known && new Date(acceptedMs(object));
      this.#begin(object, record, pages, resumedFrom);
    } catch (error) {
      if (isStatus(error, "NotFound")) return;
      if (!(error instanceof SelectorError) && !(error instanceof TaskInvalidError)) throw error;
      log.warn({ ...key, code: error.code, text: error.message }, "task refused");
      const reason = error instanceof SelectorError ? "InvalidSelector" : error.code;
      const status = refusedStatus(reason, error.message, now());
      await this.#parts.client
        .patch(CLUSTER_CONTROLLER, key, "merge", { status }, { subresource: "status" }, signal)
        .catch(ignoreMissing);
    }
  }

  async #freeze(object: ClusterController, signal: AbortSignal): Promise<Page[]> {
    const key = taskKey(object);
    if (key.name.length > MAX_TASK_NAME) {
      const text = `Cannot execute the task as its name must be at most ${MAX_TASK_NAME} characters, to name its results: it is longer`;
      throw new TaskInvalidError("InvalidTask", text);
    }
    const { selected, order } = planTask(object.spec ?? {}, this.#parts.known());
    return this.#results.freeze(key, selected, order, signal);
  }

  #begin(
    object: ClusterController,
    record: TaskRecord,
    pages: readonly Page[],
    resumedFrom: Date | undefined,
  ): void {
    const waiting = record.waiting(pages).map(clusterName);
    if (waiting.length === 0) {
      this.#close(record);
      return;
    }
    const { body, deadlineSeconds, parallelism = Number.POSITIVE_INFINITY } = orderOf(pages);
    // Acceptance is on our own clock; the API server may have another one.
    const deadline = performance.now() + acceptedMs(object) + deadlineSeconds * 1000 - Date.now();
    const id = record.key.uid;
    const order = { id, body: Buffer.from(body, "base64"), waiting, deadline, parallelism };
    this.#parts.dispatch({ kind: "task-created", order: { ...order, resumedFrom } });
  }

  async #flush(record: TaskRecord, signal: AbortSignal): Promise<void> {
    try {
      await record.flush(signal);
    } catch (error) {
      ignoreMissing(error);
      // The object is gone: the watch says so in a moment, and then the task is dropped.
      return;
    }
    if (record.completed) {
      this.#parts.log.info(
        { task: record.key.uid, ...record.key, ...record.summary },
        "task completed",
      );
      this.#close(record);
    }
  }

  #drop(record: TaskRecord): void {
    this.#close(record);
    this.#parts.dispatch({ kind: "task-deleted", id: record.key.uid });
    this.#parts.log.info({ task: record.key.uid, ...record.key }, "task deleted");
  }

  #close({ objectKey, key }: TaskRecord): void {
    this.#byKey.delete(objectKey);
    this.#byId.delete(key.uid);
  }
}

/** What a desk needs of an object: finished tasks stay in the API for long and must not fill our memory. */
function essence({
  apiVersion,
  kind,
  metadata,
  spec,
  status,
}: ClusterController): ClusterController {
  const { namespace, name, uid, creationTimestamp, deletionTimestamp } = metadata;
  const slim = {
    apiVersion,
    kind,
    metadata: { namespace, name, uid, creationTimestamp, deletionTimestamp },
  };
  if (status === undefined) return { ...slim, spec };
  const { phase, summary, conditions } = status;
  const state = { phase, summary, conditions };
  return phase === "Completed" ? { ...slim, status: state } : { ...slim, spec, status: state };
}

function needsWork(object: ClusterController | undefined): boolean {
  return object?.status?.phase !== "Completed" && object?.metadata.deletionTimestamp === undefined;
}

function verdictOf(settlement: Settlement): [string, ClusterVerdict] {
  if (settlement.by === "deadline") {
    const { cluster, verdict } = settlement;
    const reason = verdict === "unreachable" ? "NoRoute" : "NoAnswer";
    return [cluster, { verdict, reason, timestamp: now() }];
  }
  const { cluster, verdict, code, reason, truncated, timestamp, body } = settlement.result;
  return [
    cluster,
    {
      verdict,
      ...(code === 0 ? {} : { code }),
      ...(reason === "" ? {} : { reason }),
      ...(truncated ? { truncated } : {}),
      ...(body.length === 0 ? {} : { body: new TextDecoder().decode(body) }),
      timestamp: timestamp === 0 ? now() : new Date(timestamp).toISOString(),
    },
  ];
}

/** Conditions say only in which second they began: its end, so that nobody gets less time than was asked for. */
function acceptedMs(object: ClusterController): number {
  return Math.min(Date.parse(acceptedAt(object)) + 999, Date.now());
}

function acceptedAt({ status }: ClusterController): string {
  const accepted = status?.conditions?.find(({ type }) => type === "Accepted");
  return accepted?.lastTransitionTime ?? now();
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}

function ignoreMissing(error: unknown): void {
  if (!isStatus(error, "NotFound")) throw error;
}
