import { QUERY_PATH } from "../../apis/cluster-query.ts";

/** In which form results are printed. */
export const OUTPUTS = ["wide", "json", "yaml", "name"] as const;
export type Output = (typeof OUTPUTS)[number];

/** What `otectl get` was asked. */
export interface GetOptions {
  readonly clusters?: string | undefined;
  readonly clusterSelector?: string | undefined;
  readonly namespace: string;
  readonly allNamespaces?: boolean | undefined;
  readonly selector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly output?: Output | undefined;
  readonly headers: boolean;
  readonly sortBy?: string | undefined;
  readonly deadline: string;
  readonly limit?: string | undefined;
  readonly continue?: string | undefined;
  readonly raw?: string | undefined;
  readonly quiet?: boolean | undefined;
}

/** The command line does not say what is asked for. */
export class GetUsageError extends TypeError {}

/** The path with its query that asks for it. Throws a GetUsageError. */
export function queryPath(resource: string, name: string, options: GetOptions): string {
  const { clusters = "", clusterSelector = "", raw = "" } = options;
  if (clusters === "" && clusterSelector === "")
    throw new GetUsageError('--clusters must say which clusters are asked ("*" means all)');
  if ((resource === "") === (raw === ""))
    throw new GetUsageError("either a resource, like pods, or --raw PATH must be given");
  const query = new URLSearchParams(
    Object.entries({
      clusters,
      clusterSelector,
      ...(raw === "" ? targetOf(resource, name, options) : { path: raw }),
      labelSelector: options.selector ?? "",
      fieldSelector: options.fieldSelector ?? "",
      includeObject: includeOf(options),
      deadline: options.deadline,
      limit: options.limit ?? "",
      continue: options.continue ?? "",
    }).filter(([, value]) => value !== ""),
  );
  return `${QUERY_PATH}?${query}`;
}

function targetOf(
  text: string,
  named: string,
  { namespace, allNamespaces = false }: GetOptions,
): Record<string, string> {
  const [resource = "", inside = "", more] = text.split("/");
  if (more !== undefined || (inside !== "" && named !== ""))
    throw new GetUsageError("one resource and one name can be asked for: pods web, or pod/web");
  const name = inside === "" ? named : inside;
  if (name !== "" && allNamespaces)
    throw new GetUsageError("a resource cannot be asked for by its name in all namespaces");
  return { resource, name, namespace: allNamespaces ? "" : namespace };
}

function includeOf({ output, sortBy = "" }: GetOptions): string {
  if (output === "json" || output === "yaml") return "Object";
  return sortBy.startsWith(".") || sortBy.startsWith("{") ? "Object" : "Metadata";
}
