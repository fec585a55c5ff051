import { apiVersionOf } from "../../apis/object.ts";
import { isObject, type JsonObject, objectOf } from "../request/json.ts";
import type { Schema } from "../schema/schema.ts";
import type { ServedType } from "../types/served-type.ts";
import { builtinDefinitions, builtinName, isKnownBuiltin } from "./builtin-definitions.ts";

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const OWNER = "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference";

const text = (description: string) => ({ type: "string", description });
const time = (description: string) => ({ type: "string", format: "date-time", description });
const number = (description: string) => ({ type: "integer", format: "int64", description });
const texts = (description: string) => ({
  type: "object",
  description,
  additionalProperties: { type: "string" },
});

/** metadata, as every object has it. */
const METADATA_DEFINITIONS: Readonly<Record<string, JsonObject>> = {
  [OBJECT_META]: {
    type: "object",
    description: "ObjectMeta is metadata that all persisted resources must have.",
    properties: {
      name: text("Unique within a namespace."),
      generateName: text("A prefix for a name that the server chooses, if name is absent."),
      namespace: text("The space within which each name must be unique."),
      uid: text("Unique in time and space; set by the server."),
      resourceVersion: text("Opaque; changes with each change of the object."),
      generation: number("Changes with each change of what is wanted; set by the server."),
      creationTimestamp: time("When it was created; set by the server."),
      deletionTimestamp: time("When its deletion was asked for; set by the server."),
      deletionGracePeriodSeconds: number("How long it may take to end."),
      labels: texts("Names and values to select objects by."),
      annotations: texts("Unstructured values kept with the object."),
      finalizers: {
        type: "array",
        description: "Who must agree before the object ends.",
        items: { type: "string" },
        "x-kubernetes-patch-strategy": "merge",
      },
      ownerReferences: {
        type: "array",
        description: "The objects that this object depends on.",
        items: { $ref: OWNER },
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-patch-merge-key": "uid",
      },
      managedFields: {
        type: "array",
        description: "Who set which field.",
        items: { type: "object" },
      },
      selfLink: text("No longer used."),
    },
  },
  [OWNER]: {
    type: "object",
    description: "OwnerReference names an owner.",
    required: ["apiVersion", "kind", "name", "uid"],
    properties: {
      apiVersion: text("API version of the owner."),
      kind: text("Kind of the owner."),
      name: text("Name of the owner."),
      uid: text("UID of the owner."),
      controller: { type: "boolean", description: "Whether it is the managing owner." },
      blockOwnerDeletion: { type: "boolean", description: "Whether it must end before its owner." },
    },
  },
};

/** The definitions of `types` and what they refer to, by name; references are written as `prefix` + name. */
export function definitions(
  types: readonly ServedType[],
  prefix: string,
  shape: (schema: JsonObject) => JsonObject,
): JsonObject {
  const all = [...types.flatMap(ownDefinitions), ...Object.entries(METADATA_DEFINITIONS)];
  return Object.fromEntries(
    all.map(([name, schema]) => [name, shape(withReferences(schema, prefix))]),
  );
}

/** The definition of a type, and of builtin types those of everything in it. */
function ownDefinitions(type: ServedType): readonly (readonly [string, JsonObject])[] {
  if (!isKnownBuiltin(type)) return [[definitionName(type), definition(type)]];
  const name = definitionName(type);
  return [...builtinDefinitions(type)].map(([id, schema]) =>
    id === name ? [id, asKind(type, schema)] : [id, schema],
  );
}

/** The name of the definition of a type: its group backwards, its version and its kind. */
export function definitionName({ group, version, kind, custom }: ServedType): string {
  if (custom) return [...group.split(".").reverse(), version, kind].join(".");
  return builtinName(apiVersionOf({ group, version }), kind);
}

/** What says which kind a definition or an operation is about. */
export function kindMark({ group, version, kind }: ServedType): JsonObject {
  return { group, version, kind };
}

function definition(type: ServedType): JsonObject {
  return asKind(type, (type.schema ?? { type: "object" }) as Schema & JsonObject);
}

/** `schema` with what every kind has. */
function asKind(type: ServedType, schema: JsonObject): JsonObject {
  return {
    ...schema,
    type: "object",
    properties: {
      apiVersion: text(
        "APIVersion defines the versioned schema of this representation of an object.",
      ),
      kind: text("Kind is a string value representing the REST resource this object represents."),
      ...objectOf(schema.properties),
      metadata: { $ref: OBJECT_META, description: "Standard object's metadata." },
    },
    "x-kubernetes-group-version-kind": [kindMark(type)],
  };
}

function withReferences(schema: JsonObject, prefix: string): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => {
      // There is a type with a field of that name, too.
      if (name === "$ref" && typeof value === "string") return [name, prefix + value];
      if (Array.isArray(value))
        return [name, value.map((item) => (isObject(item) ? withReferences(item, prefix) : item))];
      return [name, isObject(value) ? withReferences(value, prefix) : value];
    }),
  );
}
