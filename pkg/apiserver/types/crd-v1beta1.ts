import { at, clone, field, isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";

const PER_VERSION = ["schema", "subresources", "additionalPrinterColumns"] as const;

/** What a v1beta1 CustomResourceDefinition says, as v1. */
export function crdFromV1beta1(object: JsonObject): JsonObject {
  const {
    version,
    versions,
    validation,
    subresources,
    additionalPrinterColumns,
    preserveUnknownFields,
    conversion,
    ...spec
  } = objectOf(field(clone(object), "spec"));
  const shared = {
    schema: schemaOf(validation, preserveUnknownFields !== false),
    subresources,
    additionalPrinterColumns,
  };
  const named = listOf(versions).length > 0 ? listOf(versions) : [first(version)];
  return {
    ...object,
    apiVersion: "apiextensions.k8s.io/v1",
    spec: {
      scope: "Namespaced",
      ...spec,
      ...(conversion === undefined ? {} : { conversion: conversionToV1(conversion) }),
      versions: named.map((item) => versionToV1(objectOf(item), shared)),
    },
  };
}

/** The same the other way; every version keeps its own schema, which v1beta1 allows too. */
export function crdToV1beta1(object: JsonObject): JsonObject {
  const copy = clone(object);
  const spec = objectOf(copy.spec);
  const versions = listOf(spec.versions).map((item) => renameColumns(objectOf(item), "JSONPath"));
  const version = at(versions[0], "name");
  return {
    ...copy,
    apiVersion: "apiextensions.k8s.io/v1beta1",
    spec: { ...spec, version, versions, preserveUnknownFields: false },
  };
}

function first(version: unknown): JsonObject {
  return { name: version, served: true, storage: true };
}

function versionToV1(version: JsonObject, shared: JsonObject): JsonObject {
  const filled = { ...version };
  for (const name of PER_VERSION) if (shared[name] !== undefined) filled[name] ??= shared[name];
  return renameColumns(filled, "jsonPath");
}

function schemaOf(validation: unknown, preserve: boolean): JsonObject {
  const schema = objectOf(at(validation, "openAPIV3Schema"));
  const whole = { type: "object", ...schema };
  return { openAPIV3Schema: preserve ? keeping(whole) : whole };
}

/** `schema` that keeps what it does not know, at every depth. */
function keeping(schema: JsonObject): JsonObject {
  const { properties, items, additionalProperties } = schema;
  const inner = (value: unknown) => (isObject(value) ? keeping(value) : value);
  return {
    ...(schema.type === "object" ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
    ...schema,
    ...(isObject(properties)
      ? {
          properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, inner(v)])),
        }
      : {}),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: inner(additionalProperties) }),
  };
}

function conversionToV1(conversion: unknown): JsonObject {
  return { strategy: at(conversion, "strategy") ?? "None" };
}

/** v1beta1 writes JSONPath where v1 writes jsonPath. */
function renameColumns(version: JsonObject, name: "JSONPath" | "jsonPath"): JsonObject {
  const columns = version.additionalPrinterColumns;
  if (!Array.isArray(columns)) return version;
  const renamed = columns.filter(isObject).map(({ JSONPath, jsonPath, ...column }) => ({
    ...column,
    [name]: JSONPath ?? jsonPath,
  }));
  return { ...version, additionalPrinterColumns: renamed };
}
