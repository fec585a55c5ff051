import { apiVersionOf } from "../../apis/object.ts";
import type { JsonObject } from "../request/json.ts";
import {
  type Field,
  INLINE,
  type Message,
  messageName,
  messageOfField,
  messageOfKind,
} from "../request/protobuf-messages.ts";
import type { ServedType } from "../types/served-type.ts";
import { fieldNote, requiredFields, typeDescription } from "./field-notes.ts";

/** How each word for a plain type is written in a schema; what is not here may be anything, or is a message. */
const PLAIN: Readonly<Record<string, JsonObject>> = {
  text: { type: "string" },
  bytes: { type: "string", format: "byte" },
  int: { type: "integer" },
  bool: { type: "boolean" },
  double: { type: "number" },
  time: { type: "string", format: "date-time" },
  microTime: { type: "string", format: "date-time" },
  quantity: { type: "string" },
  intOrString: { type: "string", format: "int-or-string" },
  texts: { type: "array", items: { type: "string" } },
  json: {},
  schemaOrSchemas: {},
  schemaOrBool: {},
  schemaOrTexts: {},
};
/** Written by hand elsewhere. */
const OBJECT_META = "ObjectMeta";
const META = "meta.k8s.io/v1";
const META_NAME = "io.k8s.apimachinery.pkg.apis.meta.v1.";
/** Groups whose types have a place of their own in the names of definitions. */
const PLACES: Readonly<Record<string, string>> = {
  "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
  "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration",
};

/** What a definition is called: the type `name` of the group and version `apiVersion`. */
export function builtinName(apiVersion: string, name: string): string {
  if (apiVersion === META) return META_NAME + name;
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const [first = ""] = group.split(".");
  const place = Object.hasOwn(PLACES, group) ? PLACES[group] : undefined;
  return `${place ?? `io.k8s.api.${first === "" ? "core" : first}`}.${version}.${name}`;
}

/** Whether everything is known of the fields of a builtin type. */
export function isKnownBuiltin(type: ServedType): boolean {
  return !type.custom && messageOfKind(apiVersionOf(type), type.kind) !== undefined;
}

/** The definition of a builtin type under its name, and those of all types in it. References are names. */
export function builtinDefinitions(type: ServedType): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const apiVersion = apiVersionOf(type);
  const message = messageOfKind(apiVersion, type.kind);
  if (message !== undefined) collect(apiVersion, type.kind, message, found);
  return found;
}

function collect(
  home: string,
  name: string,
  message: Message,
  found: Map<string, JsonObject>,
): void {
  const id = builtinName(home, name);
  if (found.has(id)) return;
  const properties: JsonObject = {};
  const required = requiredFields(name);
  const description = typeDescription(name);
  found.set(id, {
    type: "object",
    ...(description === undefined ? {} : { description }),
    ...(required.length === 0 ? {} : { required }),
    properties,
  });
  for (const [field, owner] of fieldsOf(message, name)) {
    const { description: text, ...patch } = fieldNote(owner, field.name);
    const schema = { ...schemaOf(field, found), ...patch };
    properties[field.name] = text === undefined ? schema : { description: text, ...schema };
  }
}

/** The fields as they stand in JSON, each with the type that notes about it are kept under. */
function fieldsOf(message: Message, name: string): readonly (readonly [Field, string])[] {
  return [...message.values()].flatMap((field) => {
    if (field.name !== INLINE) return [[field, name] as const];
    return fieldsOf(messageOfField(field), name);
  });
}

function schemaOf(field: Field, found: Map<string, JsonObject>): JsonObject {
  const one = itemOf(field, found);
  if (field.many === "[]") return { type: "array", items: one };
  return field.many === "{}" ? { type: "object", additionalProperties: one } : one;
}

function itemOf(field: Field, found: Map<string, JsonObject>): JsonObject {
  const plain = Object.hasOwn(PLAIN, field.type) ? PLAIN[field.type] : undefined;
  if (plain !== undefined) return plain;
  const [home, name] = messageName(field);
  if (name !== OBJECT_META) collect(home, name, messageOfField(field), found);
  return { $ref: builtinName(home, name) };
}
