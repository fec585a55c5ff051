import { isObject, type JsonObject } from "../request/json.ts";
import { fieldPath, keepsUnknown, propertySchema, type Schema } from "./schema.ts";

const OBJECT_FIELDS = new Set(["apiVersion", "kind", "metadata"]);

/** Removes from `value` what `schema` does not know, and returns the paths that were removed. */
export function prune(value: unknown, schema: Schema, path = ""): string[] {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items === undefined
      ? []
      : value.flatMap((item, i) => prune(item, items, fieldPath(path, i)));
  }
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((name) => pruneField(value, name, schema, path));
}

function pruneField(value: JsonObject, name: string, schema: Schema, path: string): string[] {
  const inner = propertySchema(schema, name);
  const here = fieldPath(path, name);
  const ofObject = path === "" || schema["x-kubernetes-embedded-resource"] === true;
  if (ofObject && OBJECT_FIELDS.has(name)) return [];
  if (inner !== undefined) return prune(value[name], inner, here);
  if (keepsUnknown(schema)) return [];
  delete value[name];
  return [here];
}
