import type { Http2ServerRequest } from "node:http2";
import { type Status, StatusError } from "../../apis/status.ts";
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { proxyAttributes } from "../access/attributes.ts";
import { type AuditTrail, auditIdOf, type RequestNote } from "../access/audit-trail.ts";
import { forbidden } from "../access/forbidden.ts";
import { impersonation } from "../access/impersonation.ts";
import type { Judge } from "../access/judge.ts";
import type { User } from "../request/operation.ts";
import { impersonationOf, userOf } from "./caller.ts";

/** Who decides about visitors, and who hears of them. */
export interface VisitParts {
  readonly judge: Judge;
  readonly audit?: AuditTrail | undefined;
  readonly log: Logger;
  /** Whom the certificate of a connection names; as the listener has checked it, if absent. */
  readonly certificateOf?: ((request: Http2ServerRequest) => User | undefined) | undefined;
}

/** One request to the tree: who makes it, to which clusters it may go, and its one line in the audit. */
export class Visit {
  /** The name of the request in the audit. */
  readonly auditId: string;
  readonly #parts: VisitParts;
  readonly #request: Http2ServerRequest;
  readonly #address: string | undefined;
  readonly #began = new Date();
  readonly #note: RequestNote = {};
  #caller: User | undefined;
  #identified: Promise<User> | undefined;
  #isOver = false;

  constructor(request: Http2ServerRequest, parts: VisitParts) {
    this.#parts = parts;
    this.#request = request;
    this.#address = request.socket.remoteAddress;
    this.auditId = auditIdOf(this.#asked());
  }

  /** As whom the request is made. Rejects with a StatusError: 401 for a nobody, 403 if they may not act as that one. */
  identify(): Promise<User> {
    this.#identified ??= this.#identify();
    return this.#identified;
  }

  /** Whether the visitor may do with the API of `cluster` what the method of the request says. */
  async allows(cluster: string): Promise<boolean> {
    const user = await this.identify();
    const wanted = proxyAttributes(this.#request.method, cluster);
    return (await this.#parts.judge.decide(user, wanted)).allowed;
  }

  /** The same, of the one cluster that the request is for: rejects with a StatusError if they may not. */
  async require(cluster: string): Promise<User> {
    const wanted = proxyAttributes(this.#request.method, cluster);
    this.#note.wanted = wanted;
    const user = await this.identify();
    this.#note.decision = await this.#parts.judge.decide(user, wanted);
    if (!this.#note.decision.allowed) throw forbidden(user, wanted, this.#note.decision.reason);
    return user;
  }

  /** The request has been answered with `status`; only the first call counts. */
  ended(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const end = { auditID: this.auditId, began: this.#began, status };
    this.#parts.audit?.tell(this.#asked(), this.#note, end);
  }

  /** What to answer when `error` has kept the visitor out. */
  refusal(error: unknown): Status {
    if (error instanceof StatusError) return error.status;
    this.#parts.log.error({ err: error, method: this.#request.method }, "request failed inside");
    return StatusError.of("InternalError", `Internal error occurred: ${errorText(error)}`).status;
  }

  async #identify(): Promise<User> {
    const { judge, certificateOf = userOf } = this.#parts;
    const { authorization } = this.#request.headers;
    const shown = { certificate: certificateOf(this.#request), authorization };
    this.#caller = await judge.userOf(shown);
    if (this.#caller === undefined) throw StatusError.of("Unauthorized", "Unauthorized");
    const other = impersonation(impersonationOf(this.#request));
    if (other === undefined) return this.#caller;
    for (const need of other.needs) {
      const { allowed, reason } = await judge.decide(this.#caller, need);
      if (!allowed) throw forbidden(this.#caller, need, reason);
    }
    this.#note.actsAs = other.user;
    return other.user;
  }

  #asked() {
    const { method, url: path } = this.#request;
    const headers = this.#request.headers as Readonly<Record<string, string | undefined>>;
    return { method, path, headers, user: this.#caller, address: this.#address };
  }
}
