import { parse as parseYaml } from "yaml";
import { StatusError } from "../../apis/status.ts";
import { errorText } from "../../base/errors.ts";
import { isObject } from "./json.ts";
import { duplicateFields } from "./json-duplicates.ts";
import { decodeProtobuf } from "./protobuf-body.ts";
import { badRequest } from "./refusals.ts";

/** The most bytes a request may carry. */
export const MAX_BODY_BYTES = 3 << 20;
const MAX_DEPTH = 256;

const JSON_TYPE = "application/json";
const YAML_TYPE = "application/yaml";
const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

/** What a body said, and which of its fields said it twice. */
export interface DecodedBody {
  readonly value: unknown;
  readonly duplicates: () => readonly string[];
}

/** The media type of a Content-Type header, JSON when there is none. */
export function mediaType(contentType: string | undefined): string {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return type === "" ? JSON_TYPE : type;
}

/** Reads a body of an object in any notation we know. Throws a bad request, 413 or 415. */
export function decodeBody(body: Uint8Array, contentType: string | undefined): DecodedBody {
  const type = mediaType(contentType);
  switch (type) {
    case JSON_TYPE:
      return decodeJson(body);
    case YAML_TYPE:
      return decodeYaml(body);
    case PROTOBUF_TYPE:
      return { value: checkShape(decodeProtobuf(checkSize(body))), duplicates: none };
    default:
      throw unsupported([JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE]);
  }
}

/** Reads a JSON body. Throws a bad request or 413. */
export function decodeJson(body: Uint8Array): DecodedBody {
  const text = textOf(body);
  try {
    const value = checkShape(JSON.parse(text));
    return { value, duplicates: () => duplicateFields(text) };
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** Reads a YAML body (JSON is YAML, too). Throws a bad request or 413. */
export function decodeYaml(body: Uint8Array): DecodedBody {
  const text = textOf(body);
  if (text.trimStart().startsWith("{")) return decodeJson(body);
  try {
    const value = checkShape(parseYaml(text, { maxAliasCount: 100, schema: "core" }));
    return { value, duplicates: none };
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** The refusal of a media type, naming those that would do. */
export function unsupported(accepted: readonly string[]): StatusError {
  return StatusError.of(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

/** The refusal of a body that is too long. */
export function tooLarge(): StatusError {
  return StatusError.of(
    "RequestEntityTooLarge",
    `Request entity too large: limit is ${MAX_BODY_BYTES}`,
  );
}

function checkSize(body: Uint8Array): Uint8Array {
  if (body.length > MAX_BODY_BYTES) throw tooLarge();
  return body;
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(checkSize(body));
  } catch (cause) {
    throw cause instanceof StatusError ? cause : unreadable(cause);
  }
}

/** Refuses what later code, which recurses and copies fields by name, could stumble over. */
function checkShape(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw badRequest(`nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) for (const item of value) checkShape(item, depth + 1);
  else if (isObject(value)) {
    if (Object.hasOwn(value, "__proto__")) throw badRequest('a field cannot be named "__proto__"');
    for (const item of Object.values(value)) checkShape(item, depth + 1);
  }
  return value;
}

function unreadable(cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  return badRequest(`couldn't get object from the body of the request: ${errorText(cause)}`);
}

function none(): readonly string[] {
  return [];
}
