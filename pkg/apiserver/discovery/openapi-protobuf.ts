import protobuf from "protobufjs/minimal.js";
import { at, isObject, type JsonObject, listOf, objectOf } from "../request/json.ts";

type Writer = protobuf.Writer;
type Write = (writer: Writer, value: unknown) => void;

const { Writer } = protobuf;

/** Field numbers of gnostic's OpenAPI v2 messages, which are what old kubectl reads. */
const DOCUMENT = { swagger: 1, info: 2, paths: 8, definitions: 9 } as const;
const INFO = { title: 1, version: 2 } as const;
const NAMED = { name: 1, value: 2 } as const;
const VENDOR_EXTENSION = 31;
const PATHS = { path: 2 } as const;
const PATH_ITEM = { patch: 8 } as const;
const OPERATION = { parameters: 8, vendorExtension: 13 } as const;
const QUERY_PARAMETER = { in: 2, name: 4, type: 6 } as const;

const VARINT = 0;
const DOUBLE = 1;
const LENGTH = 2;

const text: Write = (writer, value) => writer.string(String(value));
const double: Write = (writer, value) => writer.double(Number(value));
const integer: Write = (writer, value) => writer.int64(Number(value));

/** Every field of a Schema message that we have: its number, its wire type and how it is written. */
const SCHEMA: Readonly<Record<string, readonly [field: number, wire: number, write: Write]>> = {
  $ref: [1, LENGTH, text],
  format: [2, LENGTH, text],
  description: [4, LENGTH, text],
  default: [5, LENGTH, any],
  maximum: [7, DOUBLE, double],
  minimum: [9, DOUBLE, double],
  maxLength: [11, VARINT, integer],
  minLength: [12, VARINT, integer],
  pattern: [13, LENGTH, text],
  maxItems: [14, VARINT, integer],
  minItems: [15, VARINT, integer],
  additionalProperties: [21, LENGTH, additional],
  type: [22, LENGTH, (writer, value) => inner(writer, (type) => text(type.uint32(tag(1)), value))],
  items: [
    23,
    LENGTH,
    (writer, value) => inner(writer, (items) => message(items, 1, schema, value)),
  ],
  properties: [25, LENGTH, (writer, value) => inner(writer, (all) => namedSchemas(all, value))],
};

/** Encodes the v2 document. */
export function encodeOpenApi(document: JsonObject): Uint8Array {
  const writer = Writer.create();
  writer.uint32(tag(DOCUMENT.swagger)).string(String(document.swagger));
  message(writer, DOCUMENT.info, info, document.info);
  message(writer, DOCUMENT.paths, paths, document.paths);
  message(writer, DOCUMENT.definitions, namedSchemas, document.definitions);
  return writer.finish();
}

function info(writer: Writer, value: unknown): void {
  writer.uint32(tag(INFO.title)).string(String(at(value, "title")));
  writer.uint32(tag(INFO.version)).string(String(at(value, "version")));
}

function paths(writer: Writer, value: unknown): void {
  for (const [name, item] of Object.entries(objectOf(value)))
    message(
      writer,
      PATHS.path,
      (named) => {
        text(named.uint32(tag(NAMED.name)), name);
        message(
          named,
          NAMED.value,
          (path) => message(path, PATH_ITEM.patch, operation, at(item, "patch")),
          item,
        );
      },
      item,
    );
}

function operation(writer: Writer, value: unknown): void {
  // A parameter is wrapped three times: as no reference, as none of a body, as one of a query.
  for (const item of listOf(at(value, "parameters")))
    nested(writer, [OPERATION.parameters, 1, 2, 3], (query) => {
      for (const name of ["in", "name", "type"] as const)
        text(query.uint32(tag(QUERY_PARAMETER[name])), at(item, name));
    });
  for (const [name, item] of Object.entries(objectOf(value)))
    if (name.startsWith("x-"))
      message(writer, OPERATION.vendorExtension, (named) => extension(named, name, item), item);
}

function nested(writer: Writer, fields: readonly number[], write: (inmost: Writer) => void): void {
  const [first, ...rest] = fields;
  if (first === undefined) write(writer);
  else inner(writer.uint32(tag(first)), (one) => nested(one, rest, write));
}

function namedSchemas(writer: Writer, value: unknown): void {
  for (const [name, item] of Object.entries(objectOf(value)))
    message(
      writer,
      1,
      (named) => {
        named.uint32(tag(NAMED.name)).string(name);
        message(named, NAMED.value, schema, item);
      },
      item,
    );
}

function schema(writer: Writer, value: unknown): void {
  for (const [name, item] of Object.entries(objectOf(value))) {
    const known = Object.hasOwn(SCHEMA, name) ? SCHEMA[name] : undefined;
    if (known !== undefined) known[2](writer.uint32((known[0] << 3) | known[1]), item);
    else if (name.startsWith("x-"))
      message(writer, VENDOR_EXTENSION, (named) => extension(named, name, item), item);
  }
  for (const name of listOf(at(value, "required"))) text(writer.uint32(tag(19)), name);
  for (const item of listOf(at(value, "enum"))) any(writer.uint32(tag(20)), item);
}

function additional(writer: Writer, value: unknown): void {
  inner(writer, (either) => {
    if (isObject(value)) message(either, 1, schema, value);
    else either.uint32(2 << 3).bool(value === true);
  });
}

function extension(writer: Writer, name: string, value: unknown): void {
  writer.uint32(tag(NAMED.name)).string(name);
  any(writer.uint32(tag(NAMED.value)), value);
}

/** A value of any kind is written as YAML, and JSON is YAML. */
function any(writer: Writer, value: unknown): void {
  inner(writer, (wrapped) => wrapped.uint32(tag(2)).string(`${JSON.stringify(value)}\n`));
}

function message(writer: Writer, field: number, write: Write, value: unknown): void {
  inner(writer.uint32(tag(field)), (nested) => write(nested, value));
}

function inner(writer: Writer, write: (nested: Writer) => void): void {
  writer.fork();
  write(writer);
  writer.ldelim();
}

/** The tag of a field that has a length. */
function tag(field: number): number {
  return (field << 3) | 2;
}
