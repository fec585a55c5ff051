import { at, clone, isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";
import { builtinColumns } from "./builtin-columns.ts";
import type { BuiltinRow } from "./builtin-row.ts";

const KEPT = "ingresses.networking.k8s.io";

/** Ingresses as old manifests write them; kubectl of 1.20 does not prune where they are not served. */
export const OLD_INGRESSES: readonly BuiltinRow[] = ["networking.k8s.io", "extensions"].map(
  (group) => ({
    group,
    versions: ["v1beta1"],
    kind: "Ingress",
    plural: "ingresses",
    fields: ["spec", "status"],
    short: ["ing"],
    generation: "spec",
    columns: builtinColumns(KEPT),
    keptWith: KEPT,
    storedAs: "networking.k8s.io/v1",
    toStored: (ingress) => converted(ingress, "networking.k8s.io/v1", toNew),
    fromStored: (ingress) => converted(ingress, `${group}/v1beta1`, toOld),
  }),
);

function converted(
  ingress: JsonObject,
  apiVersion: string,
  convert: (spec: JsonObject) => JsonObject,
): JsonObject {
  const copy = clone(ingress);
  return { ...copy, apiVersion, ...(isObject(copy.spec) ? { spec: convert(copy.spec) } : {}) };
}

function toNew({ backend, ...spec }: JsonObject): JsonObject {
  const rules = withPaths(spec, (path) => ({
    pathType: "ImplementationSpecific",
    ...path,
    backend: newBackend(path.backend),
  }));
  return { ...rules, ...(backend === undefined ? {} : { defaultBackend: newBackend(backend) }) };
}

function toOld({ defaultBackend, ...spec }: JsonObject): JsonObject {
  const rules = withPaths(spec, (path) => ({ ...path, backend: oldBackend(path.backend) }));
  return {
    ...rules,
    ...(defaultBackend === undefined ? {} : { backend: oldBackend(defaultBackend) }),
  };
}

function withPaths(spec: JsonObject, convert: (path: JsonObject) => JsonObject): JsonObject {
  if (!Array.isArray(spec.rules)) return spec;
  const rules = spec.rules.map(objectOf).map((rule) => {
    if (!isObject(rule.http)) return rule;
    const paths = listOf(rule.http.paths).map(objectOf).map(convert);
    return { ...rule, http: { ...rule.http, paths } };
  });
  return { ...spec, rules };
}

function newBackend(backend: unknown): unknown {
  const { serviceName, servicePort, ...rest } = objectOf(backend);
  if (serviceName === undefined) return rest;
  const port = typeof servicePort === "number" ? { number: servicePort } : { name: servicePort };
  return { ...rest, service: { name: serviceName, port } };
}

function oldBackend(backend: unknown): unknown {
  const { service, ...rest } = objectOf(backend);
  if (service === undefined) return rest;
  const servicePort = at(service, "port", "number") ?? at(service, "port", "name");
  return { ...rest, serviceName: at(service, "name"), servicePort };
}
