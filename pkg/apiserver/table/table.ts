import type { JsonObject } from "../request/json.ts";
import type { Column, ServedType } from "../types/served-type.ts";

/** The head of the table of a type. */
export function tableColumns({ columns }: ServedType): readonly JsonObject[] {
  return columns.map(({ name, type, format = "", description = "", priority = 0 }) => ({
    name,
    type,
    format,
    description: description === "" ? name : description,
    priority,
  }));
}

/** One object as a row of the table of its type, with times as they are at `now`. */
export function tableRow(
  { columns }: ServedType,
  object: JsonObject,
  now: number,
): { readonly cells: readonly unknown[] } {
  return { cells: columns.map(({ cell }) => cellOf(cell, object, now)) };
}

/** Objects of loosely described kinds can hold anything; one strange field must not hide a whole table. */
function cellOf(cell: Column["cell"], object: JsonObject, now: number): unknown {
  try {
    return cell(object, now) ?? null;
  } catch {
    return null;
  }
}
