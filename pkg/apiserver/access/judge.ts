import type { User } from "../request/operation.ts";
import type { ResourceAttributes } from "./attributes.ts";
import type { Decision } from "./decision.ts";

/** What a caller shows: the certificate counts if the listener has checked it. */
export interface ShownCredentials {
  readonly certificate: User | undefined;
  /** The Authorization header. */
  readonly authorization: string | undefined;
}

/**
 * Who callers are and what they may do, according to one Kubernetes API: the embedded one, or another that has
 * to be asked. Where nothing can be found out it rejects, with a StatusError or any other error; nobody is let
 * in then.
 */
export interface Judge {
  /** Undefined for somebody who has not shown who they are. */
  userOf(shown: ShownCredentials): User | undefined | Promise<User | undefined>;
  decide(user: User, wanted: ResourceAttributes): Decision | Promise<Decision>;
}
