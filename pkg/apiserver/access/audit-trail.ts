import { randomUUID } from "node:crypto";
import type { ApiResponse } from "../../apis/api-transport.ts";
import type { User } from "../request/operation.ts";
import type { ServerRequest } from "../request/server-request.ts";
import { withEnd } from "../traffic/body-end.ts";
import type { Attributes } from "./attributes.ts";
import type { Decision } from "./decision.ts";
import { userInfo } from "./reviews.ts";
import { LOCAL_ADMIN } from "./users.ts";

/** What becomes known of a request while it is answered. */
export interface RequestNote {
  wanted?: Attributes;
  /** As whom it was made, if not as the caller. */
  actsAs?: User;
  decision?: Decision;
}

/** Where events of the audit go. */
export interface AuditSink {
  write(event: object): void;
}

/** A request as the audit tells it. */
export type AuditedRequest = Pick<
  ServerRequest,
  "method" | "path" | "headers" | "user" | "address"
>;

const AUDIT_ID = /^[\w.:-]{1,64}$/;

/**
 * Tells the audit log of each request, once its answer is complete: who, what, when and how it ended, but
 * nothing that was in it. What this process asks of itself is not told.
 */
export class AuditTrail {
  readonly #sink: AuditSink;

  constructor(sink: AuditSink) {
    this.#sink = sink;
  }

  /** `response`, of which the end will be told. */
  follow(
    request: ServerRequest,
    note: RequestNote,
    began: Date,
    response: ApiResponse,
  ): ApiResponse {
    if (request.user === LOCAL_ADMIN) return response;
    const auditID = auditIdOf(request);
    const tell = () => this.tell(request, note, { auditID, began, status: response.status });
    const headers = { ...response.headers, "audit-id": auditID };
    return { ...response, headers, body: withEnd(response.body, request.signal, tell) };
  }

  /** Tells of a request that has been answered with `status`. */
  tell(
    request: AuditedRequest,
    note: RequestNote,
    { auditID, began, status }: { auditID: string; began: Date; status: number },
  ): void {
    this.#sink.write({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "Metadata",
      auditID,
      stage: "ResponseComplete",
      requestURI: request.path,
      verb: note.wanted?.verb ?? request.method.toLowerCase(),
      user: request.user === undefined ? {} : userInfo(request.user),
      impersonatedUser: note.actsAs && userInfo(note.actsAs),
      sourceIPs: request.address === undefined ? undefined : [request.address],
      userAgent: request.headers["user-agent"],
      objectRef: objectRef(note.wanted),
      responseStatus: { metadata: {}, code: status },
      requestReceivedTimestamp: microTime(began),
      stageTimestamp: microTime(new Date()),
      annotations: note.decision && {
        "authorization.k8s.io/decision": note.decision.allowed ? "allow" : "forbid",
        "authorization.k8s.io/reason": note.decision.reason,
      },
    });
  }
}

/** The name of a request in the audit: what the caller calls it, or a new one. */
export function auditIdOf({ headers }: AuditedRequest): string {
  const given = headers["audit-id"] ?? "";
  return AUDIT_ID.test(given) ? given : randomUUID();
}

function objectRef(wanted: Attributes | undefined): object | undefined {
  if (wanted?.kind !== "resource") return undefined;
  const { resource, namespace, name, group, version, subresource } = wanted;
  return {
    resource,
    namespace: namespace || undefined,
    name: name || undefined,
    apiGroup: group || undefined,
    apiVersion: version,
    subresource: subresource || undefined,
  };
}

function microTime(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}
