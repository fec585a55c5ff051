import {
  CLUSTER_CONTROLLER,
  CLUSTER_CONTROLLER_RESULT,
  type ClusterController,
  type ClusterControllerResult,
  type ClusterVerdict,
  TASK_LABEL,
  TASK_UID_LABEL,
} from "../../apis/cluster-controller.ts";
import { apiVersionOf } from "../../apis/object.ts";
import type { ResourceClient } from "../../apis/resource-client.ts";
import { isStatus } from "../../apis/status.ts";
import { firstPages, type Page, type TaskOrderText } from "./result-pages.ts";

/** Which task's pages are meant. */
export interface TaskKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The key of a ClusterController object. */
export function taskKey({ metadata }: ClusterController): TaskKey {
  return { namespace: metadata.namespace ?? "", name: metadata.name, uid: metadata.uid ?? "" };
}

/** The pages of tasks' outcomes as ClusterControllerResult objects. */
export class ResultStore {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** The pages of a task in order, or undefined if its selection was not written completely. */
  async load(task: TaskKey, signal: AbortSignal): Promise<Page[] | undefined> {
    const { items } = await this.#client.list<ClusterControllerResult>(
      CLUSTER_CONTROLLER_RESULT,
      { namespace: task.namespace, labelSelector: `${TASK_UID_LABEL}=${task.uid}` },
      signal,
    );
    const sorted = [...items].sort((a, b) => a.spec.page - b.spec.page);
    const pages = sorted.map(({ spec, results }) => ({
      order: spec.order,
      selected: spec.selected ?? [],
      results: results ?? {},
    }));
    const selected = pages.reduce((sum, page) => sum + page.selected.length, 0);
    const [first] = sorted;
    return first?.spec.page === 1 && selected === first.spec.selectedTotal ? pages : undefined;
  }

  /** Writes the selection of a new task, page by page; pages from an attempt that broke off are replaced. */
  async freeze(
    task: TaskKey,
    selected: readonly string[],
    order: TaskOrderText,
    signal: AbortSignal,
  ): Promise<Page[]> {
    const pages = firstPages(selected, order);
    // The first page says how many clusters there are in all: written last, it makes the others valid.
    for (const [index, page] of [...pages.entries()].reverse()) {
      await this.#put(pageObject(task, index, page, selected.length), signal);
    }
    return pages;
  }

  /** Adds verdicts to a page; a page that does not exist yet is created. */
  async add(
    task: TaskKey,
    page: number,
    results: Readonly<Record<string, ClusterVerdict>>,
    selectedTotal: number,
    signal: AbortSignal,
  ): Promise<void> {
    const key = { namespace: task.namespace, name: pageName(task, page) };
    try {
      await this.#client.patch(CLUSTER_CONTROLLER_RESULT, key, "merge", { results }, {}, signal);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
      await this.#put(pageObject(task, page, { selected: [], results }, selectedTotal), signal);
    }
  }

  /** Removes all pages of a task. */
  async delete(task: TaskKey, signal: AbortSignal): Promise<void> {
    await this.#client.deleteCollection(
      CLUSTER_CONTROLLER_RESULT,
      { namespace: task.namespace, labelSelector: `${TASK_UID_LABEL}=${task.uid}` },
      signal,
    );
  }

  async #put(object: ClusterControllerResult, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.create(CLUSTER_CONTROLLER_RESULT, object, signal);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      const { namespace, name } = object.metadata;
      const key = { namespace, name };
      await this.#client.delete(CLUSTER_CONTROLLER_RESULT, key, signal).catch((gone: unknown) => {
        if (!isStatus(gone, "NotFound")) throw gone;
      });
      await this.#client.create(CLUSTER_CONTROLLER_RESULT, object, signal);
    }
  }
}

function pageName({ name }: TaskKey, page: number): string {
  return `${name}-${page + 1}`;
}

function pageObject(
  task: TaskKey,
  index: number,
  { order, selected, results }: Page,
  selectedTotal: number,
): ClusterControllerResult {
  const { namespace, name, uid } = task;
  const apiVersion = apiVersionOf(CLUSTER_CONTROLLER);
  return {
    apiVersion,
    kind: CLUSTER_CONTROLLER_RESULT.kind,
    metadata: {
      namespace,
      name: pageName(task, index),
      labels: {
        [TASK_LABEL]: name.slice(0, 63).replace(/[^A-Za-z0-9]+$/, ""),
        [TASK_UID_LABEL]: uid,
      },
      ownerReferences: [{ apiVersion, kind: CLUSTER_CONTROLLER.kind, name, uid }],
    },
    spec: {
      taskName: name,
      taskUID: uid,
      page: index + 1,
      selectedTotal,
      ...(order === undefined ? {} : { order }),
      selected,
    },
    results,
  };
}
