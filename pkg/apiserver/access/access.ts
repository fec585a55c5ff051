import { StatusError } from "../../apis/status.ts";
import type { Operation, Outcome, User, WriteGuard } from "../request/operation.ts";
import type { ServerRequest } from "../request/server-request.ts";
import type { VersionedStore } from "../store/store.ts";
import type { Attributes } from "./attributes.ts";
import type { RequestNote } from "./audit-trail.ts";
import { Authenticator, type TokenSource } from "./authenticator.ts";
import { Authorizer } from "./authorizer.ts";
import type { Decision } from "./decision.ts";
import { impersonation } from "./impersonation.ts";
import type { Judge, ShownCredentials } from "./judge.ts";
import { review } from "./reviews.ts";
import { ServiceAccountTokens } from "./service-account-tokens.ts";
import { SigningKey } from "./signing-key.ts";
import { isTokenPath, requestToken } from "./token-request.ts";
import { writeGuard } from "./write-guard.ts";

/** What decides who is who. */
export interface AccessParts {
  readonly store: VersionedStore;
  /** Signs tokens of service accounts; a new key, if absent, whose tokens end with this process. */
  readonly key?: SigningKey | undefined;
  /** Other tokens that are good. */
  readonly tokens?: readonly TokenSource[] | undefined;
}

/** Who may what on one API: who callers are, what they may do, and the questions about both. */
export class Access implements Judge {
  readonly authenticator: Authenticator;
  readonly #authorizer: Authorizer;
  readonly #accounts: ServiceAccountTokens;

  constructor({ store, key = SigningKey.generate(), tokens = [] }: AccessParts) {
    this.#authorizer = new Authorizer(store);
    this.#accounts = new ServiceAccountTokens(store, key);
    this.authenticator = new Authenticator([this.#accounts, ...tokens]);
  }

  /**
   * As whom `request`, which wants `wanted`, is answered. Throws 401 for a nobody and 403 for somebody who
   * may not. What it finds out it also writes into `note`.
   */
  admit(request: ServerRequest, wanted: Attributes, note: RequestNote): User {
    const { user, impersonation: headers = [] } = request;
    note.wanted = wanted;
    if (user === undefined) throw StatusError.of("Unauthorized", "Unauthorized");
    const other = impersonation(headers);
    for (const need of other?.needs ?? []) this.#authorizer.require(user, need);
    if (other !== undefined) note.actsAs = other.user;
    const admitted = other?.user ?? user;
    note.decision = this.#authorizer.decide(admitted, wanted);
    if (!note.decision.allowed) this.#authorizer.require(admitted, wanted);
    return admitted;
  }

  /** Who shows these credentials; undefined for a nobody. */
  userOf(shown: ShownCredentials): User | undefined {
    return this.authenticator.userOf(shown);
  }

  /** Whether `user` may do what `wanted` says. */
  decide(user: User, wanted: Attributes): Decision {
    return this.#authorizer.decide(user, wanted);
  }

  /** What must hold of a write by `user`, besides the right to make it. */
  guard(user: User, wanted: Attributes): WriteGuard | undefined {
    return wanted.kind === "resource" ? writeGuard(this.#authorizer, user, wanted) : undefined;
  }

  /** Answers an operation that asks about access, or for a token; undefined for all others. */
  answer(operation: Operation, method: string): Outcome | undefined {
    if (isTokenPath(operation)) return requestToken(operation, method, this.#accounts);
    if (method !== "POST") return undefined;
    return review(operation, { authorizer: this.#authorizer, authenticator: this.authenticator });
  }
}
