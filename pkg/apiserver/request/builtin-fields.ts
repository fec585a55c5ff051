import { fieldPath } from "../schema/schema.ts";
import { isObject, type JsonObject } from "./json.ts";
import {
  type Field,
  INLINE,
  type Message,
  messageOfField,
  messageOfKind,
} from "./protobuf-messages.ts";
import { SPECIALS } from "./protobuf-specials.ts";

/** Types in which anything may be. */
const PLAIN = new Set(["text", "bytes", "int", "bool", "double", "json"]);
/** What every object says of itself, also one that stands in another. */
const IDENTITY = ["apiVersion", "kind"];

/**
 * Removes from `object` what its builtin kind has no field for, at any depth, and returns the paths of that;
 * nothing if not everything is known of the kind. Metadata is left alone.
 */
export function pruneBuiltin(apiVersion: string, object: JsonObject): readonly string[] {
  const message = messageOfKind(apiVersion, String(object.kind));
  if (message === undefined) return [];
  const { metadata, ...rest } = object;
  const removed = prune(rest, message, "");
  for (const name of Object.keys(object))
    if (name !== "metadata" && !Object.hasOwn(rest, name)) delete object[name];
  return removed;
}

function prune(object: JsonObject, message: Message, path: string): string[] {
  const fields = fieldsOf(message);
  return Object.keys(object).flatMap((name) => {
    const field = fields.get(name);
    const here = fieldPath(path, name);
    if (field !== undefined) return pruneValue(object[name], field, here);
    if (fields.has("metadata") && IDENTITY.includes(name)) return [];
    delete object[name];
    return [here];
  });
}

function pruneValue(value: unknown, field: Field, path: string): string[] {
  if (PLAIN.has(field.type) || Object.hasOwn(SPECIALS, field.type)) return [];
  const message = messageOfField(field);
  const item = (one: unknown, at: string) => (isObject(one) ? prune(one, message, at) : []);
  if (Array.isArray(value)) return value.flatMap((one, i) => item(one, fieldPath(path, i)));
  if (!isObject(value)) return [];
  if (field.many !== "{}") return item(value, path);
  return Object.entries(value).flatMap(([key, one]) => item(one, fieldPath(path, key)));
}

const known = new WeakMap<Message, ReadonlyMap<string, Field>>();

/** The fields by their JSON names. */
function fieldsOf(message: Message): ReadonlyMap<string, Field> {
  const found = known.get(message);
  if (found !== undefined) return found;
  const fields = new Map(
    [...message.values()].flatMap((field) =>
      field.name === INLINE ? [...fieldsOf(messageOfField(field))] : [[field.name, field] as const],
    ),
  );
  known.set(message, fields);
  return fields;
}
