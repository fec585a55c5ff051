import type { QueryColumn, QueryRow } from "../../apis/cluster-query.ts";

/** How a table is shown. */
export interface TableStyle {
  readonly wide: boolean;
  readonly headers: boolean;
  /** Whether rows may be of different namespaces. */
  readonly namespaces: boolean;
  /** Labels that have a column each. */
  readonly labels: readonly string[];
  /** A last column with all labels. */
  readonly allLabels: boolean;
  /** Whether names of columns are shown as they are. */
  readonly verbatim: boolean;
}

/** Between columns, as kubectl does it; and how wide a column is at least. */
const GAP = "   ";
const MIN_WIDTH = 3;
const NOTHING = "<none>";
// Whoever can name an object in a cluster must not be able to move the cursor here.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Rows as aligned lines, as they come: each batch is aligned with those before it, and wider where it must be. The head is
 * repeated when there are more columns than before.
 */
export class TableText {
  readonly #style: TableStyle;
  readonly #widths: number[] = [];
  #columns: readonly QueryColumn[] = [];
  #head: readonly string[] = [];

  constructor(style: TableStyle) {
    this.#style = style;
  }

  /** The columns of rows from now on. */
  set columns(columns: readonly QueryColumn[]) {
    this.#columns = columns;
  }

  /** Whether there are lines already. */
  get isBegun(): boolean {
    return this.#head.length > 0;
  }

  /** The lines for some rows. */
  lines(rows: readonly QueryRow[]): string[] {
    const cells = rows.map((row) => this.#cells(row));
    const { headers } = this.#style;
    const head = this.#titles();
    const isNew = headers && head.join("\n") !== this.#head.join("\n");
    const wasEmpty = this.#head.length === 0;
    this.#head = head;
    const all = isNew ? [head, ...cells] : cells;
    for (const line of all) this.#widen(line);
    const lines = all.map((line) => this.#aligned(line));
    return isNew && !wasEmpty ? ["", ...lines] : lines;
  }

  #titles(): string[] {
    const { verbatim, labels, allLabels } = this.#style;
    const shown = this.#shown().map(({ name }) => (verbatim ? name : name.toUpperCase()));
    const all = this.#withNamespace(shown, "NAMESPACE");
    all.push(...labels.map((label) => label.slice(label.lastIndexOf("/") + 1).toUpperCase()));
    if (allLabels) all.push("LABELS");
    return all.map(printable);
  }

  #cells({ cells, object }: QueryRow): string[] {
    const shown = this.#shown().map(({ at }) => textOf(cells[at]));
    const { labels, allLabels } = this.#style;
    const all = this.#withNamespace(shown, namespaceOf(object));
    const own = labelsOf(object);
    all.push(...labels.map((label) => own.get(label) ?? ""));
    if (allLabels) all.push([...own].map(([key, value]) => `${key}=${value}`).join(",") || NOTHING);
    return all.map(printable);
  }

  #shown(): { readonly name: string; readonly at: number }[] {
    return this.#columns
      .map(({ name, priority }, at) => ({ name, at, priority }))
      .filter(({ priority }) => this.#style.wide || priority === 0);
  }

  #withNamespace(texts: readonly string[], namespace: string): string[] {
    const [cluster = "", ...rest] = texts;
    return this.#style.namespaces ? [cluster, namespace, ...rest] : [...texts];
  }

  #widen(line: readonly string[]): void {
    for (const [at, text] of line.entries())
      this.#widths[at] = Math.max(this.#widths[at] ?? MIN_WIDTH, text.length);
  }

  #aligned(line: readonly string[]): string {
    return line
      .map((text, at) => text.padEnd(this.#widths[at] ?? 0))
      .join(GAP)
      .trimEnd();
  }
}

/** A cell as text. */
export function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return NOTHING;
  const text = typeof cell === "string" ? cell : JSON.stringify(cell);
  const [line = ""] = text.split(/\r?\n/);
  return line.length < text.length ? `${line}...` : line;
}

/** Foreign text without what a terminal would take for a command. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

function namespaceOf(object: unknown): string {
  const metadata = (object as { metadata?: { namespace?: unknown } } | undefined)?.metadata;
  return typeof metadata?.namespace === "string" ? metadata.namespace : "";
}

/** The labels of an object, sorted. */
function labelsOf(object: unknown): ReadonlyMap<string, string> {
  const labels = (object as { metadata?: { labels?: unknown } } | undefined)?.metadata?.labels;
  const all = Object.entries(typeof labels === "object" && labels !== null ? labels : {});
  return new Map(all.map(([key, value]) => [key, String(value)] as const).sort());
}
