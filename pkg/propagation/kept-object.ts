import { apiVersionOf, type KubeObject } from "../apis/object.ts";
import { OteError } from "../base/errors.ts";
import type { Version } from "../replication/message.ts";
import type { DesiredKey } from "./desired-store.ts";
import {
  ADOPTED_ANNOTATION,
  type Desired,
  PROPAGATED_BY_LABEL,
  VERSION_ANNOTATION,
} from "./propagated-objects.ts";

/** An object of that name is here, and is not ours to change. */
export class NotOursError extends OteError {
  readonly code = "NOT_OURS";
  constructor(what: string, owner: string | undefined) {
    const whose = owner === undefined ? "the cluster's own" : `kept by entry point "${owner}"`;
    super(
      `Cannot keep ${what}: an object of that name is there, and it is ${whose}; annotate it at the entry point with ote.baidu.com/conflict=overwrite to take it over`,
    );
  }
}

/**
 * Whether keeping an object takes over one that the cluster has had already. Throws a NotOursError where it may not:
 * `wasOurs` says that we know it to be ours whatever its labels say.
 */
export function takesOver(
  present: KubeObject | undefined,
  desired: Desired,
  { entry, collection, key }: DesiredKey,
  wasOurs: boolean,
): boolean {
  if (present === undefined) return false;
  const { labels, annotations } = present.metadata;
  const owner = labels?.[PROPAGATED_BY_LABEL];
  if (owner === entry || wasOurs) return annotations?.[ADOPTED_ANNOTATION] !== undefined;
  if (desired.overwrite || (desired.isShared && owner === undefined)) return true;
  throw new NotOursError(`${collection} "${key}"`, owner);
}

/** Whether an object says that it is there in this version. */
export function isShown({ metadata }: KubeObject, entry: string, version: Version): boolean {
  return (
    metadata.annotations?.[VERSION_ANNOTATION] === version &&
    metadata.labels?.[PROPAGATED_BY_LABEL] === entry
  );
}

/** An object as it is applied. */
export function bodyOf(
  { type, object }: Desired,
  entry: string,
  version: Version,
  isAdopted: boolean,
): KubeObject {
  const { labels, annotations } = object.metadata;
  return {
    ...object,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      ...object.metadata,
      labels: { ...labels, [PROPAGATED_BY_LABEL]: entry },
      annotations: {
        ...annotations,
        [VERSION_ANNOTATION]: version,
        ...(isAdopted ? { [ADOPTED_ANNOTATION]: "true" } : {}),
      },
    },
  };
}

/** A merge patch that takes away what is there besides what was sent, where there may be nothing else. */
export function surplusIn(made: KubeObject, { object, exact }: Desired): object | undefined {
  const patch = exact.flatMap((field) => {
    const wanted = mapAt(object, field);
    const extra = Object.keys(mapAt(made, field)).filter((key) => !Object.hasOwn(wanted, key));
    if (extra.length === 0) return [];
    return [[field, Object.fromEntries(extra.map((key) => [key, null]))] as const];
  });
  return patch.length === 0 ? undefined : Object.fromEntries(patch);
}

function mapAt(object: KubeObject, field: string): object {
  const value = (object as unknown as Readonly<Record<string, unknown>>)[field];
  return typeof value === "object" && value !== null ? value : {};
}
