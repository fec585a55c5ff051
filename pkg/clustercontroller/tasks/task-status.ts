import {
  type ClusterControllerStatus,
  type ClusterVerdict,
  type Condition,
  type TaskSummary,
  VERDICTS,
} from "../../apis/cluster-controller.ts";
import { fitVerdict } from "./result-pages.ts";

/** Most JSON bytes of verdicts inside the status itself. */
export const INLINE_BYTES = 256 * 1024;
/** Most JSON bytes of one verdict inside the status. */
export const INLINE_VERDICT_BYTES = 16 * 1024;

/** Counts verdicts and keeps the first of them small enough to stand in the status. */
export class TaskTally {
  readonly selected: number;
  readonly #counts: Record<ClusterVerdict["verdict"], number> = {
    done: 0,
    failed: 0,
    refused: 0,
    unreachable: 0,
    expired: 0,
  };
  #inlineLeft = INLINE_BYTES;

  constructor(selected: number) {
    this.selected = selected;
  }

  /** Counts a verdict; returns it as it may stand in the status, or undefined if there is no room left. */
  add(verdict: ClusterVerdict): ClusterVerdict | undefined {
    this.#counts[verdict.verdict]++;
    const inline = fitVerdict(verdict, INLINE_VERDICT_BYTES);
    const size = Buffer.byteLength(JSON.stringify(inline)) + 80;
    if (size > this.#inlineLeft) {
      this.#inlineLeft = 0;
      return undefined;
    }
    this.#inlineLeft -= size;
    return inline;
  }

  get pending(): number {
    return this.selected - VERDICTS.reduce((sum, verdict) => sum + this.#counts[verdict], 0);
  }

  get summary(): TaskSummary {
    return { selected: this.selected, pending: this.pending, ...this.#counts };
  }
}

/** When each condition became what it is; a condition that does not change keeps its time. */
export interface StatusTimes {
  readonly accepted: string;
  readonly now: string;
}

/** The status of a task that is executed, without the verdicts themselves. */
export function statusOf(
  tally: TaskTally,
  times: StatusTimes,
): Omit<ClusterControllerStatus, "clusters"> {
  const { summary } = tally;
  const completed = summary.pending === 0;
  return {
    phase: completed ? "Completed" : "Running",
    summary,
    conditions: [
      condition(
        "Accepted",
        true,
        "Selected",
        `${countOf(summary.selected)} selected`,
        times.accepted,
      ),
      condition(
        "Completed",
        completed,
        ...completion(summary),
        completed ? times.now : times.accepted,
      ),
    ],
  };
}

/** The status of a task that can not be executed by anybody, because it says something that means nothing. */
export function refusedStatus(
  reason: string,
  message: string,
  now: string,
): ClusterControllerStatus {
  return {
    phase: "Completed",
    summary: new TaskTally(0).summary,
    conditions: [
      condition("Accepted", false, reason, message, now),
      condition(
        "Completed",
        true,
        "Refused",
        "The task was not accepted and nothing was executed",
        now,
      ),
    ],
  };
}

function completion(summary: TaskSummary): [reason: string, message: string] {
  if (summary.pending > 0)
    return ["Running", `${summary.pending} of ${countOf(summary.selected)} without a verdict yet`];
  if (summary.selected === 0)
    return ["NoClusterSelected", "No cluster matches the selector, so nothing was executed"];
  const counts = VERDICTS.filter((verdict) => summary[verdict] > 0).map(
    (verdict) => `${summary[verdict]} ${verdict}`,
  );
  return [summary.done === summary.selected ? "AllDone" : "NotAllDone", counts.join(", ")];
}

function countOf(clusters: number): string {
  return clusters === 1 ? "1 cluster" : `${clusters} clusters`;
}

function condition(
  type: string,
  status: boolean,
  reason: string,
  message: string,
  time: string,
): Condition {
  return { type, status: status ? "True" : "False", reason, message, lastTransitionTime: time };
}
