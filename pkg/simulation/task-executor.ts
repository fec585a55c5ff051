import { LEDGER_MARGIN_MS } from "../clustercontroller/tasks/task-ledger.ts";
import type { Result, Task } from "../wire/message.ts";
import type { CrashPoint, Member } from "./member.ts";
import type { Random } from "./random.ts";

/** Milliseconds after a start until the outcome of interrupted tasks is known. */
const RECOVERY_MS = 50;

/** What an executor needs of its world. */
export interface ExecutorParts {
  readonly random: Random;
  readonly after: (member: Member, ms: number, run: () => void) => void;
  readonly wall: (member: Member) => number;
  /** The process dies here, if that was arranged; true if it did. */
  readonly crash: (member: Member, point: CrashPoint) => boolean;
  /** The cluster's API has been changed by a task. */
  readonly onExecuted: (member: Member, id: string) => void;
  readonly onResult: (member: Member, result: Result) => void;
}

/** The shim and the ledger on disk of each member: same order of writing and doing as `TaskRunner`. */
export class TaskExecutor {
  readonly #parts: ExecutorParts;
  /** Milliseconds that the longest task takes. */
  longestMs = 200;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  run(member: Member, task: Task): void {
    const { random, after, wall, crash, onExecuted } = this.#parts;
    after(member, random.between(1, 5), () => {
      const { id, origin } = task;
      const startedAt = wall(member);
      const expiresAt = startedAt + task.ttlMs + LEDGER_MARGIN_MS;
      member.disk.ledger.set(id, { id, origin, startedAt, expiresAt });
      if (crash(member, "noted")) return;
      after(member, random.between(1, this.longestMs), () => {
        onExecuted(member, id);
        if (!crash(member, "executed")) this.#finish(member, id, "done");
      });
    });
  }

  /** After a start: what became of the tasks that were interrupted is not known any more. */
  recover(member: Member): void {
    for (const { id, result } of member.disk.ledger.values()) {
      if (result !== undefined) continue;
      this.#parts.after(member, RECOVERY_MS, () => this.#finish(member, id, "failed"));
    }
  }

  #finish(member: Member, id: string, verdict: "done" | "failed"): void {
    const { random, after, wall, crash, onResult } = this.#parts;
    after(member, random.between(1, 5), () => {
      const entry = member.disk.ledger.get(id);
      if (entry === undefined) return;
      const result: Result = {
        kind: "result",
        id,
        origin: entry.origin,
        cluster: member.name,
        verdict,
        code: verdict === "done" ? 200 : 500,
        reason: verdict === "done" ? "" : "OutcomeUnknown",
        truncated: false,
        timestamp: Math.max(0, wall(member)),
        body: new Uint8Array(),
      };
      member.disk.ledger.set(id, { ...entry, result });
      if (!crash(member, "written")) onResult(member, result);
    });
  }
}
