import protobuf from "protobufjs/minimal.js";
import { StatusError } from "../../apis/status.ts";
import { errorText } from "../../base/errors.ts";
import type { JsonObject } from "./json.ts";
import { type FieldRow, MESSAGES, type Message } from "./protobuf-messages.ts";
import { badRequest } from "./refusals.ts";

const MAGIC = Buffer.of(0x6b, 0x38, 0x73, 0);
const ENVELOPE: Message = {
  1: ["typeMeta", { 1: ["apiVersion", "text"], 2: ["kind", "text"] }],
  2: ["raw", "bytes"],
  3: ["contentEncoding", "text"],
  4: ["contentType", "text"],
};

/** Reads a body in Kubernetes' protobuf notation, for the kinds of MESSAGES. Throws a bad request or 415. */
export function decodeProtobuf(body: Uint8Array): unknown {
  if (!MAGIC.equals(body.subarray(0, MAGIC.length)))
    throw badRequest("the body of the request does not begin as Kubernetes protobuf does");
  try {
    const envelope = decode(
      protobuf.Reader.create(body.subarray(MAGIC.length)),
      undefined,
      ENVELOPE,
    );
    const { apiVersion = "", kind = "" } = (envelope.typeMeta ?? {}) as Record<string, string>;
    const message = Object.hasOwn(MESSAGES, kind) ? MESSAGES[kind] : undefined;
    if (message === undefined) throw notUnderstood(kind);
    const raw = Buffer.from(String(envelope.raw ?? ""), "base64");
    return { apiVersion, kind, ...decode(protobuf.Reader.create(raw), undefined, message) };
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    throw badRequest(`the body of the request is not valid protobuf: ${errorText(cause)}`);
  }
}

function notUnderstood(what: string): StatusError {
  return StatusError.of(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - ${JSON.stringify(what)} is understood as application/json, application/yaml`,
  );
}

function decode(reader: protobuf.Reader, end: number | undefined, message: Message): JsonObject {
  const object: JsonObject = {};
  const last = end ?? reader.len;
  while (reader.pos < last) {
    const tag = reader.uint32();
    const row = message[tag >>> 3];
    // A field that is dropped in silence would change what the caller means.
    if (row === undefined) throw notUnderstood(`field ${tag >>> 3}`);
    read(reader, object, row);
  }
  return object;
}

function read(reader: protobuf.Reader, object: JsonObject, [name, type, many]: FieldRow): void {
  const value = readValue(reader, type);
  if (many === "map") {
    const { key = "", value: item = "" } = value as { key?: string; value?: unknown };
    object[name] = { ...(object[name] as JsonObject | undefined), [key]: item };
  } else if (many === "list") {
    object[name] = [...((object[name] as unknown[] | undefined) ?? []), value];
  } else if (!(type === "text" && value === "")) {
    object[name] = value;
  }
}

function readValue(reader: protobuf.Reader, type: FieldRow[1]): unknown {
  switch (type) {
    case "text":
      return reader.string();
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
    case "int":
      return Number(reader.int64());
    case "bool":
      return reader.bool();
    case "time": {
      const { seconds } = nested(reader, { 1: ["seconds", "int"], 2: ["nanos", "int"] });
      const date = new Date(Number(seconds ?? 0) * 1000);
      return seconds === undefined ? null : `${date.toISOString().slice(0, 19)}Z`;
    }
    default:
      return nested(reader, type);
  }
}

function nested(reader: protobuf.Reader, message: Message): JsonObject {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("a message ends behind the body");
  return decode(reader, end, message);
}
