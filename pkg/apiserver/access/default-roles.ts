import { NODE_RULES } from "./node-rules.ts";

/** A role in the notation of `parseRules`. */
export interface DefaultRole {
  readonly name: string;
  /** "" for a ClusterRole. */
  readonly namespace?: string;
  readonly rules?: readonly string[];
  /** The role that this one adds its rules to. */
  readonly addsTo?: string;
  /** Whether its rules are those of the roles that are added to it. */
  readonly collects?: boolean;
  /** Who has it from the start: "Group NAME", "User NAME", "ServiceAccount NAME" (of kube-system). */
  readonly holders?: readonly string[];
}

const AUTHENTICATED = "Group system:authenticated";
const HEALTH = "/healthz,/livez,/readyz,/version,/version/";
const REVIEWS = [
  "create authentication.k8s.io: tokenreviews",
  "create authorization.k8s.io: subjectaccessreviews",
];
const SCALED = (plural: string) => `${plural},${plural}/scale,${plural}/status`;

/** The roles for people and programs that are there from the start, as a real server of 1.33 has them. */
export const DEFAULT_ROLES: readonly DefaultRole[] = [
  {
    name: "cluster-admin",
    rules: ["* *: *", "*! *"],
    holders: ["Group system:masters"],
  },
  { name: "admin", collects: true },
  { name: "edit", collects: true, addsTo: "admin" },
  { name: "view", collects: true, addsTo: "edit" },
  {
    name: "system:aggregate-to-admin",
    addsTo: "admin",
    rules: [
      "create authorization.k8s.io: localsubjectaccessreviews",
      "read,write rbac.authorization.k8s.io: rolebindings,roles",
    ],
  },
  {
    name: "system:aggregate-to-edit",
    addsTo: "edit",
    rules: [
      "read pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy",
      "impersonate serviceaccounts",
      "write pods,pods/attach,pods/exec,pods/portforward,pods/proxy",
      "create pods/eviction",
      "write configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy",
      "create serviceaccounts/token",
      "write apps: daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale",
      "write autoscaling: horizontalpodautoscalers",
      "write batch: cronjobs,jobs",
      "write policy: poddisruptionbudgets",
      "write networking.k8s.io: ingresses,networkpolicies",
      "read,write coordination.k8s.io: leases",
    ],
  },
  {
    name: "system:aggregate-to-view",
    addsTo: "view",
    rules: [
      "read configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status",
      "read bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status",
      "read namespaces",
      "read discovery.k8s.io: endpointslices",
      `read apps: controllerrevisions,daemonsets,daemonsets/status,${["deployments", "replicasets", "statefulsets"].map(SCALED).join()}`,
      "read autoscaling: horizontalpodautoscalers,horizontalpodautoscalers/status",
      "read batch: cronjobs,cronjobs/status,jobs,jobs/status",
      "read policy: poddisruptionbudgets,poddisruptionbudgets/status",
      "read networking.k8s.io: ingresses,ingresses/status,networkpolicies",
    ],
  },
  {
    name: "system:basic-user",
    rules: [
      "create authorization.k8s.io: selfsubjectaccessreviews,selfsubjectrulesreviews",
      "create authentication.k8s.io: selfsubjectreviews",
    ],
    holders: [AUTHENTICATED],
  },
  {
    name: "system:discovery",
    rules: [
      `get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/`,
    ],
    holders: [AUTHENTICATED],
  },
  {
    name: "system:public-info-viewer",
    rules: [`get ${HEALTH}`],
    holders: [AUTHENTICATED, "Group system:unauthenticated"],
  },
  {
    name: "system:monitoring",
    rules: ["get /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*"],
    holders: ["Group system:monitoring"],
  },
  {
    name: "system:service-account-issuer-discovery",
    rules: ["get /.well-known/openid-configuration,/openid/v1/jwks"],
    holders: ["Group system:serviceaccounts"],
  },
  { name: "system:auth-delegator", rules: REVIEWS },
  {
    name: "system:kubelet-api-admin",
    rules: ["read nodes", "proxy nodes", "* nodes/log,nodes/metrics,nodes/proxy,nodes/stats"],
  },
  { name: "system:node", rules: NODE_RULES, holders: [] },
  {
    name: "system:node-bootstrapper",
    rules: ["create,read certificates.k8s.io: certificatesigningrequests"],
  },
  {
    name: "system:node-problem-detector",
    rules: ["get nodes", "patch nodes/status", "events"],
  },
  {
    name: "system:node-proxier",
    rules: [
      "list,watch endpoints,services",
      "read nodes",
      "events",
      "list,watch discovery.k8s.io: endpointslices",
      "list,watch networking.k8s.io: servicecidrs",
    ],
    holders: ["User system:kube-proxy"],
  },
  {
    name: "system:kube-dns",
    rules: ["list,watch endpoints,services"],
    holders: ["ServiceAccount kube-dns"],
  },
  {
    name: "system:persistent-volume-provisioner",
    rules: [
      "create,delete,read persistentvolumes",
      "read,update persistentvolumeclaims",
      "read storage.k8s.io: storageclasses",
      "watch events",
    ],
  },
  {
    name: "system:kube-controller-manager",
    rules: [
      "events",
      "create coordination.k8s.io: leases",
      "get,update coordination.k8s.io: leases = kube-controller-manager",
      "create secrets,serviceaccounts",
      "delete secrets",
      "get configmaps,namespaces,secrets,serviceaccounts",
      "update secrets,serviceaccounts",
      ...REVIEWS,
      "list,watch *: *",
      "create serviceaccounts/token",
    ],
    holders: ["User system:kube-controller-manager"],
  },
  {
    name: "system:kube-scheduler",
    rules: [
      "events",
      "create coordination.k8s.io: leases",
      "read,update coordination.k8s.io: leases = kube-scheduler",
      "read nodes",
      "delete,read pods",
      "create bindings,pods/binding",
      "patch,update pods/status",
      "read replicationcontrollers,services",
      "read apps: replicasets",
      "read apps: statefulsets",
      "read policy: poddisruptionbudgets",
      "read,update persistentvolumeclaims,persistentvolumes",
      "read namespaces",
      ...REVIEWS,
      "read storage.k8s.io: csinodes",
      "read storage.k8s.io: csidrivers,csistoragecapacities",
    ],
    holders: ["User system:kube-scheduler"],
  },
  {
    name: "system:volume-scheduler",
    rules: [
      "read,patch,update persistentvolumes",
      "read storage.k8s.io: storageclasses",
      "read,patch,update persistentvolumeclaims",
    ],
    holders: ["User system:kube-scheduler"],
  },
  {
    name: "extension-apiserver-authentication-reader",
    namespace: "kube-system",
    rules: ["read configmaps = extension-apiserver-authentication"],
    holders: ["User system:kube-controller-manager", "User system:kube-scheduler"],
  },
];
