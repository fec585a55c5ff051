import { builtinColumns } from "./builtin-columns.ts";
import { checkCrd, completeCrd } from "./crd-rules.ts";
import { crdFromV1beta1, crdToV1beta1 } from "./crd-v1beta1.ts";
import { ALL_VERBS, type ServedType } from "./served-type.ts";

const GROUP = "apiextensions.k8s.io";

/** CustomResourceDefinition: the kind whose objects are kinds. */
export const CRD_V1: ServedType = {
  group: GROUP,
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
  listKind: "CustomResourceDefinitionList",
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  verbs: ALL_VERBS,
  custom: false,
  storedAs: `${GROUP}/v1`,
  status: true,
  statusOnCreate: false,
  generation: "spec",
  nameRule: "subdomain",
  schema: {
    type: "object",
    description:
      "CustomResourceDefinition represents a resource that should be exposed on the API server.",
    properties: {
      spec: {
        type: "object",
        description: "The group, the names, the scope and the versions of the kind.",
        "x-kubernetes-preserve-unknown-fields": true,
      },
      status: {
        description: "Whether the kind is served, and under which names.",
        "x-kubernetes-preserve-unknown-fields": true,
      },
    },
  },
  columns: builtinColumns(`customresourcedefinitions.${GROUP}`),
  selectableFields: {},
  complete: completeCrd,
  check: checkCrd,
  owns: "instances",
};

/** The same in the version of 2017, which old manifests and clients use. */
export const CRD_V1BETA1: ServedType = {
  ...CRD_V1,
  version: "v1beta1",
  toStored: crdFromV1beta1,
  fromStored: crdToV1beta1,
};
