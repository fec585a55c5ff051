import type { StatusCause } from "../../apis/status.ts";
import { at, type JsonObject, objectOf, same } from "../request/json.ts";

const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const MAX_KEY = 253;
const MAX_BYTES = 1 << 20;

/** What is wrong with the data of a ConfigMap or Secret, `fields` of which hold bytes by key. */
export function checkData(...fields: readonly string[]) {
  return (object: JsonObject, old: JsonObject | undefined): readonly StatusCause[] => [
    ...fields.flatMap((name) => Object.keys(objectOf(object[name])).flatMap(keyCauses(name))),
    ...twins(object),
    ...(bytesOf(object) > MAX_BYTES ? [TOO_LARGE] : []),
    ...(at(old, "immutable") === true ? changed(object, old, fields) : []),
  ];
}

const TOO_LARGE: StatusCause = {
  reason: "FieldValueTooLong",
  message: `Too long: must have at most ${MAX_BYTES} bytes`,
  field: "[]",
};

function keyCauses(field: string): (key: string) => StatusCause[] {
  return (key) => {
    const problems = [
      ...(key.length > MAX_KEY ? [`must be no more than ${MAX_KEY} characters`] : []),
      ...(KEY.test(key) ? [] : [KEY_TEXT]),
      ...(key === "." ? ["must not be '.'"] : []),
      ...(key.startsWith("..") ? [`must not ${key === ".." ? "be" : "start with"} '..'`] : []),
    ];
    return problems.map((why) => invalid(`${field}[${key}]`, key, why));
  };
}

function twins({ data, binaryData }: JsonObject): StatusCause[] {
  return Object.keys(objectOf(data))
    .filter((key) => Object.hasOwn(objectOf(binaryData), key))
    .map((key) => invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
}

/** Base64 counts as what it stands for. */
function bytesOf({ data, binaryData, kind }: JsonObject): number {
  const size = (values: unknown, isBase64: boolean) =>
    Object.values(objectOf(values)).reduce<number>((sum, value) => {
      const text = String(value);
      return sum + (isBase64 ? (text.length * 3) / 4 : Buffer.byteLength(text));
    }, 0);
  return size(data, kind === "Secret") + size(binaryData, true);
}

function changed(
  object: JsonObject,
  old: JsonObject | undefined,
  fields: readonly string[],
): StatusCause[] {
  const forbidden = (field: string): StatusCause => ({
    reason: "FieldValueForbidden",
    message: "Forbidden: field is immutable when `immutable` is set",
    field,
  });
  return [
    ...(object.immutable === true ? [] : [forbidden("immutable")]),
    ...fields.filter((name) => !same(objectOf(object[name]), objectOf(old?.[name]))).map(forbidden),
  ];
}

function invalid(field: string, value: string, why: string): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return { reason: "FieldValueInvalid", message, field };
}
