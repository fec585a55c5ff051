import { stringify } from "yaml";
import { CLUSTER_ANNOTATION, type QueryRow } from "../../apis/cluster-query.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A list that is printed object by object: what comes before, between and after them. */
export interface ListText {
  readonly head: string;
  readonly item: (object: unknown, isFirst: boolean) => string;
  readonly tail: (isEmpty: boolean) => string;
}

/** A Kubernetes List as JSON, indented as kubectl does it. */
export const JSON_LIST: ListText = {
  head: '{\n    "apiVersion": "v1",\n    "items": [',
  item: (object, isFirst) => {
    const text = JSON.stringify(object, undefined, 4).replaceAll("\n", "\n        ");
    return `${isFirst ? "" : ","}\n        ${text}`;
  },
  tail: (isEmpty) =>
    `${isEmpty ? "" : "\n    "}],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n`,
};

/** The same as YAML. */
export const YAML_LIST: ListText = {
  head: "apiVersion: v1\nitems:",
  item: (object, isFirst) => `${isFirst ? "\n" : ""}${stringify([object], { lineWidth: 0 })}`,
  tail: (isEmpty) => `${isEmpty ? " []\n" : ""}kind: List\nmetadata:\n  resourceVersion: ""\n`,
};

/** The object of a row, with the cluster that it is from. */
export function objectOf(cluster: string, { cells, object }: QueryRow): Fields {
  const fields = (object ?? { answer: cells[1] }) as Fields;
  const metadata = (fields.metadata ?? {}) as Fields;
  const annotations = { ...(metadata.annotations as Fields), [CLUSTER_ANNOTATION]: cluster };
  return { ...fields, metadata: { ...metadata, annotations } };
}

/** "edge-1/deployment.apps/web" */
export function nameOf(cluster: string, resource: string | undefined, row: QueryRow): string {
  const { kind, metadata } = (row.object ?? {}) as { kind?: string; metadata?: { name?: string } };
  const name = metadata?.name ?? String(row.cells[1] ?? "");
  return [cluster, resource ?? (kind ?? "").toLowerCase(), name].join("/");
}
