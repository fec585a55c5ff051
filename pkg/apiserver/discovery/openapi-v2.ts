import { resourcePath } from "../../apis/object.ts";
import { clone, isObject, type JsonObject, objectOf } from "../request/json.ts";
import type { ServedType } from "../types/served-type.ts";
import type { TypeRegistry } from "../types/type-registry.ts";
import { isKnownBuiltin } from "./builtin-definitions.ts";
import { definitions, kindMark } from "./openapi-definitions.ts";
import { VERSION_INFO } from "./version-info.ts";

/** What OpenAPI v2 does not have. */
const UNKNOWN_TO_V2 = ["nullable", "anyOf", "oneOf", "not", "allOf"];

/** The OpenAPI v2 document: the definitions, by which clients of old explain and validate. */
export function openApiV2(types: TypeRegistry): JsonObject {
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: VERSION_INFO.gitVersion },
    paths: Object.fromEntries([...types.all()].filter(canPatch).map(patchPath)),
    definitions: definitions([...types.all()].filter(isExact), "#/definitions/", (schema) =>
      objectOf(toV2(clone(schema))),
    ),
  };
}

function canPatch({ verbs }: ServedType): boolean {
  return verbs.includes("patch");
}

/** Old kubectl looks at nothing but this to learn whether a kind knows dryRun. */
function patchPath(type: ServedType): [string, JsonObject] {
  const parameters = [{ name: "dryRun", in: "query", type: "string", uniqueItems: true }];
  const responses = { 200: { description: "OK" } };
  const patch = { parameters, responses, "x-kubernetes-group-version-kind": kindMark(type) };
  return [
    `${decodeURIComponent(resourcePath(type, { namespace: "{namespace}" }))}/{name}`,
    { patch },
  ];
}

/**
 * Old kubectl computes strategic merges from these definitions, and fails where they do not say everything;
 * of builtin kinds that are missing here it knows enough by itself.
 */
function isExact(type: ServedType): boolean {
  const { custom, schema } = type;
  if (custom || isKnownBuiltin(type)) return true;
  return Object.values(schema?.properties ?? {}).every(({ type }) => type !== undefined);
}

/** Says less where v2 has no word for it, so that clients do not refuse what the server takes. */
function toV2(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const isLoose =
    schema["x-kubernetes-preserve-unknown-fields"] === true &&
    schema["x-kubernetes-group-version-kind"] === undefined;
  if (isLoose)
    for (const name of ["properties", "items", "additionalProperties", "required"])
      delete schema[name];
  if (schema["x-kubernetes-int-or-string"] === true || schema.nullable === true || isLoose)
    delete schema.type;
  for (const name of UNKNOWN_TO_V2) delete schema[name];
  for (const name of ["items", "additionalProperties"])
    if (isObject(schema[name])) schema[name] = toV2(schema[name]);
  if (isObject(schema.properties))
    schema.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name, toV2(inner)]),
    );
  return schema;
}
