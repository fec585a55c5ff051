import { eventually } from "../support/eventually.ts";
import { said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const resource = (path: string, name: string) => async (s: Space) => {
  const { body } = await s.get(path);
  const { storageVersionHash, singularName, ...found } =
    (body.resources ?? []).find((r: Any) => r.name === name) ?? {};
  return { ...found, verbs: [...(found.verbs ?? [])].sort() };
};

/** The OpenAPI document, once it has that definition: kube-apiserver takes its time. */
const described = (s: Space, name: string) =>
  eventually(`${name} is described`, async () => {
    const answer = await s.get("/openapi/v2");
    return answer.body.definitions?.[name] === undefined ? undefined : answer;
  });

export const discoveringKinds = area("discovery of kinds", [
  behaviour(
    "shows Services",
    resource("/api/v1", "services"),
    differs("services-deletecollection"),
  ),
  behaviour("shows Secrets", resource("/api/v1", "secrets"), {
    name: "secrets",
    namespaced: true,
    kind: "Secret",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  }),
  behaviour("shows Nodes", resource("/api/v1", "nodes"), {
    name: "nodes",
    namespaced: false,
    kind: "Node",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["no"],
  }),
  behaviour("shows Events", resource("/api/v1", "events"), {
    name: "events",
    namespaced: true,
    kind: "Event",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["ev"],
  }),
  behaviour("shows ServiceAccounts", resource("/api/v1", "serviceaccounts"), {
    name: "serviceaccounts",
    namespaced: true,
    kind: "ServiceAccount",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["sa"],
  }),
  behaviour("shows Endpoints", resource("/api/v1", "endpoints"), {
    name: "endpoints",
    namespaced: true,
    kind: "Endpoints",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["ep"],
  }),
  behaviour("shows PersistentVolumeClaims", resource("/api/v1", "persistentvolumeclaims"), {
    name: "persistentvolumeclaims",
    namespaced: true,
    kind: "PersistentVolumeClaim",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["pvc"],
  }),
  behaviour("shows Deployments", resource("/apis/apps/v1", "deployments"), {
    name: "deployments",
    namespaced: true,
    kind: "Deployment",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["deploy"],
    categories: ["all"],
  }),
  behaviour("shows Deployments' scale", resource("/apis/apps/v1", "deployments/scale"), {
    name: "deployments/scale",
    namespaced: true,
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
    verbs: ["get", "patch", "update"],
  }),
  behaviour("shows StatefulSets", resource("/apis/apps/v1", "statefulsets"), {
    name: "statefulsets",
    namespaced: true,
    kind: "StatefulSet",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["sts"],
    categories: ["all"],
  }),
  behaviour("shows DaemonSets", resource("/apis/apps/v1", "daemonsets"), {
    name: "daemonsets",
    namespaced: true,
    kind: "DaemonSet",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["ds"],
    categories: ["all"],
  }),
  behaviour("shows Jobs", resource("/apis/batch/v1", "jobs"), {
    name: "jobs",
    namespaced: true,
    kind: "Job",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    categories: ["all"],
  }),
  behaviour("shows Leases", resource("/apis/coordination.k8s.io/v1", "leases"), {
    name: "leases",
    namespaced: true,
    kind: "Lease",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  }),
  behaviour("shows Ingresses", resource("/apis/networking.k8s.io/v1", "ingresses"), {
    name: "ingresses",
    namespaced: true,
    kind: "Ingress",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["ing"],
  }),
  behaviour("shows NetworkPolicies", resource("/apis/networking.k8s.io/v1", "networkpolicies"), {
    name: "networkpolicies",
    namespaced: true,
    kind: "NetworkPolicy",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["netpol"],
  }),
  behaviour("shows StorageClasses", resource("/apis/storage.k8s.io/v1", "storageclasses"), {
    name: "storageclasses",
    namespaced: false,
    kind: "StorageClass",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["sc"],
  }),
  behaviour("shows PriorityClasses", resource("/apis/scheduling.k8s.io/v1", "priorityclasses"), {
    name: "priorityclasses",
    namespaced: false,
    kind: "PriorityClass",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["pc"],
  }),
  behaviour(
    "shows CertificateSigningRequests",
    resource("/apis/certificates.k8s.io/v1", "certificatesigningrequests"),
    {
      name: "certificatesigningrequests",
      namespaced: false,
      kind: "CertificateSigningRequest",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["csr"],
    },
  ),
  behaviour(
    "shows CustomResourceDefinitions",
    resource("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    {
      name: "customresourcedefinitions",
      namespaced: false,
      kind: "CustomResourceDefinition",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["crd", "crds"],
      categories: ["api-extensions"],
    },
  ),
  behaviour(
    "shows SelfSubjectAccessReviews",
    resource("/apis/authorization.k8s.io/v1", "selfsubjectaccessreviews"),
    {
      name: "selfsubjectaccessreviews",
      namespaced: false,
      kind: "SelfSubjectAccessReview",
      verbs: ["create"],
    },
  ),
  behaviour(
    "says its version",
    async (s) => {
      const { body } = await s.get("/version");
      return [Object.keys(body).sort(), body.major];
    },
    [
      [
        "buildDate",
        "compiler",
        "gitCommit",
        "gitTreeState",
        "gitVersion",
        "goVersion",
        "major",
        "minor",
        "platform",
      ],
      "1",
    ],
  ),
  behaviour(
    "knows no such group",
    async (s) => said(await s.get("/apis/none.example.com")),
    "404 no object",
  ),
  behaviour(
    "describes a custom kind in OpenAPI v2",
    async (s) => {
      const { code, body } = await described(s, "com.example.parity.v1.Widget");
      const widget = body.definitions["com.example.parity.v1.Widget"];
      return [
        code,
        body.swagger,
        Object.keys(widget.properties).sort(),
        widget.properties.spec.properties.size.type,
        widget["x-kubernetes-group-version-kind"],
      ];
    },
    [
      200,
      "2.0",
      ["apiVersion", "kind", "metadata", "spec", "status"],
      "integer",
      [{ group: "parity.example.com", kind: "Widget", version: "v1" }],
    ],
  ),
  behaviour(
    "describes ConfigMaps in OpenAPI v2",
    async (s) => {
      const { body } = await described(s, "io.k8s.api.core.v1.ConfigMap");
      const map = body.definitions["io.k8s.api.core.v1.ConfigMap"];
      return [Object.keys(map.properties).sort(), map["x-kubernetes-group-version-kind"]];
    },
    [
      ["apiVersion", "binaryData", "data", "immutable", "kind", "metadata"],
      [{ group: "", kind: "ConfigMap", version: "v1" }],
    ],
  ),
  behaviour(
    "says yes to those who may do everything",
    async (s) => {
      const review = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb: "delete", resource: "pods" } },
      };
      const { code, body } = await s.post(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        review,
      );
      return [code, body.kind, body.status.allowed];
    },
    [201, "SelfSubjectAccessReview", true],
  ),
]);
