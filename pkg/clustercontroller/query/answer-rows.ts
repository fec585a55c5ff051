import type { QueryColumn, QueryRow } from "../../apis/cluster-query.ts";
import {
  at,
  field,
  isObject,
  type JsonObject,
  listOf,
  textOf,
} from "../../apiserver/request/json.ts";
import { age } from "../../apiserver/table/human-duration.ts";
import { ClusterFailedError } from "./failure.ts";
import { invalid, JsonMembers, parsed } from "./json-members.ts";

/** How much of an object comes with its row, as Kubernetes' `includeObject` says it. */
export type Include = "None" | "Metadata" | "Object";

/** Rows of one cluster, under its own columns. */
export interface RowBatch {
  readonly columns: readonly QueryColumn[];
  readonly rows: readonly QueryRow[];
  /** How long their text was. */
  readonly bytes: number;
}

/** Most columns of one table. */
export const MAX_COLUMNS = 128;
/** Bytes of an answer that is no JSON. */
export const MAX_TEXT_BYTES = 64 * 1024;
/** Characters of such an answer that are shown in its cell. */
const SHOWN_TEXT = 1000;
const MAX_NAME = 256;

const PLAIN: readonly QueryColumn[] = [column("Name", "name"), column("Age", "")];
const TEXT: readonly QueryColumn[] = [column("Answer", "")];

/** What can be made of the bytes of an answer: rows as they come, and what is known at its end. */
export interface AnswerRows {
  /** Bytes that are held of what is not complete. */
  readonly held: number;
  /** Rows that are complete with these bytes. Throws a ClusterFailedError. */
  feed(chunk: Uint8Array): RowBatch | undefined;
  /** What the end makes complete, and with what that API continues ("" if this is all). Throws a ClusterFailedError. */
  end(): { readonly last: RowBatch | undefined; readonly next: string };
}

/** A reader for an answer of this content type. */
export function readAnswer(contentType: string, include: Include): AnswerRows {
  return /\bjson\b/i.test(contentType) ? new JsonRows(include) : new TextRows(include);
}

/** A Table row by row; the items of any other list, and any other object, as rows with a name and an age. */
class JsonRows implements AnswerRows {
  readonly #include: Include;
  readonly #json = new JsonMembers();
  #columns: readonly QueryColumn[] | undefined;

  constructor(include: Include) {
    this.#include = include;
  }

  get held(): number {
    return this.#json.held;
  }

  feed(chunk: Uint8Array): RowBatch | undefined {
    const texts = this.#json.feed(chunk);
    if (texts.length === 0) return undefined;
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    return { ...this.#batch(texts.map(parsed)), bytes };
  }

  end(): { last: RowBatch | undefined; next: string } {
    this.#json.end();
    const { members, list } = this.#json;
    const next = textOf(at(members.get("metadata"), "continue") ?? "");
    const isEmptyList = /(^Table|List)$/.test(textOf(members.get("kind") ?? ""));
    if (list !== undefined || isEmptyList) return { last: undefined, next };
    return { last: this.#single(Object.fromEntries(members)), next: "" };
  }

  #batch(elements: readonly unknown[]): Omit<RowBatch, "bytes"> {
    if (this.#json.list === "items") {
      const kind = textOf(this.#json.members.get("kind") ?? "").replace(/List$/, "");
      const apiVersion = this.#json.members.get("apiVersion");
      const whole = (item: JsonObject): JsonObject => ({ apiVersion, kind, ...item });
      const rows = elements.map((item) => plainRow(whole(objectIn(item)), this.#include));
      return { columns: PLAIN, rows };
    }
    this.#columns ??= columnsOf(this.#json.members.get("columnDefinitions"));
    const columns = this.#columns;
    return { columns, rows: elements.map((row) => tableRow(row, columns.length)) };
  }

  #single(object: JsonObject): RowBatch {
    const text = JSON.stringify(object);
    const bytes = text.length;
    if (isObject(object.metadata))
      return { columns: PLAIN, rows: [plainRow(object, this.#include)], bytes };
    return { columns: TEXT, rows: [{ cells: [shown(text)], object }], bytes };
  }
}

/** Anything else as one cell. */
class TextRows implements AnswerRows {
  readonly #include: Include;
  readonly #parts: Uint8Array[] = [];
  held = 0;

  constructor(include: Include) {
    this.#include = include;
  }

  feed(chunk: Uint8Array): undefined {
    this.#parts.push(chunk);
    this.held += chunk.length;
    if (this.held > MAX_TEXT_BYTES)
      throw new ClusterFailedError(
        "TooLarge",
        `the answer is text of over ${MAX_TEXT_BYTES} bytes`,
      );
  }

  end(): { last: RowBatch; next: string } {
    const text = Buffer.concat(this.#parts).toString();
    const cells = [shown(text)];
    const rows = [this.#include === "Object" ? { cells, object: { text } } : { cells }];
    return { last: { columns: TEXT, rows, bytes: text.length }, next: "" };
  }
}

function columnsOf(raw: unknown): readonly QueryColumn[] {
  const list = listOf(raw);
  if (list.length === 0) throw invalid("its rows come before its columns");
  if (list.length > MAX_COLUMNS) throw invalid(`it has more than ${MAX_COLUMNS} columns`);
  return list.map((item) => {
    const [name, type] = [field(item, "name"), field(item, "type")];
    if (typeof name !== "string" || name === "" || name.length > MAX_NAME)
      throw invalid("a column has no good name");
    return {
      name,
      type: typeof type === "string" ? type.slice(0, MAX_NAME) : "string",
      format: textOf(field(item, "format") ?? "").slice(0, MAX_NAME),
      description: textOf(field(item, "description") ?? "").slice(0, 4 * MAX_NAME),
      priority: Number(field(item, "priority") ?? 0) || 0,
    };
  });
}

function tableRow(raw: unknown, width: number): QueryRow {
  const cells = field(raw, "cells");
  if (!Array.isArray(cells) || cells.length > width)
    throw invalid("a row does not have the cells of its columns");
  const object = field(raw, "object");
  return isObject(object) ? { cells, object } : { cells };
}

function plainRow(object: JsonObject, include: Include): QueryRow {
  const { metadata, apiVersion, kind } = object;
  const cells = [
    textOf(field(metadata, "name") ?? ""),
    age(field(metadata, "creationTimestamp"), Date.now()),
  ];
  if (include === "None") return { cells };
  if (include === "Object") return { cells, object };
  return { cells, object: { kind, apiVersion, metadata } };
}

function objectIn(raw: unknown): JsonObject {
  if (!isObject(raw)) throw invalid("an item is no object");
  return raw;
}

function shown(text: string): string {
  const line = text.trim();
  return line.length > SHOWN_TEXT ? `${line.slice(0, SHOWN_TEXT)}…` : line;
}

function column(name: string, format: string): QueryColumn {
  return { name, type: "string", format, description: name, priority: 0 };
}
