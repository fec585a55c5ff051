import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  type ObjectField,
  STRING,
  TIMESTAMP,
} from "../cel/cel-type.ts";
import { parseDate, parseDuration } from "../cel/time-text.ts";
import { CelList, type CelMap, type ListRule, type Value } from "../cel/values.ts";
import { isObject, type JsonObject } from "../request/json.ts";
import { propertySchema, type Schema } from "./schema.ts";

const FORMATS: Readonly<Record<string, CelType>> = {
  byte: BYTES,
  duration: DURATION,
  date: TIMESTAMP,
  "date-time": TIMESTAMP,
};
const SCALARS: Readonly<Record<string, CelType>> = { boolean: BOOL, integer: INT, number: DOUBLE };

/** What rules can always name of a whole object, whether its schema says so or not. */
const OBJECT_SCHEMA: Readonly<Record<string, Schema>> = {
  apiVersion: { type: "string" },
  kind: { type: "string" },
  metadata: {
    type: "object",
    properties: { name: { type: "string" }, generateName: { type: "string" } },
  },
};

/** `schema` with what rules may use of an object's identity, if it is that of an object. */
export function asObjectSchema(schema: Schema, isRoot: boolean): Schema {
  const isObjectSchema = isRoot || schema["x-kubernetes-embedded-resource"] === true;
  if (!isObjectSchema) return schema;
  return { ...schema, type: "object", properties: { ...schema.properties, ...OBJECT_SCHEMA } };
}

const types = new WeakMap<Schema, CelType | null>();

/** The type that rules see; undefined for what rules cannot see, as it may be anything. */
export function ruleType(schema: Schema, isRoot = false): CelType | undefined {
  const known = types.get(schema);
  if (known !== undefined && !isRoot) return known ?? undefined;
  const type = newType(asObjectSchema(schema, isRoot));
  if (!isRoot) types.set(schema, type ?? null);
  return type;
}

function newType(schema: Schema): CelType | undefined {
  if (schema["x-kubernetes-int-or-string"] === true) return DYN;
  if (schema.type === "string") return FORMATS[schema.format ?? ""] ?? STRING;
  if (schema.type === "array") {
    const item = schema.items && ruleType(schema.items);
    return item && { kind: "list", item };
  }
  if (schema.type !== "object") return SCALARS[schema.type ?? ""];
  if (typeof schema.additionalProperties === "object") {
    const value = ruleType(schema.additionalProperties);
    return value && { kind: "map", key: STRING, value };
  }
  return { kind: "object", fields: fieldsOf(schema) };
}

function fieldsOf({ properties = {} }: Schema): ReadonlyMap<string, ObjectField> {
  const fields = new Map<string, ObjectField>();
  for (const [property, schema] of Object.entries(properties)) {
    const type = ruleType(schema);
    const name = escapedName(property);
    if (type !== undefined && name !== undefined) fields.set(name, { type, property });
  }
  return fields;
}

const KEYWORDS = new Set(
  (
    "true false null in as break const continue else for function if import let loop package " +
    "namespace return var void while"
  ).split(" "),
);
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ __: "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__" },
};
const UNESCAPES = Object.fromEntries(Object.entries(ESCAPES).map(([from, to]) => [to, from]));

/** A property as rules write it; undefined if they cannot. */
export function escapedName(property: string): string | undefined {
  if (KEYWORDS.has(property)) return `__${property}__`;
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(property)) return undefined;
  const name = property.replace(/__|[.\-/]/g, (text) => ESCAPES[text] ?? text);
  return /^\d/.test(name) ? undefined : name;
}

/** The other way; every name that rules can write stands for one property. */
function propertyOf(name: string): string {
  const [, keyword = ""] = /^__([a-z]+)__$/.exec(name) ?? [];
  if (KEYWORDS.has(keyword)) return keyword;
  return name.replace(
    /__underscores__|__dot__|__dash__|__slash__/g,
    (text) => UNESCAPES[text] ?? text,
  );
}

/** `value` as rules see it; it must hold to `schema`. */
export function ruleValue(value: unknown, schema: Schema): Value {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return new CelList(
      value.map((item) => ruleValue(item, items)),
      ruleOf(schema),
    );
  }
  if (isObject(value)) return new JsonMap(value, asObjectSchema(schema, false));
  if (typeof value === "number") return numberValue(value, schema);
  if (typeof value === "string") return textValue(value, schema);
  return value as boolean;
}

function numberValue(value: number, schema: Schema): Value {
  return schema.type !== "number" && Number.isInteger(value) ? BigInt(value) : value;
}

function textValue(text: string, schema: Schema): Value {
  if (schema.type !== "string") return text;
  switch (schema.format) {
    case "byte":
      return new Uint8Array(Buffer.from(text, "base64"));
    case "duration":
      return parseDuration(text);
    case "date":
    case "date-time":
      return parseDate(text);
    default:
      return text;
  }
}

function ruleOf(schema: Schema): ListRule | undefined {
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return undefined;
  return { type, keys: schema["x-kubernetes-list-map-keys"] ?? [] };
}

/** An object or map of the JSON; what is in it is looked at when it is asked for. */
export class JsonMap implements CelMap {
  readonly isMap = true;
  readonly #json: JsonObject;
  readonly #schema: Schema;
  readonly #isObject: boolean;
  readonly #known = new Map<string, Value>();

  constructor(json: JsonObject, schema: Schema) {
    this.#json = json;
    this.#schema = schema;
    this.#isObject = typeof schema.additionalProperties !== "object";
  }

  get size(): number {
    return this.#names().length;
  }

  get(key: Value): Value | undefined {
    if (typeof key !== "string") return undefined;
    const name = this.#isObject ? propertyOf(key) : key;
    if (!Object.hasOwn(this.#json, name)) return undefined;
    const schema = propertySchema(this.#schema, name);
    if (schema === undefined) return undefined;
    // A rule may ask for the same list again and again; it pays only for looking at it.
    const value = this.#known.get(name) ?? ruleValue(this.#json[name], schema);
    this.#known.set(name, value);
    return value;
  }

  keys(): readonly Value[] {
    return this.#names().map((name) => (this.#isObject ? (escapedName(name) ?? name) : name));
  }

  #names(): readonly string[] {
    return Object.keys(this.#json).filter(
      (name) => propertySchema(this.#schema, name) !== undefined,
    );
  }
}
