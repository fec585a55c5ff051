import { at, child, clone, isObject, type JsonObject, textOf } from "../request/json.ts";
import { invalid, noSuchPath } from "../request/refusals.ts";
import type { ScalePaths, ServedType } from "../types/served-type.ts";

/** The Scale of an object: how many there should be, and are. */
export function scaleOf(type: ServedType, object: JsonObject): JsonObject {
  const paths = pathsOf(type);
  const metadata = child(clone(object), "metadata");
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, ...paths.specReplicas) ?? 0 },
    status: {
      replicas: at(object, ...paths.statusReplicas) ?? 0,
      selector: selectorText(at(object, ...(paths.labelSelector ?? ["\0"]))),
    },
  };
}

/** `object` with as many as `scale` says. */
export function fromScale(type: ServedType, object: JsonObject, scale: JsonObject): JsonObject {
  const replicas = at(scale, "spec", "replicas") ?? 0;
  if (!Number.isInteger(replicas) || Number(replicas) < 0)
    throw invalid(type, String(at(object, "metadata", "name")), [
      {
        reason: "FieldValueInvalid",
        message: `Invalid value: ${JSON.stringify(replicas)}: should be a non-negative integer`,
        field: `.${pathsOf(type).specReplicas.join(".")}`,
      },
    ]);
  const changed = clone(object);
  const path = [...pathsOf(type).specReplicas];
  const last = path.pop() as string;
  path.reduce(child, changed)[last] = replicas;
  const metadata = child(changed, "metadata");
  metadata.resourceVersion = at(scale, "metadata", "resourceVersion") ?? metadata.resourceVersion;
  return changed;
}

function pathsOf(type: ServedType): ScalePaths {
  if (type.scale === undefined) throw noSuchPath();
  return type.scale;
}

function selectorText(selector: unknown): string | undefined {
  if (typeof selector === "string") return selector;
  const labels = at(selector, "matchLabels");
  if (!isObject(labels)) return undefined;
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .join(",");
}
