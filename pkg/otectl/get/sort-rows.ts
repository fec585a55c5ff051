import type { QueryColumn, QueryRow } from "../../apis/cluster-query.ts";
import { textOf } from "./table-text.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, y: 31_536_000 };
const SPAN = /^(?:\d+[smhdy])+$/;
const collator = new Intl.Collator("en", { numeric: true });

/**
 * Rows sorted by a column ("age", "restarts") or by a field of the object (".metadata.name"); time spans by their
 * length, numbers by their value. Throws a TypeError if there is no such column.
 */
export function sortRows(
  rows: readonly QueryRow[],
  columns: readonly QueryColumn[],
  by: string,
): QueryRow[] {
  const keyOf = by.startsWith(".") || by.startsWith("{") ? fieldOf(by) : cellOf(by, columns);
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ row }) => row);
}

function cellOf(by: string, columns: readonly QueryColumn[]): (row: QueryRow) => string {
  const at = columns.findIndex(({ name }) => name.toLowerCase() === by.toLowerCase());
  if (at < 0 && columns.length > 0) {
    const names = columns.map(({ name }) => name).join(", ");
    throw new TypeError(`there is no column "${by}" to sort by: there are ${names}`);
  }
  return ({ cells }) => textOf(cells[at]);
}

function fieldOf(by: string): (row: QueryRow) => string {
  const names = by
    .replace(/^\{|\}$/g, "")
    .split(".")
    .filter(Boolean);
  return ({ object }) =>
    textOf(
      names.reduce<unknown>(
        (value, name) =>
          typeof value === "object" && value !== null && Object.hasOwn(value, name)
            ? (value as Record<string, unknown>)[name]
            : undefined,
        object,
      ),
    );
}

function compare(a: string, b: string): number {
  if (SPAN.test(a) && SPAN.test(b)) return seconds(a) - seconds(b);
  return collator.compare(a, b);
}

function seconds(span: string): number {
  const parts = span.match(/\d+[smhdy]/g) ?? [];
  return parts.reduce(
    (sum, part) => sum + Number.parseInt(part, 10) * (UNITS[part.at(-1) ?? ""] ?? 0),
    0,
  );
}
