import { type JsonObject, objectOf } from "../request/json.ts";

const GROUP = "rbac.authorization.k8s.io";
const core = { apiGroups: [""] };

/** Roles and bindings in the namespaces blue and green that the cases are about. */
export const RBAC_OBJECTS: readonly JsonObject[] = [
  role("blue", "pods", { ...core, resources: ["pods", "pods/log"], verbs: ["get", "list"] }),
  role("blue", "one-map", {
    ...core,
    resources: ["configmaps"],
    resourceNames: ["settings", "more"],
    verbs: ["get", "update", "watch"],
  }),
  role("green", "all", { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }),
  role("", "nodes", { ...core, resources: ["nodes"], verbs: ["get", "watch"] }),
  role("", "scales", { apiGroups: ["apps"], resources: ["*/scale"], verbs: ["update"] }),
  role("", "paths", { nonResourceURLs: ["/logs/*", "/metrics"], verbs: ["get"] }),
  role("", "any-path", { nonResourceURLs: ["*"], verbs: ["*"] }),
  role("", "deployments", { apiGroups: ["apps"], resources: ["deployments"], verbs: ["create"] }),
  role("", "whole-apps", { apiGroups: ["apps"], resources: ["*"], verbs: ["get"] }),
  binding("blue", "pods", "Role", "pods", user("ann"), account("blue", "robot")),
  binding("blue", "maps", "Role", "one-map", user("ann")),
  binding("blue", "deployments", "ClusterRole", "deployments", group("writers")),
  binding("blue", "lost", "Role", "nowhere", user("lost")),
  binding("green", "all", "Role", "all", user("ben")),
  binding("", "nodes", "ClusterRole", "nodes", user("ann"), account("green", "robot")),
  binding("", "scales", "ClusterRole", "scales", group("writers")),
  binding("", "paths", "ClusterRole", "paths", user("ann")),
  binding("", "any-path", "ClusterRole", "any-path", user("pia")),
  binding("", "whole-apps", "ClusterRole", "whole-apps", group("readers")),
  binding("blue", "viewers", "ClusterRole", "view", user("vic")),
  binding("blue", "editors", "ClusterRole", "edit", user("eve")),
  binding("blue", "admins", "ClusterRole", "admin", user("ada")),
];

/** Who asks: "NAME group,group". */
type Who = string;

/** A path, or "VERB [GROUP/]RESOURCE[/SUB][=NAME] [@NAMESPACE]". */
type What = string;

/** Who may do what, as a real server decides too. */
export const RBAC_CASES: readonly (readonly [Who, What, boolean])[] = [
  ["ann", "get pods=x @blue", true],
  ["ann", "list pods @blue", true],
  ["ann", "watch pods @blue", false],
  ["ann", "delete pods=x @blue", false],
  ["ann", "get pods/log=x @blue", true],
  ["ann", "get pods/status=x @blue", false],
  ["ann", "get pods=x @green", false],
  ["ann", "list pods", false],
  ["ann", "get apps/pods=x @blue", false],
  ["ann", "get configmaps=settings @blue", true],
  ["ann", "update configmaps=more @blue", true],
  ["ann", "get configmaps=other @blue", false],
  ["ann", "watch configmaps @blue", false],
  ["ann", "watch configmaps=settings @blue", true],
  ["ann", "list configmaps=settings @blue", false],
  ["ann", "get nodes=n", true],
  ["ann", "list nodes", false],
  ["ann", "get nodes=n @blue", true],
  ["ann", "get nodes/status=n", false],
  ["ann", "get /logs/a/b", true],
  ["ann", "get /logs/", true],
  ["ann", "get /logs", false],
  ["ann", "get /metrics", true],
  ["ann", "get /metrics/x", false],
  ["ann", "post /metrics", false],
  ["pia", "post /anything", true],
  ["pia", "get pods=x @blue", false],
  ["system:serviceaccount:blue:robot", "list pods @blue", true],
  ["system:serviceaccount:green:robot", "list pods @blue", false],
  ["system:serviceaccount:green:robot", "get nodes=n", true],
  ["system:serviceaccount:blue:robot", "get nodes=n", false],
  ["x writers", "create apps/deployments @blue", true],
  ["x writers", "create apps/deployments @green", false],
  ["x writers", "create apps/deployments", false],
  ["x writers", "create extensions/deployments @blue", false],
  ["x writers", "update apps/deployments/scale=d @blue", true],
  ["x writers", "update apps/statefulsets/scale=d @green", true],
  ["x writers", "update replicationcontrollers/scale=d @green", false],
  ["x writers", "update apps/deployments=d @green", false],
  ["x writers,readers", "get apps/replicasets=d @green", true],
  ["x readers", "get apps/deployments/scale=d", true],
  ["x readers", "get batch/jobs=d", false],
  ["writers", "create apps/deployments @blue", false],
  ["ben", "delete secrets=x @green", true],
  ["ben", "escalate rbac.authorization.k8s.io/roles=x @green", true],
  ["ben", "deletecollection pods @green", true],
  ["ben", "get example.com/things/status=x @green", true],
  ["ben", "get secrets=x @blue", false],
  ["ben", "list secrets", false],
  ["ben", "get /metrics", false],
  ["ben", "* * @green", true],
  ["lost", "get pods=x @blue", false],
  ["vic", "list pods @blue", true],
  ["vic", "get pods/log=x @blue", true],
  ["vic", "get secrets=x @blue", false],
  ["vic", "create pods @blue", false],
  ["vic", "get rbac.authorization.k8s.io/roles=x @blue", false],
  ["vic", "list apps/deployments @blue", true],
  ["eve", "create pods @blue", true],
  ["eve", "get secrets=x @blue", true],
  ["eve", "patch apps/deployments=x @blue", true],
  ["eve", "create pods/exec=x @blue", true],
  ["eve", "impersonate serviceaccounts=x @blue", true],
  ["eve", "impersonate users=x", false],
  ["eve", "create rbac.authorization.k8s.io/roles @blue", false],
  ["eve", "list pods @green", false],
  ["ada", "create rbac.authorization.k8s.io/rolebindings @blue", true],
  ["ada", "escalate rbac.authorization.k8s.io/roles=x @blue", false],
  ["ada", "create authorization.k8s.io/localsubjectaccessreviews @blue", true],
  ["ada", "delete namespaces=blue @blue", false],
  ["x", "get pods=x @blue", false],
  ["x system:authenticated", "create authorization.k8s.io/selfsubjectaccessreviews", true],
  ["x system:authenticated", "create authorization.k8s.io/subjectaccessreviews", false],
  ["x system:authenticated", "get /api", true],
  ["x system:authenticated", "get /apis/apps/v1", true],
  ["x system:authenticated", "get /version", true],
  ["x system:authenticated", "get /metrics", false],
  ["x system:unauthenticated", "get /version", true],
  ["x system:unauthenticated", "get /api", false],
  ["x system:masters", "* *", true],
  ["x system:masters", "get /metrics", true],
  ["x system:monitoring", "get /metrics", true],
  ["system:kube-scheduler", "create pods/binding=x @blue", true],
  ["system:kube-scheduler", "update coordination.k8s.io/leases=kube-scheduler @kube-system", true],
  ["system:kube-scheduler", "update coordination.k8s.io/leases=other @kube-system", false],
  ["system:kube-scheduler", "delete nodes=x", false],
  ["system:kube-controller-manager", "list example.com/things", true],
  ["system:kube-controller-manager", "create serviceaccounts/token=x @blue", true],
  ["system:kube-controller-manager", "delete pods=x @blue", false],
  ["system:kube-proxy", "watch discovery.k8s.io/endpointslices", true],
  ["system:kube-proxy", "get secrets=x @blue", false],
  [
    "system:serviceaccount:kube-system:deployment-controller",
    "create apps/replicasets @blue",
    true,
  ],
  ["system:serviceaccount:kube-system:deployment-controller", "delete pods=x @blue", false],
  [
    "system:serviceaccount:kube-system:generic-garbage-collector",
    "delete a.b/things=x @blue",
    true,
  ],
  ["system:node:n1 system:nodes", "get nodes=n1", true],
  ["system:node:n1 system:nodes", "list pods", true],
  ["system:node:n1 system:nodes", "get secrets=x @blue", false],
  ["system:node:n1 system:nodes", "list secrets @blue", false],
  ["system:node:n1 system:nodes", "update coordination.k8s.io/leases=n1 @kube-node-lease", true],
  ["system:node:n1 system:nodes", "update coordination.k8s.io/leases=n2 @kube-node-lease", false],
  ["system:node:n1 system:nodes", "update coordination.k8s.io/leases=n1 @blue", false],
  ["system:node:n1 system:nodes", "create serviceaccounts/token=x @blue", false],
  ["system:node:n1 system:nodes", "delete nodes=n1", false],
  ["system:node:n1", "list pods", false],
  ["n1 system:nodes", "list pods", false],
];

/** The spec of a SubjectAccessReview for a case. */
export function reviewSpec(who: Who, what: What): JsonObject {
  const [name, groups] = who.split(" ");
  const [verb = "", target = "", home = ""] = what.split(" ");
  const subject = { user: name, groups: groups?.split(",") };
  if (target.startsWith("/")) return { ...subject, nonResourceAttributes: { verb, path: target } };
  const [path = "", object] = target.split("=");
  const [first = "", ...rest] = path.split("/");
  const hasGroup =
    first.includes(".") || first === "apps" || ["batch", "extensions"].includes(first);
  const [resource, subresource] = hasGroup ? rest : [first, ...rest];
  const resourceAttributes = {
    ...{ verb, group: hasGroup ? first : "", version: "v1", resource, subresource },
    ...{ name: object, namespace: home.slice(1) || undefined },
  };
  return { ...subject, resourceAttributes };
}

/** Where an object of RBAC_OBJECTS is made. */
export function collectionOf(object: JsonObject): string {
  const { namespace } = objectOf(object.metadata);
  const plural = `${String(object.kind).toLowerCase()}s`;
  const home = namespace === undefined ? "" : `namespaces/${namespace}/`;
  return `/apis/${GROUP}/v1/${home}${plural}`;
}

function role(namespace: string, name: string, ...rules: JsonObject[]): JsonObject {
  return { ...head("Role", namespace, name), rules };
}

function binding(
  namespace: string,
  name: string,
  kind: string,
  roleName: string,
  ...subjects: JsonObject[]
): JsonObject {
  const roleRef = { apiGroup: GROUP, kind, name: roleName };
  return { ...head("RoleBinding", namespace, name), roleRef, subjects };
}

function head(kind: string, namespace: string, name: string): JsonObject {
  const metadata = namespace === "" ? { name } : { name, namespace };
  return { apiVersion: `${GROUP}/v1`, kind: namespace === "" ? `Cluster${kind}` : kind, metadata };
}

function user(name: string): JsonObject {
  return { apiGroup: GROUP, kind: "User", name };
}

function group(name: string): JsonObject {
  return { apiGroup: GROUP, kind: "Group", name };
}

function account(namespace: string, name: string): JsonObject {
  return { kind: "ServiceAccount", namespace, name };
}
