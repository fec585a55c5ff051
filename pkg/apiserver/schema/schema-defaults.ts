import { clone, isObject, type JsonObject } from "../request/json.ts";
import type { Schema } from "./schema.ts";

/**
 * Puts the defaults of `schema` where `value` says nothing, or null where null is not allowed; such a null
 * without a default is dropped.
 */
export function setDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) setDefaults(item, items);
  } else if (isObject(value)) {
    const properties = schema.properties ?? {};
    for (const [name, inner] of Object.entries(properties)) setDefault(value, name, inner);
    setOthers(value, properties, schema.additionalProperties);
  }
}

function setOthers(value: JsonObject, known: object, schema: Schema | boolean | undefined): void {
  if (typeof schema !== "object") return;
  for (const name of Object.keys(value))
    if (!Object.hasOwn(known, name)) setDefault(value, name, schema);
}

function setDefault(value: JsonObject, name: string, schema: Schema): void {
  const missing = !Object.hasOwn(value, name) || (value[name] === null && schema.nullable !== true);
  if (missing && schema.default !== undefined) value[name] = clone(schema.default);
  else if (missing) delete value[name];
  if (Object.hasOwn(value, name)) setDefaults(value[name], schema);
}
