import { stringify } from "yaml";
import { CustomColumnsPrinter, parseColumnLines, parseColumns } from "./custom-columns.ts";
import type { GetOptions, GetPlan } from "./get-options.ts";
import { JsonPathError, parseTemplate } from "./json-path.ts";
import { ListPrinter, NamePrinter, OnlyPrinter } from "./list-printers.ts";
import { JSON_LIST, YAML_LIST } from "./object-text.ts";
import { pathPrinter, templateText } from "./path-printer.ts";
import type { Printer } from "./printer.ts";
import { SortingPrinter } from "./sorting-printer.ts";
import { TablePrinter } from "./table-printer.ts";
import { GetUsageError } from "./targets.ts";

/** How answers belong together. */
export type PrintedPlan = Pick<GetPlan, "kinds" | "only">;

/** The printer that the options ask for. Throws a GetUsageError. */
export function printerFor(options: GetOptions, plan: PrintedPlan): Printer {
  const { output, sortBy } = options;
  try {
    const plain = plainPrinter(options, plan);
    const needsObjects = output !== undefined && output !== "wide" && output !== "name";
    return sortBy === undefined ? plain : new SortingPrinter(plain, sortBy, needsObjects);
  } catch (error) {
    if (error instanceof JsonPathError) throw new GetUsageError(error.message);
    throw error;
  }
}

function plainPrinter(options: GetOptions, { kinds, only }: PrintedPlan): Printer {
  const { output, template = "" } = options;
  switch (output) {
    case undefined:
    case "wide":
      return tablePrinter(options, kinds);
    case "name":
      return new NamePrinter();
    case "json":
      return orOnly(only, jsonText, new ListPrinter(JSON_LIST));
    case "yaml":
      return orOnly(only, yamlText, new ListPrinter(YAML_LIST));
    case "jsonpath":
    case "jsonpath-file":
    case "jsonpath-as-json": {
      const style = { template, asJson: output === "jsonpath-as-json" };
      const parts = parseTemplate(template);
      const one = (object: unknown) => templateText(parts, object, style);
      return orOnly(only, one, pathPrinter(parts, style));
    }
    case "custom-columns":
      return new CustomColumnsPrinter(tablePrinter(options, false), parseColumns(template));
    case "custom-columns-file":
      return new CustomColumnsPrinter(tablePrinter(options, false), parseColumnLines(template));
  }
}

function tablePrinter(options: GetOptions, kinds: boolean): TablePrinter {
  const { output, headers, allNamespaces = false, labelColumns = [], showLabels = false } = options;
  const isTable = output === undefined || output === "wide";
  const style = {
    wide: output === "wide",
    headers,
    namespaces: isTable && allNamespaces,
    labels: labelColumns,
    allLabels: showLabels,
    verbatim: !isTable,
  };
  return new TablePrinter(style, kinds);
}

function orOnly(
  only: string | undefined,
  print: (object: unknown) => string,
  list: Printer,
): Printer {
  return only === undefined ? list : new OnlyPrinter(only, print, list);
}

function jsonText(object: unknown): string {
  return `${JSON.stringify(object, undefined, 4)}\n`;
}

function yamlText(object: unknown): string {
  return stringify(object, { lineWidth: 0 });
}
