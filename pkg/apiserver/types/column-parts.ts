import { at, isObject, type JsonObject } from "../request/json.ts";
import { age } from "../table/human-duration.ts";
import type { Column } from "./served-type.ts";

type Cell = (object: JsonObject, now: number) => unknown;

/** The first column of every kind. */
export const NAME: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name must be unique within a namespace.",
  cell: (object) => at(object, "metadata", "name"),
};

/** The last column of nearly every kind. */
export const AGE: Column = text("Age", (object, now) =>
  age(at(object, "metadata", "creationTimestamp"), now),
);

/** A column that is always shown. */
export function text(name: string, cell: Cell): Column {
  return { name, type: "string", cell };
}

/** A column that is shown with `-o wide`. */
export function wide(name: string, cell: Cell): Column {
  return { name, type: "string", priority: 1, cell };
}

/** A column of numbers. */
export function integer(name: string, cell: Cell): Column {
  return { name, type: "integer", cell };
}

/** How many items a list or a map has; 0 for anything else. */
export function size(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

/** Labels as people write them, for example "a=b,c=d". */
export function pairs(value: unknown): string {
  if (!isObject(value) || size(value) === 0) return "<none>";
  return Object.entries(value)
    .map(([key, item]) => `${key}=${item}`)
    .join(",");
}
