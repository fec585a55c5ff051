import {
  type ClusterControllerSpec,
  DEFAULT_DEADLINE_SECONDS,
} from "../../apis/cluster-controller.ts";
import { OteError } from "../../base/errors.ts";
import { parseSelector, type Selectable } from "../../topology/selector.ts";
import { parseTagSelector } from "../../topology/tag-selector.ts";
import { encodeTaskBody } from "../../wire/codec.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { TaskOrderText } from "./result-pages.ts";

/** A task says something that no cluster could act on. */
export class TaskInvalidError extends OteError {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Largest body of a task in bytes; a Kubernetes object is smaller. */
export const MAX_TASK_BODY = 1024 * 1024;

/** A task that was read: what to do, where, and for how long. */
export interface TaskPlan {
  /** Sorted; names that no cluster has yet may be among them. */
  readonly selected: readonly ClusterName[];
  readonly order: TaskOrderText;
}

/**
 * Reads a task and freezes the clusters it means: all of `known` that its selectors select, online or
 * not, and every exact name in it that nobody has yet, whom the task waits for. Throws a
 * TaskInvalidError or a SelectorError.
 */
export function planTask(spec: ClusterControllerSpec, known: Iterable<Selectable>): TaskPlan {
  return { selected: selectClusters(spec, known), order: readTask(spec) };
}

function readTask(spec: ClusterControllerSpec): TaskOrderText {
  const destination = spec.destination ?? "";
  const body = spec.body ?? "";
  if (destination === "") {
    throw invalid('spec.destination must be set, for example to "api": it is empty');
  }
  if (Buffer.byteLength(body) > MAX_TASK_BODY) {
    throw invalid(`spec.body must be at most ${MAX_TASK_BODY} bytes: it is larger`);
  }
  const method = spec.method || "GET";
  const encoded = encodeTaskBody({
    destination,
    method,
    url: spec.url ?? "",
    body,
    contentType: spec.contentType ?? "",
  });
  return {
    body: Buffer.from(encoded).toString("base64"),
    deadlineSeconds: spec.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS,
    parallelism: spec.parallelism ?? undefined,
  };
}

function invalid(what: string): TaskInvalidError {
  return new TaskInvalidError("InvalidTask", `Cannot execute the task as ${what}`);
}

function selectClusters(spec: ClusterControllerSpec, known: Iterable<Selectable>): ClusterName[] {
  const clusterSelector = spec.clusterSelector ?? "";
  const tagSelector = spec.selector ?? undefined;
  if (clusterSelector === "" && tagSelector === undefined) {
    throw new TaskInvalidError(
      "InvalidSelector",
      'Cannot select clusters as spec.clusterSelector or spec.selector must be set ("*" means all): both are empty',
    );
  }
  const byText = clusterSelector === "" ? undefined : parseSelector(clusterSelector);
  const byTags = tagSelector === undefined ? undefined : parseTagSelector(tagSelector);
  const all = [...known];
  const selected = all
    .filter((cluster) => byText?.selects(cluster) ?? true)
    .filter((cluster) => byTags?.(cluster.tags) ?? true)
    .map(({ name }) => name);
  // What an unknown cluster's tags are going to be nobody knows, so a selector over tags leaves it out.
  const awaited = byTags === undefined ? unknownNames(byText?.exactNames ?? [], all) : [];
  return [...selected, ...awaited].sort();
}

/** The words of a selector that are neither a cluster's name nor a tag yet: clusters that are still to come. */
function unknownNames(words: readonly ClusterName[], known: readonly Selectable[]): ClusterName[] {
  const used = new Set(known.flatMap(({ name, tags }) => [name as string, ...Object.keys(tags)]));
  return words.filter((word) => !used.has(word));
}
