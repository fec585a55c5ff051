/** Objects of one resource, or one of them. */
export interface Target {
  readonly resource: string;
  /** "" for all. */
  readonly name: string;
  /** A cluster need not have the resource at all. */
  readonly isOptional: boolean;
}

/** The command line does not say what is asked for. */
export class GetUsageError extends TypeError {}

/** What Kubernetes calls "all", in the order in which kubectl shows it. */
const ALL = [
  "pods",
  "replicationcontrollers",
  "services",
  "daemonsets.apps",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "horizontalpodautoscalers.autoscaling",
  "cronjobs.batch",
  "jobs.batch",
];

/** Most questions that one command line may come to. */
const MAX_TARGETS = 100;

/** What arguments mean, as with kubectl: `pods`, `pods web db`, `pods,svc`, `pod/web svc/web`, `all`. Throws a GetUsageError. */
export function parseTargets(args: readonly string[]): readonly Target[] {
  const targets = args.some((arg) => arg.includes("/")) ? pairs(args) : products(args);
  if (targets.length <= MAX_TARGETS) return targets;
  throw new GetUsageError(`at most ${MAX_TARGETS} objects can be asked for by their names at once`);
}

/** Whether objects of several kinds are asked for, so that a name alone does not say which is meant. */
export function areManyKinds(targets: readonly Target[]): boolean {
  return new Set(targets.map(({ resource }) => resource)).size > 1;
}

function pairs(args: readonly string[]): Target[] {
  return args.map((arg) => {
    const [resource = "", name = "", more] = arg.split("/");
    if (!arg.includes("/"))
      throw new GetUsageError(
        `there is no need to give a resource of its own beside names like "pod/web": ${JSON.stringify(arg)} has no name`,
      );
    if (resource === "" || name === "" || more !== undefined || resource.includes(","))
      throw new GetUsageError(
        `${JSON.stringify(arg)} must have one resource and one name: pods web, or pod/web`,
      );
    return { resource, name, isOptional: false };
  });
}

function products([first = "", ...names]: readonly string[]): Target[] {
  const words = [...new Set(first.split(",").filter(Boolean))];
  const resources = new Set(words.flatMap((word) => (word === "all" ? ALL : [word])));
  const all = names.length === 0 ? [""] : names;
  return [...resources].flatMap((resource) =>
    all.map((name) => ({ resource, name, isOptional: !words.includes(resource) })),
  );
}
