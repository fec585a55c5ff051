import { errorCode, errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { OldResponse } from "../../otev1/envelope.ts";
import type { OldLink } from "../../otev1/old-link.ts";
import { type OldOutcome, oldTaskOf, outcomeOf } from "../../otev1/old-task.ts";
import { MAX_RESULT_BODY } from "../../shim/shim.ts";
import { resultMessage } from "../../shim/shim-message.ts";
import type { Result, Task } from "../../wire/message.ts";
import { type ClusterName, clusterName } from "../../wire/names.ts";
import type { LedgerStore } from "../tasks/ledger-store.ts";
import { LEDGER_MARGIN_MS, TaskLedger } from "../tasks/task-ledger.ts";

/** Tasks of all old clusters together that are remembered. */
const OLD_LEDGER_LIMIT = 200_000;
/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 0x7fff_ffff;
/** Milliseconds between looks for what can be forgotten. */
const PRUNE_MS = 30_000;

/** What of a link leads to old clusters. */
export type OldWay = Pick<OldLink, "open" | "ask" | "tell" | "selectorFor">;

/** What tasks for old clusters need of the program around them. */
export interface OldTasksParts {
  readonly ledger: LedgerStore;
  readonly log: Logger;
  /** Whether its origin has sent a task to that cluster, which cannot check it for itself. */
  readonly believes: (task: Task, cluster: ClusterName) => boolean;
  /** A cluster's answer, signed in its name. */
  readonly signed: (result: Result) => Result;
}

/**
 * Tasks for clusters that run OTE-Stack 2020. They keep no ledger, so this side does: a task is noted on
 * disk before it is sent, and never sent twice; what became of one that nobody answered is not known.
 */
export class OldTasks {
  readonly #parts: OldTasksParts;
  readonly #signal: AbortSignal;
  readonly #ledger: TaskLedger;
  /** Tasks that have no result yet, and the link to which it will be told. */
  readonly #running = new Map<string, Running>();

  /** Reads the ledger; works until `signal` aborts. */
  constructor(parts: OldTasksParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    const { entries, interrupted } = parts.ledger.load(performance.now());
    this.#ledger = new TaskLedger(entries, OLD_LEDGER_LIMIT);
    for (const { task } of interrupted) {
      const result = this.#finish(task, clusterOf(task.id), UNKNOWN, Date.now());
      this.#track(task.id, { link: undefined, result });
    }
    const timer = setInterval(() => void this.#prune(), PRUNE_MS);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  /** Gives a task to each of its targets on that link, at most once; their answers go to the link. */
  async take(link: OldWay, task: Task): Promise<void> {
    await Promise.all(task.targets.map((cluster) => this.#takeFor(link, task, cluster)));
  }

  async #takeFor(link: OldWay, task: Task, cluster: ClusterName): Promise<void> {
    if (!this.#parts.believes(task, cluster)) return;
    const tell = (result: Result): void =>
      link.tell(this.#parts.signed({ ...result, id: task.id, origin: task.origin, cluster }));
    const noted: Task = { ...task, id: `${task.id}/${cluster}` };
    // Somebody has recorded it and says it again long after.
    if (task.notAfter !== undefined && this.#parts.ledger.isForgotten(noted)) return;
    const decision = this.#ledger.receive(noted, performance.now());
    switch (decision.do) {
      case "nothing": {
        const running = this.#running.get(noted.id);
        const result = running?.link === link ? undefined : await running?.result;
        if (result !== undefined) tell(result);
        return;
      }
      case "answer":
        return tell(decision.result);
      case "refuse": {
        const { verdict, reason } = decision;
        const outcome = { verdict: "refused", code: 0, reason, body: "" } as const;
        return tell({ ...resultOf(noted, cluster, outcome, Date.now()), verdict });
      }
      case "run": {
        const running = this.#run(link, noted, cluster);
        this.#track(noted.id, { link, result: running });
        const result = await running;
        if (result !== undefined) tell(result);
      }
    }
  }

  /** The result; undefined if the program ends, or nothing was sent and it may be tried again. */
  async #run(link: OldWay, task: Task, cluster: ClusterName): Promise<Result | undefined> {
    const { log, ledger } = this.#parts;
    const deadline = performance.now() + task.ttlMs;
    const plan = this.#plan(link, task, cluster);
    if ("verdict" in plan) return this.#finish(task, cluster, plan, Date.now());
    try {
      await ledger.started(task, Date.now() + task.ttlMs + LEDGER_MARGIN_MS);
    } catch (error) {
      // What cannot be noted must not be started: a crash could execute it twice.
      const [code, text] = [errorCode(error), errorText(error)];
      log.error({ task: task.id, code, text }, "task refused");
      return this.#finish(task, cluster, { ...UNWRITABLE, body: text }, Date.now());
    }
    if (!link.open || this.#signal.aborted) {
      await this.#withdraw(task.id);
      return undefined;
    }
    log.info({ task: task.id, cluster, method: plan.task.method, url: plan.task.uri }, "task sent");
    const limit = AbortSignal.timeout(
      Math.min(Math.max(0, Math.ceil(deadline - performance.now())), LONGEST_TIMER_MS),
    );
    const signal = AbortSignal.any([limit, this.#signal]);
    const answer = await link.ask(
      { id: task.id, cluster, selector: plan.selector, parent: task.origin },
      plan.task,
      signal,
    );
    if (answer !== undefined) return this.#finish(task, cluster, outcomeOf(answer), timeOf(answer));
    // The program ends: the next start finds that nobody knows.
    if (this.#signal.aborted) return undefined;
    return this.#finish(task, cluster, limit.aborted ? LATE : UNKNOWN, Date.now());
  }

  #plan(link: OldWay, task: Task, cluster: ClusterName): Plan | OldOutcome {
    try {
      const old = oldTaskOf(task.body);
      if ("verdict" in old) return old;
      const selector = link.selectorFor(cluster);
      return selector === undefined ? ambiguous(cluster) : { task: old, selector };
    } catch (error) {
      return { verdict: "refused", code: 0, reason: "BadBody", body: errorText(error) };
    }
  }

  /** Notes the result, which then counts whatever happens. */
  async #finish(
    task: Task,
    cluster: ClusterName,
    outcome: OldOutcome,
    timestamp: number,
  ): Promise<Result> {
    const { ledger, log } = this.#parts;
    const result = resultOf(task, cluster, outcome, timestamp);
    await ledger.finished(result).catch((error: unknown) => {
      const [code, text] = [errorCode(error), errorText(error)];
      log.error({ task: task.id, code, text }, "cannot note result");
    });
    this.#ledger.finished(result);
    const { verdict, code, reason } = outcome;
    log.info({ task: task.id, cluster, verdict, code, reason }, "task of an old cluster finished");
    return result;
  }

  #track(id: string, running: Running): void {
    this.#running.set(id, running);
    void running.result.finally(() => this.#running.delete(id));
  }

  /** Until that is on disk, the task counts as begun. */
  async #withdraw(id: string): Promise<void> {
    await this.#cleared(this.#parts.ledger.withdraw(id));
    this.#ledger.withdraw(id);
  }

  async #prune(): Promise<void> {
    await this.#cleared(this.#parts.ledger.forget(this.#ledger.prune(performance.now())));
  }

  async #cleared(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      const [code, text] = [errorCode(error), errorText(error)];
      this.#parts.log.warn({ code, text }, "cannot clear ledger");
    });
  }
}

interface Plan {
  readonly task: Exclude<ReturnType<typeof oldTaskOf>, OldOutcome>;
  readonly selector: string;
}

interface Running {
  readonly link: OldWay | undefined;
  readonly result: Promise<Result | undefined>;
}

const UNKNOWN: OldOutcome = {
  verdict: "failed",
  code: 500,
  reason: "OutcomeUnknown",
  body: "The link broke before the cluster answered; it runs OTE-Stack 2020, which does not remember what it did, so the task is not sent again",
};

const LATE: OldOutcome = {
  verdict: "failed",
  code: 504,
  reason: "OutcomeUnknown",
  body: "The cluster was asked and did not answer in time; whether the task took effect is not known",
};

const UNWRITABLE = { verdict: "refused", code: 0, reason: "LedgerUnwritable" } as const;

function ambiguous(cluster: ClusterName): OldOutcome {
  const body = `Cannot send a task to "${cluster}" alone: OTE-Stack 2020 takes names for patterns, and another cluster on the way matches this one; upgrade the clusters above it`;
  return { verdict: "refused", code: 0, reason: "AmbiguousName", body };
}

function resultOf(
  task: Pick<Task, "id" | "origin">,
  cluster: ClusterName,
  { verdict, code, reason, body }: OldOutcome,
  timestamp: number,
): Result {
  const truncated = body.length > MAX_RESULT_BODY;
  // Half a character would not survive its way as UTF-8.
  const text = truncated ? body.slice(0, MAX_RESULT_BODY).replace(/[\uD800-\uDBFF]$/, "") : body;
  return resultMessage(task, cluster, { verdict, code, reason, body: text, truncated }, timestamp);
}

/** Their clocks count seconds; one that shows nonsense does not count. */
function timeOf({ timestamp }: OldResponse): number {
  return timestamp > 0 && timestamp < 1e11 ? timestamp * 1000 : Date.now();
}

/** Of a noted id, task and cluster: a name has no slash. */
function clusterOf(id: string): ClusterName {
  return clusterName(id.slice(id.lastIndexOf("/") + 1));
}
