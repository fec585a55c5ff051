import protobuf from "protobufjs/minimal.js";
import { StatusError } from "../../apis/status.ts";
import { errorText } from "../../base/errors.ts";
import type { JsonObject } from "./json.ts";
import {
  type Field,
  INLINE,
  type Message,
  messageOfField,
  messageOfKind,
} from "./protobuf-messages.ts";
import { SPECIALS } from "./protobuf-specials.ts";
import { badRequest } from "./refusals.ts";

const { Reader } = protobuf;

const MAGIC = Buffer.of(0x6b, 0x38, 0x73, 0);
/** Envelopes can be in fields of what an envelope holds, so they count, too. */
const MAX_DEPTH = 100;
const LENGTH_DELIMITED = 2;
const PLAIN = new Set(["text", "bytes", "int", "bool", "double"]);
/** The highest number of a field that an envelope or an entry of a map has. */
const LAST_PART = 4;
const NOTHING = new Uint8Array();

/** How plain values are read that are not told by their length, by type: with what wire type, and how. */
const NUMBERS: Readonly<Record<string, readonly [number, (reader: protobuf.Reader) => unknown]>> = {
  int: [0, (reader) => Number(reader.int64())],
  bool: [0, (reader) => reader.bool()],
  double: [1, (reader) => finite(reader.double())],
};

/**
 * Reads a body in Kubernetes' protobuf notation as the JSON that its writer would have sent. Fields that
 * nobody knows are passed over, as by kube-apiserver. Throws a bad request, or 415 for a kind without a message.
 */
export function decodeProtobuf(body: Uint8Array): unknown {
  if (!isEnvelope(body))
    throw badRequest("the body of the request does not begin as Kubernetes protobuf does");
  try {
    return decodeEnvelope(body, 0);
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    throw badRequest(`the body of the request is not valid protobuf: ${errorText(cause)}`);
  }
}

function isEnvelope(bytes: Uint8Array): boolean {
  return MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

function decodeEnvelope(bytes: Uint8Array, depth: number): JsonObject {
  const [, typeMeta = NOTHING, raw = NOTHING] = parts(bytes.subarray(MAGIC.length));
  const [, apiVersion = NOTHING, kind = NOTHING] = parts(typeMeta);
  const identity = { apiVersion: textOf(apiVersion), kind: textOf(kind) };
  const message = messageOfKind(identity.apiVersion, identity.kind);
  if (message === undefined) throw notUnderstood(identity.apiVersion, identity.kind);
  return { ...identity, ...decodeMessage(raw, message, depth + 1) };
}

function decodeMessage(bytes: Uint8Array, message: Message, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  const object: JsonObject = {};
  const reader = Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = message.get(tag >>> 3);
    if (field === undefined) reader.skipType(tag & 7, 0, tag >>> 3);
    else readField(reader, tag & 7, field, object, depth);
  }
  return object;
}

function readField(
  reader: protobuf.Reader,
  wire: number,
  field: Field,
  object: JsonObject,
  depth: number,
): void {
  const { name, many } = field;
  if (many === "{}") {
    addEntry(bytesOf(reader, wire, field), field, object, depth);
  } else if (many === "[]") {
    object[name] ??= [];
    addItems(reader, wire, field, object[name] as unknown[], depth);
  } else {
    const value = readValue(reader, wire, field, depth);
    if (name === INLINE) Object.assign(object, value);
    else if (value !== undefined && !isLeftOut(value, field)) object[name] = value;
  }
}

function addEntry(bytes: Uint8Array, field: Field, object: JsonObject, depth: number): void {
  const [, key = NOTHING, value = NOTHING] = parts(bytes);
  const name = textOf(key);
  if (name === "__proto__") throw badRequest('a field cannot be named "__proto__"');
  object[field.name] ??= {};
  (object[field.name] as JsonObject)[name] = delimited(value, field, depth);
}

/** Writers may put numbers of a list one after the other into one field. */
function addItems(
  reader: protobuf.Reader,
  wire: number,
  field: Field,
  items: unknown[],
  depth: number,
): void {
  const [own, read] = NUMBERS[field.type] ?? [];
  if (wire !== LENGTH_DELIMITED || own === undefined || read === undefined) {
    items.push(readValue(reader, wire, field, depth) ?? null);
    return;
  }
  const packed = Reader.create(reader.bytes());
  while (packed.pos < packed.len) items.push(read(packed));
}

function readValue(reader: protobuf.Reader, wire: number, field: Field, depth: number): unknown {
  const [own, read] = NUMBERS[field.type] ?? [];
  if (read === undefined) return delimited(bytesOf(reader, wire, field), field, depth);
  if (wire !== own) throw wrongWire(wire, field.name);
  return read(reader);
}

function delimited(bytes: Uint8Array, field: Field, depth: number): unknown {
  switch (field.type) {
    case "text":
      return textOf(bytes);
    case "bytes":
      return bufferOf(bytes).toString("base64");
    case "json":
      return jsonOf(bytes, depth);
    default: {
      const object = decodeMessage(bytes, messageOfField(field), depth + 1);
      const special = Object.hasOwn(SPECIALS, field.type) ? SPECIALS[field.type] : undefined;
      return special === undefined ? object : special.value(object);
    }
  }
}

/** A value whose form its owner does not know: JSON, or again an envelope. */
function jsonOf(bytes: Uint8Array, depth: number): unknown {
  const [, raw = NOTHING] = parts(bytes);
  if (isEnvelope(raw)) return decodeEnvelope(raw, depth);
  return raw.length === 0 ? undefined : JSON.parse(textOf(raw));
}

/** The fields of a message that are told by their length, by number; the others are passed over. */
function parts(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 <= LAST_PART && (tag & 7) === LENGTH_DELIMITED) found[tag >>> 3] = reader.bytes();
    else reader.skipType(tag & 7, 0, tag >>> 3);
  }
  return found;
}

function bytesOf(reader: protobuf.Reader, wire: number, { name }: Field): Uint8Array {
  if (wire !== LENGTH_DELIMITED) throw wrongWire(wire, name);
  return reader.bytes();
}

function textOf(bytes: Uint8Array): string {
  return bufferOf(bytes).toString();
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** What Go leaves out of JSON, unless a field says otherwise: plain values only, whatever else is zero. */
function isLeftOut(value: unknown, { type, keepsZero }: Field): boolean {
  if (keepsZero || !PLAIN.has(type)) return false;
  return value === "" || value === 0 || value === false;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError("a number is not finite");
  return value;
}

function wrongWire(wire: number, field: string): RangeError {
  return new RangeError(`wire type ${wire} cannot hold "${field}"`);
}

function notUnderstood(apiVersion: string, kind: string): StatusError {
  const what = JSON.stringify(`${apiVersion}, ${kind}`);
  return StatusError.of(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - ${what} is understood as application/json, application/yaml`,
  );
}
