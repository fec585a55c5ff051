import type { ApiResponse } from "../../apis/api-transport.ts";
import type { KubeObject } from "../../apis/object.ts";
import { apiVersionOf } from "../../apis/object.ts";
import type { Status } from "../../apis/status.ts";
import type { Logger } from "../../base/log.ts";
import type { Metrics } from "../../base/metrics.ts";
import type { Edit, StoredObject, StoreKey, VersionedStore } from "../store/store.ts";
import type { ServedType } from "../types/served-type.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import type { JsonObject } from "./json.ts";
import { qualified } from "./refusals.ts";
import type { User } from "./user.ts";

export type { User } from "./user.ts";

/** Looks at what would come of a write, and throws if it must not be. */
export type WriteGuard = (current: StoredObject | undefined, edit: Edit) => void;

/** One request for objects of one type, understood and allowed. */
export interface Operation {
  readonly store: VersionedStore;
  readonly types: TypeRegistry;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly type: ServedType;
  /** "" for cluster-scoped types, and for all namespaces. */
  readonly namespace: string;
  /** "" for the collection. */
  readonly name: string;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  readonly user: User;
  /** What must hold of a write, besides the right to make it. */
  readonly guard?: WriteGuard | undefined;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
  /** What the caller should know although the request succeeds; sent as Warning headers. */
  readonly warnings: Set<string>;
}

/** How an operation ended: an object to be shown as the caller likes, a Status, or a finished answer. */
export type Outcome =
  | {
      readonly kind: "object";
      readonly code: number;
      readonly object: JsonObject;
      readonly text?: string;
    }
  | { readonly kind: "status"; readonly status: Status }
  | { readonly kind: "response"; readonly response: ApiResponse };

/** Where the object of `operation` is kept. */
export function keyOf({ type, namespace }: Operation, name: string): StoreKey {
  return { resource: keptIn(type), namespace: type.namespaced ? namespace : "", name };
}

/** The resource under which a store has the objects of `type`. */
export function keptIn(type: ServedType): string {
  return type.keptWith ?? qualified(type);
}

/** A stored object as `type` serves it. */
export function served(type: ServedType, stored: StoredObject): JsonObject {
  const object = stored.object as unknown as JsonObject;
  if (object.apiVersion === apiVersionOf(type)) return object;
  return type.fromStored?.(object) ?? { ...object, apiVersion: apiVersionOf(type) };
}

/** The JSON of `served`; in most cases that is just the text that is stored. */
export function servedText(type: ServedType, stored: StoredObject): string {
  return apiVersionOf(type) === type.storedAs && hasVersion(stored, type)
    ? stored.text
    : JSON.stringify(served(type, stored));
}

/** An object of the version of `type` as it is stored. */
export function toStored(type: ServedType, object: JsonObject): JsonObject {
  if (apiVersionOf(type) === type.storedAs) return object;
  return type.toStored?.(object) ?? { ...object, apiVersion: type.storedAs };
}

/** The outcome that shows a stored object. */
export function shown(operation: Operation, code: number, stored: StoredObject): Outcome {
  const { type } = operation;
  return { kind: "object", code, object: served(type, stored), text: servedText(type, stored) };
}

/** Builders work on plain JSON; what they made is a KubeObject. */
export function asKubeObject(object: JsonObject): KubeObject {
  return object as unknown as KubeObject;
}

/** Objects written before the storage version was changed still carry the old one. */
function hasVersion(stored: StoredObject, type: ServedType): boolean {
  return stored.object.apiVersion === apiVersionOf(type);
}
