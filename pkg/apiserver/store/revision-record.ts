import type { StoreEvent, StoreKey } from "./store.ts";

/** Where all states of objects are kept, by the revision that made them. */
export const REVISIONS = "revisions";

/** One change as it is kept: all of it but the text. */
export interface Change {
  readonly revision: number;
  readonly type: StoreEvent["type"];
  /** The store id of the object. */
  readonly id: string;
  /** The revision of the state that it replaced; 0 when there was none. */
  readonly previous: number;
  /** Characters of the text. */
  readonly size: number;
}

const LETTERS = { ADDED: "A", MODIFIED: "M", DELETED: "D" } as const;
const TYPES: Readonly<Record<string, StoreEvent["type"]>> = {
  A: "ADDED",
  M: "MODIFIED",
  D: "DELETED",
};

/** As many digits as the largest whole number has, so that keys are in the order of revisions. */
const DIGITS = 16;

/** The key of a revision's record. */
export function revisionKey(revision: number): string {
  return String(revision).padStart(DIGITS, "0");
}

/** The record: type, replaced revision, length of the id, id, object; so reading it parses no object. */
export function toRecord({ type, id, previous }: Omit<Change, "revision" | "size">, text: string) {
  return `${LETTERS[type]} ${previous} ${id.length} ${id}${text}`;
}

/** The change that a record tells. */
export function changeOf(key: string, record: string): Change {
  const { type, previous, idAt, textAt } = partsOf(record);
  const size = record.length - textAt;
  return { revision: Number(key), type, id: record.slice(idAt, textAt), previous, size };
}

/** The object in a record. */
export function textOf(record: string): string {
  return record.slice(partsOf(record).textAt);
}

/** The place that a store id names. */
export function keyOfId(id: string): StoreKey {
  const [resource = "", namespace = "", name = ""] = id.split("/");
  return { resource, namespace, name };
}

function partsOf(record: string) {
  const second = record.indexOf(" ", 2);
  const third = record.indexOf(" ", second + 1);
  const idAt = third + 1;
  return {
    type: TYPES[record.charAt(0)] ?? "MODIFIED",
    previous: Number(record.slice(2, second)),
    idAt,
    textAt: idAt + Number(record.slice(second + 1, third)),
  };
}
