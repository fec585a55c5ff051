import type { QueryFailure, QueryFailureReason } from "../../apis/cluster-query.ts";
import type { Status } from "../../apis/status.ts";
import { errorCode, errorText, OteError } from "../../base/errors.ts";

/** A cluster does not answer, or not to the end. */
export class ClusterFailedError extends OteError {
  readonly reason: QueryFailureReason;
  /** The HTTP code, where there was one. */
  readonly status: number | undefined;

  constructor(reason: QueryFailureReason, message: string, status?: number) {
    super(message);
    this.reason = reason;
    this.status = status;
  }

  get code(): string {
    return this.reason;
  }
}

/** What the tree says when a stream ends early, as a reason. */
const REASONS: Readonly<Record<string, QueryFailureReason>> = {
  NO_API: "NoApi",
  HEAD_TOO_LARGE: "TooLarge",
};

/** What a HTTP code means here; all others are `Refused`. */
const OF_STATUS: Readonly<Record<number, QueryFailureReason>> = {
  401: "Forbidden",
  403: "Forbidden",
  404: "NotFound",
  410: "Expired",
};

/** What an API may say about why it refuses, so that one message does not fill a screen. */
const MAX_MESSAGE = 1000;

/** What went wrong with a cluster of which `rows` rows were told. */
export function failureOf(cluster: string, error: unknown, rows: number): QueryFailure {
  if (error instanceof ClusterFailedError) {
    const { reason, message, status } = error;
    return { cluster, reason, message, ...(status === undefined ? {} : { code: status }), rows };
  }
  const code = errorCode(error);
  const reason = REASONS[code] ?? "Unreachable";
  return { cluster, reason, message: `${errorText(error)} (${code})`.slice(0, MAX_MESSAGE), rows };
}

/** An answer with another code than 200, whose body is `text`. */
export function refusalOf(code: number, text: string): ClusterFailedError {
  const said = statusIn(text)?.message ?? text.trim();
  const message = said === "" ? `the API answers with HTTP ${code}` : said.slice(0, MAX_MESSAGE);
  return new ClusterFailedError(OF_STATUS[code] ?? "Refused", message, code);
}

/** The Status that a body is; undefined if it is something else. */
export function statusIn(text: string): Partial<Status> | undefined {
  try {
    const raw: unknown = JSON.parse(text);
    if (typeof raw !== "object" || raw === null) return undefined;
    const status = raw as Partial<Status>;
    return status.kind === "Status" && typeof status.message === "string" ? status : undefined;
  } catch {
    return undefined;
  }
}
