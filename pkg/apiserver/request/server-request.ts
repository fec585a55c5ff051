import type { Logger } from "../../base/log.ts";
import type { ShownMetrics } from "../../base/metrics.ts";
import type { VersionedStore } from "../store/store.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import type { User } from "./operation.ts";

/** Headers in the order they came, names in lower case. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** One request, wherever it came from. */
export interface ServerRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Who asks; undefined for somebody who has not shown who they are. */
  readonly user: User | undefined;
  /** The Impersonate-* headers, if there are any. */
  readonly impersonation?: HeaderPairs | undefined;
  /** Whence it came, if over a network. */
  readonly address?: string | undefined;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
}

/** What the server stands on. */
export interface ServerParts {
  readonly store: VersionedStore;
  readonly types: TypeRegistry;
  readonly log: Logger;
  /** Absent: nobody counts. */
  readonly metrics?: ShownMetrics | undefined;
}
