import { StatusError } from "../../apis/status.ts";
import type { JsonObject } from "../request/json.ts";
import { badRequest } from "../request/refusals.ts";
import type { ServedType } from "../types/served-type.ts";
import { tableColumns, tableRow } from "./table.ts";

/** How the caller wants to see objects: whole, as rows of a table, or only their metadata. */
export type View =
  | { readonly as: "object" }
  | {
      readonly as: "table";
      readonly version: string;
      readonly include: "None" | "Metadata" | "Object";
    }
  | { readonly as: "metadata"; readonly version: string };

const WHOLE: View = { as: "object" };

/** The first of the views in an Accept header that we can give. Throws 406 if there is none. */
export function viewOf(accept: string | undefined, query: URLSearchParams): View {
  const wanted = (accept ?? "").split(",").map((part) => part.trim());
  if (wanted.length === 1 && wanted[0] === "") return WHOLE;
  for (const part of wanted) {
    const view = viewOfType(part, query);
    if (view !== undefined) return view;
  }
  throw StatusError.of(
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io",
  );
}

function viewOfType(part: string, query: URLSearchParams): View | undefined {
  const [type = "", ...parameters] = part.split(";").map((item) => item.trim());
  if (!["application/json", "application/*", "*/*"].includes(type)) return undefined;
  const { as, v, g } = Object.fromEntries(parameters.map((item) => item.split("=", 2)));
  if (as === undefined) return WHOLE;
  if (g !== "meta.k8s.io" || (v !== "v1" && v !== "v1beta1")) return undefined;
  if (as === "Table") return { as: "table", version: `meta.k8s.io/${v}`, include: include(query) };
  if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList")
    return { as: "metadata", version: `meta.k8s.io/${v}` };
  return undefined;
}

function include(query: URLSearchParams): "None" | "Metadata" | "Object" {
  const wanted = query.get("includeObject") ?? "Metadata";
  if (wanted === "None" || wanted === "Metadata" || wanted === "Object") return wanted;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: "${wanted}": must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/** A name for what `view` makes of objects of `type`: equal names, equal texts. */
export function viewName(view: View, { group, version }: ServedType): string {
  const detail =
    view.as === "object" ? "" : `${view.version}/${view.as === "table" ? view.include : ""}`;
  return `${group}/${version}/${view.as}/${detail}`;
}

/** The JSON of one object in `view`; `text` is its JSON as it is. A table has its columns only if `first`. */
export function viewObject(
  view: View,
  type: ServedType,
  object: JsonObject,
  text: () => string,
  first = true,
): string {
  switch (view.as) {
    case "object":
      return text();
    case "metadata":
      return JSON.stringify(metadataOnly(view.version, object));
    case "table":
      return JSON.stringify({
        kind: "Table",
        apiVersion: view.version,
        metadata: { resourceVersion: (object.metadata as JsonObject).resourceVersion },
        columnDefinitions: first ? tableColumns(type) : null,
        rows: [row(view, type, object)],
      });
  }
}

/** The parts of the JSON of a list in `view`: the text before its items, and the text of one item. */
export function viewList(
  view: View,
  type: ServedType,
  apiVersion: string,
  metadata: JsonObject,
): { readonly head: string; readonly item: (object: JsonObject, text: () => string) => string } {
  switch (view.as) {
    case "object":
      return {
        head: head({ kind: type.listKind, apiVersion, metadata }, "items"),
        item: (_object, text) => text(),
      };
    case "metadata":
      return {
        head: head(
          { kind: "PartialObjectMetadataList", apiVersion: view.version, metadata },
          "items",
        ),
        item: (object) => JSON.stringify(metadataOnly(view.version, object)),
      };
    case "table": {
      const columnDefinitions = tableColumns(type);
      return {
        head: head(
          { kind: "Table", apiVersion: view.version, metadata, columnDefinitions },
          "rows",
        ),
        item: (object) => JSON.stringify(row(view, type, object)),
      };
    }
  }
}

function head(fields: JsonObject, list: string): string {
  return `${JSON.stringify(fields).slice(0, -1)},"${list}":[`;
}

function row(view: View & { as: "table" }, type: ServedType, object: JsonObject): JsonObject {
  const { cells } = tableRow(type, object, Date.now());
  if (view.include === "None") return { cells };
  if (view.include === "Object") return { cells, object };
  return { cells, object: metadataOnly(view.version, object) };
}

function metadataOnly(apiVersion: string, { metadata }: JsonObject): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion, metadata };
}
