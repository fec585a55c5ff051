import type { ShimResult } from "../../pkg/shim/shim.ts";
import { unknownOutcome } from "../recover-api-task.ts";
import { fitted } from "./helm-answer.ts";
import { descriptionOf } from "./helm-arguments.ts";
import { isMapping } from "./helm-fields.ts";
import type { HelmAnswer } from "./helm-program.ts";
import type { HelmTask } from "./helm-task.ts";

/** Clocks of the controller's machine and of ours never agree. */
const CLOCK_TOLERANCE_MS = 2000;

/** One line of a release's history. */
interface Revision {
  readonly revision: number;
  readonly updated: number;
  readonly status: string;
  readonly description: string;
}

/** Whether a task changes nothing, so that doing it again is harmless. */
export function reads({ action }: HelmTask): boolean {
  return action === "status" || action === "list";
}

/**
 * What became of a task that was cut off, as the history of its release shows it; the helm that may have
 * been at work is dead. "run" only if nothing has happened to the release since the task began.
 */
export function recoverHelmTask(
  task: HelmTask,
  startedAt: Date,
  history: HelmAnswer,
): ShimResult | "run" {
  const revisions = readHistory(history);
  if (revisions === undefined)
    return unknownOutcome(`helm cannot show the release: ${history.stderr.trim()}`);
  if (revisions === "none") {
    if (task.action !== "uninstall") return "run";
    return { verdict: "done", code: 200, body: "The release is not there any more" };
  }
  const since = startedAt.getTime() - CLOCK_TOLERANCE_MS;
  const own = revisions.find((revision) => isOwn(task, revision, since));
  if (own !== undefined) {
    const code = task.action === "install" ? 201 : 200;
    return { verdict: "done", code, ...fitted(JSON.stringify(shown(task, own))) };
  }
  const [latest] = revisions.toSorted((one, other) => other.revision - one.revision);
  if (latest === undefined || latest.status === "uninstalling" || !(latest.updated < since))
    return sinceThen(task, latest);
  return "run";
}

/** Something has happened to the release since, and its history does not say that it was this task. */
function sinceThen(task: HelmTask, latest: Revision | undefined): ShimResult {
  const seen = JSON.stringify(latest && shown(task, latest));
  if (latest?.status === "failed" && task.action !== "uninstall")
    return {
      verdict: "failed",
      code: 500,
      reason: "HelmFailed",
      ...fitted(`The execution was cut off, and the release has failed since it began: ${seen}`),
    };
  return unknownOutcome(`the release has changed since the task began: ${seen}`);
}

function isOwn(task: HelmTask, { status, description, updated }: Revision, since: number): boolean {
  if (/^pending/.test(status)) return false;
  switch (task.action) {
    case "install":
    case "upgrade":
      return description === descriptionOf(task);
    case "rollback":
      return (
        updated >= since && task.revision > 0 && description === `Rollback to ${task.revision}`
      );
    case "uninstall":
      return updated >= since && status === "uninstalled";
    default:
      return false;
  }
}

function shown({ release: name, namespace }: HelmTask, revision: Revision): object {
  return { name, namespace, ...revision, updated: new Date(revision.updated).toISOString() };
}

function readHistory({
  code,
  stdout,
  stderr,
}: HelmAnswer): readonly Revision[] | "none" | undefined {
  if (code !== 0) return /release: not found/i.test(stderr) ? "none" : undefined;
  try {
    const lines: unknown = JSON.parse(stdout);
    if (!Array.isArray(lines)) return undefined;
    return lines.filter(isMapping).map(({ revision, updated, status, description }) => ({
      revision: Number(revision),
      updated: Date.parse(String(updated)),
      status: String(status),
      description: String(description),
    }));
  } catch {
    return undefined;
  }
}
