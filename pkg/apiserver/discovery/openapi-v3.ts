import { createHash } from "node:crypto";
import { resourcePath } from "../../apis/object.ts";
import { type JsonObject, objectOf } from "../request/json.ts";
import type { ServedType } from "../types/served-type.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import { groupsOf } from "./discovery.ts";
import { definitionName, definitions, kindMark } from "./openapi-definitions.ts";
import { VERSION_INFO } from "./version-info.ts";

const query = (name: string, description: string, type = "string") => ({
  name,
  in: "query",
  description,
  schema: { type, uniqueItems: true },
});

const WRITE_PARAMETERS = [
  query("dryRun", "All: say what would come of it, and change nothing."),
  query("fieldManager", "Who makes the change."),
  query("fieldValidation", "Ignore, Warn or Strict: what to do about unknown fields."),
];
const LIST_PARAMETERS = [
  query("labelSelector", "Only objects with these labels."),
  query("fieldSelector", "Only objects with these fields."),
  query("limit", "The most items of one page.", "integer"),
  query("continue", "Where the next page begins."),
  query("resourceVersion", "Not older than this."),
  query("watch", "Changes as they happen.", "boolean"),
];
const PATCH_TYPES = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
];
/** kubectl sends it whenever an operation says that it may, so a custom kind must not say so. */
const BUILTIN_PATCH_TYPES = [...PATCH_TYPES, "application/strategic-merge-patch+json"];

/** /openapi/v3: where the document of each group and version is. */
export function openApiV3Index(types: TypeRegistry): JsonObject {
  const paths = [...groupsOf(types)].flatMap(([group, versions]) =>
    versions.map((version) => {
      const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
      const hash = hashOf(types, group, version);
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
    }),
  );
  return { paths: Object.fromEntries(paths) };
}

const hashes = new WeakMap<ServedType, { rows: readonly ServedType[]; hash: string }>();

/** The documents are long, and those of builtin groups never change. */
function hashOf(types: TypeRegistry, group: string, version: string): string {
  const rows = rowsOf(types, group, version);
  const [first] = rows;
  const known = first && hashes.get(first);
  if (known?.rows.length === rows.length && known.rows.every((row, i) => row === rows[i]))
    return known.hash;
  const document = JSON.stringify(openApiV3(types, group, version));
  const hash = createHash("sha256").update(document).digest("hex").toUpperCase();
  if (first !== undefined) hashes.set(first, { rows, hash });
  return hash;
}

function rowsOf(types: TypeRegistry, group: string, version: string): readonly ServedType[] {
  return [...types.all()].filter((type) => type.group === group && type.version === version);
}

/** The OpenAPI v3 document of one group and version; undefined if there is none. */
export function openApiV3(
  types: TypeRegistry,
  group: string,
  version: string,
): JsonObject | undefined {
  const rows = rowsOf(types, group, version);
  if (rows.length === 0) return undefined;
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: VERSION_INFO.gitVersion },
    paths: Object.fromEntries(rows.flatMap(pathsOf)),
    components: { schemas: definitions(rows, "#/components/schemas/", wrapReferences) },
  };
}

function pathsOf(type: ServedType): readonly (readonly [string, JsonObject])[] {
  const collection = collectionPath(type);
  const paths: [string, JsonObject][] = [[collection, collectionItem(type)]];
  if (!type.verbs.includes("get")) return paths;
  const parts = [
    ...(type.status ? ["status"] : []),
    ...(type.scale === undefined ? [] : ["scale"]),
  ];
  paths.push([`${collection}/{name}`, objectItem(type)]);
  for (const part of parts) paths.push([`${collection}/{name}/${part}`, objectItem(type)]);
  return paths;
}

function collectionPath(type: ServedType): string {
  const [root = "", plural = ""] = splitLast(resourcePath({ ...type, namespaced: false }));
  return type.namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
}

function splitLast(path: string): readonly string[] {
  const i = path.lastIndexOf("/");
  return [path.slice(0, i), path.slice(i + 1)];
}

function collectionItem(type: ServedType): JsonObject {
  const item: JsonObject = {};
  if (type.verbs.includes("list")) item.get = operation(type, "list", LIST_PARAMETERS);
  if (type.verbs.includes("create"))
    item.post = withBody(type, operation(type, "post", WRITE_PARAMETERS));
  return item;
}

function objectItem(type: ServedType): JsonObject {
  const patchTypes = type.custom ? PATCH_TYPES : BUILTIN_PATCH_TYPES;
  const patch = {
    ...operation(type, "patch", [
      ...WRITE_PARAMETERS,
      query("force", "Take fields from other managers; only for apply.", "boolean"),
    ]),
    requestBody: {
      content: Object.fromEntries(
        patchTypes.map((media) => [media, { schema: { type: "object" } }]),
      ),
    },
  };
  return {
    get: operation(type, "get", []),
    put: withBody(type, operation(type, "put", WRITE_PARAMETERS)),
    patch,
    delete: operation(type, "delete", []),
  };
}

function operation(type: ServedType, action: string, parameters: readonly object[]): JsonObject {
  return {
    parameters,
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kindMark(type),
    responses: {
      200: { description: "OK", content: { "application/json": { schema: reference(type) } } },
    },
  };
}

function withBody(type: ServedType, fields: JsonObject): JsonObject {
  const content = { "application/json": { schema: reference(type) } };
  return { ...fields, requestBody: { content } };
}

function reference(type: ServedType): JsonObject {
  return { $ref: `#/components/schemas/${definitionName(type)}` };
}

/** Beside a reference nothing else may stand in v3, so a description goes around it. */
function wrapReferences(schema: JsonObject): JsonObject {
  const properties = objectOf(schema.properties);
  const wrapped = Object.entries(properties).map(([name, value]) => {
    const { $ref, ...rest } = value as JsonObject;
    return [name, $ref === undefined ? value : { ...rest, allOf: [{ $ref }] }];
  });
  return { ...schema, properties: Object.fromEntries(wrapped) };
}

/** The group and version of a path below /openapi/v3. */
export function openApiPath(
  parts: readonly string[],
): { group: string; version: string } | undefined {
  const [root, ...rest] = parts;
  if (root === "api" && rest.length === 1) return { group: "", version: rest[0] ?? "" };
  if (root === "apis" && rest.length === 2) return { group: rest[0] ?? "", version: rest[1] ?? "" };
  return undefined;
}
