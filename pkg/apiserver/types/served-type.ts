import type { ResourceType } from "../../apis/object.ts";
import type { StatusCause } from "../../apis/status.ts";
import type { JsonObject } from "../request/json.ts";
import type { User } from "../request/user.ts";
import type { Schema } from "../schema/schema.ts";

/** One column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string | undefined;
  readonly description?: string | undefined;
  /** 0 is always shown, more only with `-o wide`. */
  readonly priority?: number | undefined;
  /** The cell of one object; null when there is nothing to show. */
  readonly cell: (object: JsonObject, now: number) => unknown;
}

/** Where /scale finds its numbers in an object, as lists of field names. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly labelSelector?: readonly string[] | undefined;
}

/** What names in metadata.name must look like. */
export type NameRule = "subdomain" | "label" | "service" | "path";

/**
 * One kind in one version as this server serves it: everything that makes it different from the others.
 * Builtin kinds are rows of a table; each CRD adds rows while the server runs.
 */
export interface ServedType extends ResourceType {
  readonly listKind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Whether it came from a CRD. */
  readonly custom: boolean;
  /** What those who still use it should know. */
  readonly deprecation?: string | undefined;
  /** The apiVersion under which its objects are kept. */
  readonly storedAs: string;
  /** The resource among whose objects its own are kept; absent: they are kept by themselves. */
  readonly keptWith?: string | undefined;
  /** Whether /status is apart from the rest. */
  readonly status: boolean;
  /** Whether `status` may be given when the object is created. */
  readonly statusOnCreate: boolean;
  readonly scale?: ScalePaths | undefined;
  /** Fields that are changed through a subresource of their own, and those of the spec only there. */
  readonly parts?: Readonly<Record<string, readonly [string, string]>> | undefined;
  /** Writes down in a new object who asks for it. */
  readonly sign?: ((object: JsonObject, user: User) => void) | undefined;
  /** Of what metadata.generation counts the changes; of nothing if it is absent. */
  readonly generation?: "spec" | "spec and annotations" | undefined;
  readonly nameRule: NameRule;
  /** What fields there are, for `explain`, defaults and validation; absent if anything goes. */
  readonly schema?: Schema | undefined;
  readonly columns: readonly Column[];
  /** Fields besides metadata.name and metadata.namespace that field selectors can name. */
  readonly selectableFields: Readonly<Record<string, readonly string[]>>;
  /** Completes `object`, which it may write to. `old` is what it replaces. */
  readonly complete?: ((object: JsonObject, old: JsonObject | undefined) => void) | undefined;
  /** What is wrong with `object`. */
  readonly check?:
    | ((object: JsonObject, old: JsonObject | undefined) => readonly StatusCause[])
    | undefined;
  /** From this version to the one that is kept, and back; absent if only apiVersion differs. */
  readonly toStored?: ((object: JsonObject) => JsonObject) | undefined;
  readonly fromStored?: ((object: JsonObject) => JsonObject) | undefined;
  /** Names that can never be deleted. */
  readonly permanent?: readonly string[] | undefined;
  /** Whether a deletion is answered with the object and not with a Status. */
  readonly returnsDeleted?: boolean | undefined;
  /** How long somebody else may take to end the object, when its deletion does not say; absent: nobody does. */
  readonly graceSeconds?: ((object: JsonObject) => number) | undefined;
  /** Deleting an object of this kind first deletes what belongs to it. */
  readonly owns?: "namespace" | "instances" | undefined;
}

/** Everything that can be done with an ordinary kind. */
export const ALL_VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
] as const;
