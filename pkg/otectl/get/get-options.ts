import { QUERY_PATH } from "../../apis/cluster-query.ts";
import { areManyKinds, GetUsageError, parseTargets, type Target } from "./targets.ts";

/** In which form results are printed; those with "=" have more to say, as in `jsonpath={.kind}`. */
export const FORMS = [
  "wide",
  "json",
  "yaml",
  "name",
  "jsonpath",
  "jsonpath-as-json",
  "jsonpath-file",
  "custom-columns",
  "custom-columns-file",
] as const;
export type Form = (typeof FORMS)[number];

/** What `otectl get` was asked. */
export interface GetOptions {
  readonly clusters?: string | undefined;
  readonly clusterSelector?: string | undefined;
  readonly namespace: string;
  readonly allNamespaces?: boolean | undefined;
  readonly selector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly output?: Form | undefined;
  /** What comes after "=" in the form of output, or is in the file that is named there. */
  readonly template?: string | undefined;
  readonly headers: boolean;
  /** Labels that have a column each. */
  readonly labelColumns?: readonly string[] | undefined;
  readonly showLabels?: boolean | undefined;
  readonly showKind?: boolean | undefined;
  readonly ignoreNotFound?: boolean | undefined;
  readonly sortBy?: string | undefined;
  readonly deadline: string;
  readonly limit?: string | undefined;
  readonly continue?: string | undefined;
  readonly raw?: string | undefined;
  readonly quiet?: boolean | undefined;
}

/** What is asked, one question after another, and how the answers belong together. */
export interface GetPlan {
  readonly questions: readonly Question[];
  /** Names come with their kinds. */
  readonly kinds: boolean;
  /** The cluster of which one object is asked for, if that is all. */
  readonly only: string | undefined;
}

/** One question to the clusters. */
export interface Question {
  /** What it asks for: answers of the same are one table. */
  readonly resource: string;
  /** The path with its query. */
  readonly path: string;
  /** It is well if a cluster does not have such objects, or not that one. */
  readonly mayBeMissing: boolean;
}

/** Forms that need whole objects. */
const OF_OBJECTS: readonly (Form | undefined)[] = FORMS.filter(
  (form) => form !== "wide" && form !== "name",
);
/** What can only be the name of a cluster, or of a tag. */
const WORD = /^[\w.-]+$/;

/** What the command line asks. Throws a GetUsageError. */
export function planOf(args: readonly string[], options: GetOptions): GetPlan {
  const { clusters = "", clusterSelector = "", raw = "" } = options;
  const { ignoreNotFound = false, showKind = false } = options;
  if (clusters === "" && clusterSelector === "")
    throw new GetUsageError('--clusters must say which clusters are asked ("*" means all)');
  const targets = parseTargets(args);
  if ((targets.length === 0) === (raw === ""))
    throw new GetUsageError("either a resource, like pods, or --raw PATH must be given");
  checkNames(targets, options);
  checkForm(options);
  if (targets.length > 1 && (options.limit ?? options.continue) !== undefined)
    throw new GetUsageError("--limit and --continue are for one resource at a time");
  const one = targets.length === 1 && targets[0]?.name !== "";
  const isNamed = WORD.test(clusters) && clusterSelector === "";
  return {
    questions:
      raw === ""
        ? targets.map((target) => ({
            resource: target.resource,
            path: pathOf(
              { resource: target.resource, name: target.name, ...place(options) },
              options,
            ),
            mayBeMissing: ignoreNotFound || target.isOptional,
          }))
        : [{ resource: "", path: pathOf({ path: raw }, options), mayBeMissing: ignoreNotFound }],
    kinds: areManyKinds(targets) || showKind,
    only: one && isNamed ? clusters : undefined,
  };
}

/** Whether rows are sorted by a field of the objects; else it is a column. */
export function isFieldPath(by: string): boolean {
  return /[.{[]/.test(by);
}

function checkNames(targets: readonly Target[], options: GetOptions): void {
  const { allNamespaces = false, selector = "", fieldSelector = "" } = options;
  if (targets.every(({ name }) => name === "")) return;
  if (allNamespaces)
    throw new GetUsageError("a resource cannot be asked for by its name in all namespaces");
  if (selector !== "" || fieldSelector !== "")
    throw new GetUsageError("a name and a selector cannot be given together");
}

function checkForm({ output, labelColumns = [], showLabels = false }: GetOptions): void {
  if (output === undefined || output === "wide") return;
  const flag = showLabels ? "--show-labels" : labelColumns.length > 0 ? "--label-columns" : "";
  if (flag !== "") throw new GetUsageError(`${flag} is for tables, and not for -o ${output}`);
}

function place({ namespace, allNamespaces = false }: GetOptions) {
  return { namespace: allNamespaces ? "" : namespace };
}

function pathOf(target: Readonly<Record<string, string>>, options: GetOptions): string {
  const query = new URLSearchParams(
    Object.entries({
      clusters: options.clusters ?? "",
      clusterSelector: options.clusterSelector ?? "",
      ...target,
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

function includeOf({ output, sortBy = "" }: GetOptions): string {
  return OF_OBJECTS.includes(output) || isFieldPath(sortBy) ? "Object" : "Metadata";
}
