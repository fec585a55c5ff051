import { OteError } from "../base/errors.ts";

/** Why a request failed, for programs; the reasons of Kubernetes' metav1.StatusReason that we use. */
export type StatusReason =
  | "BadRequest"
  | "Unauthorized"
  | "Forbidden"
  | "NotFound"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "AlreadyExists"
  | "Conflict"
  | "Gone"
  | "Expired"
  | "Invalid"
  | "RequestEntityTooLarge"
  | "UnsupportedMediaType"
  | "TooManyRequests"
  | "InternalError"
  | "ServiceUnavailable"
  | "Timeout";

/** One cause among several, for example one field that is wrong. */
export interface StatusCause {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly field?: string | undefined;
}

/** What a Kubernetes API answers when it does not answer with an object. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly status: "Success" | "Failure";
  readonly message?: string | undefined;
  readonly reason?: StatusReason | undefined;
  readonly details?:
    | {
        readonly name?: string | undefined;
        readonly group?: string | undefined;
        readonly kind?: string | undefined;
        readonly uid?: string | undefined;
        readonly causes?: readonly StatusCause[] | undefined;
        readonly retryAfterSeconds?: number | undefined;
      }
    | undefined;
  readonly code: number;
}

const CODE_OF_REASON: Readonly<Record<StatusReason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
};

/** A refusal by a Kubernetes API, ours or another: the HTTP code and the Status that came with it. */
export class StatusError extends OteError {
  readonly code = "API_STATUS";
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? `${status.reason ?? "Failure"} (HTTP ${status.code})`);
    this.status = status;
  }

  get reason(): StatusReason | undefined {
    return this.status.reason;
  }

  /** The error for `reason`, with the HTTP code that Kubernetes gives it. */
  static of(reason: StatusReason, message: string, details?: Status["details"]): StatusError {
    const code = CODE_OF_REASON[reason];
    return new StatusError({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      details,
      code,
    });
  }
}

/** Whether `error` is a Status with that reason. */
export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}

/** Whether `error` says that an API will never keep what it was given, however often it is asked. */
export function isUnacceptable(error: unknown): error is StatusError {
  return isStatus(error, "Invalid") || isStatus(error, "RequestEntityTooLarge");
}
