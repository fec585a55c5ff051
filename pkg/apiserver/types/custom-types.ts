import { at, isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";
import type { Schema } from "../schema/schema.ts";
import { age } from "../table/human-duration.ts";
import { parsePrinterPath, plainPath } from "../table/printer-path.ts";
import { AGE, NAME } from "./column-parts.ts";
import { ALL_VERBS, type Column, type ScalePaths, type ServedType } from "./served-type.ts";
import { byPriority } from "./version-priority.ts";

/** The types that the CustomResourceDefinition `definition` (v1, checked) adds: one for each served version. */
export function customTypes(definition: JsonObject): readonly ServedType[] {
  const spec = objectOf(definition.spec);
  const versions = listOf(spec.versions).filter(isObject);
  const storage = versions.find((version) => version.storage === true);
  const storedAs = `${spec.group}/${storage?.name}`;
  return versions
    .filter((version) => version.served === true)
    .map((version) => customType(spec, namesOf(definition), version, storedAs));
}

/** Of the names it wants only those count that no other definition has. */
function namesOf(definition: JsonObject): JsonObject {
  const accepted = at(definition, "status", "acceptedNames");
  return objectOf(isObject(accepted) ? accepted : at(definition, "spec", "names"));
}

function customType(
  spec: JsonObject,
  names: JsonObject,
  version: JsonObject,
  storedAs: string,
): ServedType {
  const kind = String(names.kind);
  return {
    group: String(spec.group),
    version: String(version.name),
    kind,
    plural: String(names.plural),
    namespaced: spec.scope === "Namespaced",
    listKind: String(names.listKind ?? `${kind}List`),
    singular: String(names.singular ?? kind.toLowerCase()),
    shortNames: listOf(names.shortNames).map(String),
    categories: listOf(names.categories).map(String),
    verbs: ALL_VERBS,
    custom: true,
    deprecation: deprecationOf(version, kind, spec),
    storedAs,
    status: isObject(at(version, "subresources", "status")),
    statusOnCreate: false,
    scale: scalePaths(at(version, "subresources", "scale")),
    generation: "spec",
    nameRule: "subdomain",
    schema: objectOf(at(version, "schema", "openAPIV3Schema")) as Schema,
    columns: columnsOf(version.additionalPrinterColumns),
    selectableFields: selectable(version.selectableFields),
  };
}

/** What a deprecated version says of itself, else which version should be used instead. */
function deprecationOf(version: JsonObject, kind: string, spec: JsonObject): string | undefined {
  if (version.deprecated !== true) return undefined;
  const { name, deprecationWarning } = version;
  if (typeof deprecationWarning === "string") return deprecationWarning;
  const [better] = listOf(spec.versions)
    .map(objectOf)
    .filter((other) => other.served === true && other.deprecated !== true)
    .map((other) => String(other.name))
    .filter((other) => byPriority(other, String(name)) < 0)
    .sort(byPriority);
  const text = `${spec.group}/${name} ${kind} is deprecated`;
  return better === undefined ? text : `${text}; use ${spec.group}/${better} ${kind}`;
}

function scalePaths(scale: unknown): ScalePaths | undefined {
  const specReplicas = plainPath(at(scale, "specReplicasPath"));
  const statusReplicas = plainPath(at(scale, "statusReplicasPath"));
  if (specReplicas === undefined || statusReplicas === undefined) return undefined;
  return {
    specReplicas,
    statusReplicas,
    labelSelector: plainPath(at(scale, "labelSelectorPath")),
  };
}

function selectable(fields: unknown): Readonly<Record<string, readonly string[]>> {
  const paths = listOf(fields).map((item) => plainPath(at(item, "jsonPath")) ?? []);
  return Object.fromEntries(paths.map((path) => [path.join("."), path]));
}

function columnsOf(columns: unknown): readonly Column[] {
  if (!Array.isArray(columns) || columns.length === 0) return [NAME, AGE];
  return [NAME, ...columns.filter(isObject).map(column)];
}

function column(definition: JsonObject): Column {
  const { name, type, format, description, priority } = definition;
  const find = parsePrinterPath(String(definition.jsonPath ?? ""));
  const cell = CELLS[String(type)] ?? ((value: unknown) => value);
  return {
    name: String(name),
    type: String(type),
    format: typeof format === "string" ? format : undefined,
    description: typeof description === "string" ? description : undefined,
    priority: Number(priority ?? 0),
    cell: (object, now) => {
      const [value] = find(object);
      return value === undefined || value === null ? null : cell(value, now);
    },
  };
}

const CELLS: Readonly<Record<string, (value: unknown, now: number) => unknown>> = {
  date: age,
  integer: (value) => (typeof value === "number" ? Math.trunc(value) : null),
  number: (value) => (typeof value === "number" ? value : null),
  boolean: (value) => (typeof value === "boolean" ? value : null),
  string: (value) => (typeof value === "string" ? value : JSON.stringify(value)),
};
