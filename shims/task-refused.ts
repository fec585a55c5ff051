import { OteError } from "../pkg/base/errors.ts";

/** Why a task is not attempted, in one word. */
export type RefusalReason =
  | "UnknownDestination"
  | "MethodNotAllowed"
  | "BadUrl"
  | "StreamingNotAllowed"
  | "BadBody"
  | "UnsupportedMediaType";

/** A task that no attempt could ever fulfil; its message is for the task's author. */
export class TaskRefusedError extends OteError {
  readonly code = "TASK_REFUSED";
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
