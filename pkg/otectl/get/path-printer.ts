import { findValues } from "./find-values.ts";
import { goJson, pathText } from "./go-text.ts";
import { JsonPathError, type Part, type Step, type Values } from "./json-path.ts";
import { objectOf } from "./object-text.ts";
import { HoldingPrinter, type Printer, type Rows } from "./printer.ts";

/** How a template is printed. */
export interface PathStyle {
  /** As it was written, for errors. */
  readonly template: string;
  /** Each result as a JSON array. */
  readonly asJson: boolean;
}

/** The text of a template for one value. Throws a JsonPathError. */
export function templateText(parts: readonly Part[], value: unknown, style: PathStyle): string {
  return textOf(found(parts, value, style), style);
}

/** Prints a template for the List of all objects; object by object, where the template can be. */
export function pathPrinter(parts: readonly Part[], style: PathStyle): Printer {
  const flow = flowOf(parts, style);
  return flow === undefined ? new WholePrinter(parts, style) : new FlowingPrinter(flow, style);
}

function found(parts: readonly Part[], value: unknown, { template }: PathStyle): Values[] {
  try {
    return findValues(parts, value);
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    throw new JsonPathError(
      `Cannot execute jsonpath ${JSON.stringify(template)}: ${error.message}`,
    );
  }
}

function textOf(results: readonly Values[], { asJson }: PathStyle): string {
  return results
    .map((values) => (asJson ? `${goJson(values, 4)}\n` : values.map(pathText).join(" ")))
    .join("");
}

/** A template whose parts for single items do not depend on each other. */
interface Flow {
  readonly head: readonly Part[];
  /** For one item. */
  readonly item: readonly Part[];
  /** Between what items say. */
  readonly gap: string;
  readonly tail: readonly Part[];
}

/** Undefined if all items must be there first. */
function flowOf(parts: readonly Part[], { asJson }: PathStyle): Flow | undefined {
  const at = parts.findIndex((part) => !isConstant(part));
  const part = parts[at];
  const tail = parts.slice(at + 1);
  if (part === undefined || part.kind === "text" || !tail.every(isConstant)) return undefined;
  const steps = stepsOfItem(part.kind === "range" ? part.over : part.steps);
  if (steps === undefined || (part.kind === "path" && asJson)) return undefined;
  const item: Part =
    part.kind === "range"
      ? { kind: "range", over: steps, body: part.body }
      : { kind: "path", steps };
  return { head: parts.slice(0, at), item: [item], gap: part.kind === "path" ? " " : "", tail };
}

function isConstant(part: Part): boolean {
  return (
    part.kind === "text" ||
    (part.kind === "path" && part.steps.every(({ kind }) => kind === "constant"))
  );
}

/** What is left of ".items[*]..." for one item; steps that mix what they find of several items cannot be taken apart. */
function stepsOfItem([first, second, ...others]: readonly Step[]): readonly Step[] | undefined {
  const isItems = first?.kind === "field" && first.name === "items";
  const isAll =
    second?.kind === "slice" &&
    !second.isOne &&
    [second.from, second.to, second.step].every((bound) => bound === undefined);
  const isApart = others.every(({ kind }) => kind === "field" || kind === "all" || kind === "deep");
  return isItems && isAll && isApart ? others : undefined;
}

class FlowingPrinter implements Printer {
  readonly #flow: Flow;
  readonly #style: PathStyle;
  #text: string;
  #isBegun = false;

  constructor(flow: Flow, style: PathStyle) {
    this.#flow = flow;
    this.#style = style;
    this.#text = templateText(flow.head, undefined, style);
  }

  columns(): void {}

  next(): void {}

  rows({ cluster, rows }: Rows): void {
    const { item, gap } = this.#flow;
    for (const row of rows) {
      const results = found(item, objectOf(cluster, row), this.#style);
      // An item in which nothing is found does not make a gap, but one with an empty text does.
      if (results.every((values) => values.length === 0)) continue;
      if (this.#isBegun) this.#text += gap;
      this.#isBegun = true;
      this.#text += textOf(results, this.#style);
    }
  }

  text(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  end(): string {
    return templateText(this.#flow.tail, undefined, this.#style);
  }
}

class WholePrinter extends HoldingPrinter {
  readonly #parts: readonly Part[];
  readonly #style: PathStyle;

  constructor(parts: readonly Part[], style: PathStyle) {
    const why = `Cannot print ${JSON.stringify(style.template)}`;
    super(`${why}, which is not of the form "{range .items[*]}...{end}"`);
    this.#parts = parts;
    this.#style = style;
  }

  end(): string {
    const items = this.held.all.map(({ cluster, row }) => objectOf(cluster, row));
    const list = { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } };
    return templateText(this.#parts, list, this.#style);
  }
}
