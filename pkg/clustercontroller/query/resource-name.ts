/** A resource as somebody wrote it: "pods", "deploy", "deployments.apps", "deployments.v1.apps". */
export interface ResourceName {
  /** Lower case: plural, singular or short. */
  readonly word: string;
  /** Undefined if it was left open. */
  readonly group: string | undefined;
  readonly version: string | undefined;
}

/** A resource as an API serves it. */
export interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
}

const NAME = /^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9.-]*)?\.?$/;
const VERSION = /^v\d+((alpha|beta)\d+)?$/;

/** Reads the name of a resource, as kubectl does. Throws a SyntaxError that says what must hold. */
export function parseResourceName(text: string): ResourceName {
  const lower = text.toLowerCase();
  if (!NAME.test(lower) || text.length > 300)
    throw new SyntaxError(
      `Cannot use ${JSON.stringify(text.slice(0, 80))} as a resource: it must be one name like "pods", "deployments.apps" or "deployments.v1.apps"`,
    );
  const [word = "", ...rest] = lower.split(".");
  if (rest.length === 0) return { word, group: undefined, version: undefined };
  const [first = "", ...others] = rest;
  if (VERSION.test(first)) return { word, version: first, group: others.join(".") };
  return { word, version: undefined, group: rest.join(".") };
}

type Row = readonly [
  group: string,
  version: string,
  plural: string,
  singular: string,
  short?: string | undefined,
  scope?: "cluster",
];

/**
 * What every cluster has, so that the usual questions need no discovery. A cluster that answers "there is no
 * such path", because it is older, is asked what it has instead.
 */
const USUAL: readonly Row[] = [
  ["", "v1", "pods", "pod", "po"],
  ["", "v1", "services", "service", "svc"],
  ["", "v1", "configmaps", "configmap", "cm"],
  ["", "v1", "secrets", "secret"],
  ["", "v1", "events", "event", "ev"],
  ["", "v1", "endpoints", "endpoints", "ep"],
  ["", "v1", "serviceaccounts", "serviceaccount", "sa"],
  ["", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "pvc"],
  ["", "v1", "resourcequotas", "resourcequota", "quota"],
  ["", "v1", "limitranges", "limitrange", "limits"],
  ["", "v1", "replicationcontrollers", "replicationcontroller", "rc"],
  ["", "v1", "podtemplates", "podtemplate"],
  ["", "v1", "nodes", "node", "no", "cluster"],
  ["", "v1", "namespaces", "namespace", "ns", "cluster"],
  ["", "v1", "persistentvolumes", "persistentvolume", "pv", "cluster"],
  ["apps", "v1", "deployments", "deployment", "deploy"],
  ["apps", "v1", "daemonsets", "daemonset", "ds"],
  ["apps", "v1", "statefulsets", "statefulset", "sts"],
  ["apps", "v1", "replicasets", "replicaset", "rs"],
  ["apps", "v1", "controllerrevisions", "controllerrevision"],
  ["batch", "v1", "jobs", "job"],
  ["batch", "v1", "cronjobs", "cronjob", "cj"],
  ["coordination.k8s.io", "v1", "leases", "lease"],
  ["networking.k8s.io", "v1", "ingresses", "ingress", "ing"],
  ["networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "netpol"],
  ["networking.k8s.io", "v1", "ingressclasses", "ingressclass", undefined, "cluster"],
  ["policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "pdb"],
  ["storage.k8s.io", "v1", "storageclasses", "storageclass", "sc", "cluster"],
  ["rbac.authorization.k8s.io", "v1", "roles", "role"],
  ["rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding"],
  ["rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", undefined, "cluster"],
  [
    "rbac.authorization.k8s.io",
    "v1",
    "clusterrolebindings",
    "clusterrolebinding",
    undefined,
    "cluster",
  ],
  [
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "customresourcedefinition",
    "crd",
    "cluster",
  ],
];

/** What `name` is at nearly every API; undefined if only each cluster itself can say. */
export function usualResource({ word, group, version }: ResourceName): ServedResource | undefined {
  const row = USUAL.find(
    ([of, at, plural, singular, short]) =>
      [plural, singular, short].includes(word) &&
      (group === undefined || group === of) &&
      (version === undefined || version === at),
  );
  if (row === undefined) return undefined;
  const [of, at, plural, singular, , scope] = row;
  return { group: of, version: at, plural, singular, namespaced: scope !== "cluster" };
}

/** Which objects of a resource are meant. */
export interface ResourcePlace {
  /** "" for all. */
  readonly namespace: string;
  /** "" for all. */
  readonly name: string;
}

/** The path of objects; a resource without namespaces has none. */
export function resourcePath(
  { group, version, plural, namespaced }: ServedResource,
  { namespace, name }: ResourcePlace,
): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const inside =
    namespaced && namespace !== "" ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${inside}/${plural}${name === "" ? "" : `/${encodeURIComponent(name)}`}`;
}

/** "deployment.apps", as `-o name` shows it. */
export function shownResource({ group, singular, plural }: ServedResource): string {
  const word = singular === "" ? plural : singular;
  return group === "" ? word : `${word}.${group}`;
}
