import { isObject, type JsonObject, listOf, textOf } from "./json.ts";

/** A message that JSON writes in a way of its own: the fields it has, and what becomes of them. */
export interface Special {
  readonly fields: string;
  readonly value: (parts: JsonObject) => unknown;
}

const INSTANT = "1 seconds int!, 2 nanos int!";
const LAST_SECOND = Date.UTC(9999, 11, 31) / 1000;

/** The special messages by the word for them in the tables. */
export const SPECIALS: Readonly<Record<string, Special>> = {
  time: {
    fields: INSTANT,
    value: ({ seconds }) => (seconds === undefined ? null : `${secondsText(seconds)}Z`),
  },
  microTime: {
    fields: INSTANT,
    value: ({ seconds, nanos }) =>
      seconds === undefined ? null : `${secondsText(seconds)}.${microsText(nanos)}Z`,
  },
  quantity: { fields: "1 text text!", value: ({ text }) => text || "0" },
  intOrString: {
    fields: "1 type int!, 2 number int!, 3 text text!",
    value: ({ type, number, text }) => (type === 1 ? textOf(text ?? "") : (number ?? 0)),
  },
  texts: { fields: "1 items text[]", value: ({ items }) => listOf(items) },
  schemaOrSchemas: {
    fields: "1 schema JSONSchemaProps, 2 schemas JSONSchemaProps[]",
    value: ({ schema, schemas }) => schemas ?? schema,
  },
  schemaOrBool: {
    fields: "1 allows bool!, 2 schema JSONSchemaProps",
    value: ({ schema, allows }) => (isObject(schema) ? schema : allows === true),
  },
  schemaOrTexts: {
    fields: "1 schema JSONSchemaProps, 2 texts text[]",
    value: ({ schema, texts }) => texts ?? schema,
  },
};

function secondsText(seconds: unknown): string {
  if (!(Math.abs(Number(seconds)) <= LAST_SECOND)) throw new RangeError("a time is out of range");
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
}

function microsText(nanos: unknown): string {
  return String(Math.floor(Number(nanos ?? 0) / 1000)).padStart(6, "0");
}
