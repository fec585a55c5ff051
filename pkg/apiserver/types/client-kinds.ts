import type { BuiltinRow } from "./builtin-row.ts";
import { ENDPOINT_SLICE } from "./endpoint-slices.ts";
import { OLD_INGRESSES } from "./old-ingress.ts";

const SPEC = ["spec"];
const SPEC_STATUS = ["spec", "status"];
const STORAGE = { group: "storage.k8s.io", cluster: true };
const NETWORKING = { group: "networking.k8s.io" };
const WEBHOOKS = { group: "admissionregistration.k8s.io", cluster: true, fields: ["webhooks"] };

/**
 * Kinds that are served because the clients of a cluster (its controllers, scheduler, kubelets and
 * tools) look at them; nothing in this server acts on them.
 */
export const CLIENT_ROWS: readonly BuiltinRow[] = [
  {
    kind: "ReplicationController",
    fields: SPEC_STATUS,
    short: ["rc"],
    categories: ["all"],
    generation: "spec",
  },
  { kind: "PersistentVolume", fields: SPEC_STATUS, cluster: true, short: ["pv"] },
  { kind: "PodTemplate", fields: ["template"] },
  { group: "apps", kind: "ControllerRevision", fields: ["data", "revision"] },
  {
    group: "autoscaling",
    kind: "HorizontalPodAutoscaler",
    fields: SPEC_STATUS,
    short: ["hpa"],
    categories: ["all"],
  },
  {
    group: "policy",
    kind: "PodDisruptionBudget",
    fields: SPEC_STATUS,
    short: ["pdb"],
    versions: ["v1", "v1beta1"],
    generation: "spec",
  },
  ENDPOINT_SLICE,
  {
    ...NETWORKING,
    kind: "Ingress",
    plural: "ingresses",
    fields: SPEC_STATUS,
    short: ["ing"],
    generation: "spec",
  },
  { ...NETWORKING, kind: "IngressClass", plural: "ingressclasses", fields: SPEC, cluster: true },
  {
    ...NETWORKING,
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    fields: SPEC,
    short: ["netpol"],
    generation: "spec",
  },
  {
    ...STORAGE,
    kind: "StorageClass",
    plural: "storageclasses",
    short: ["sc"],
    fields: [
      "provisioner",
      "parameters",
      "reclaimPolicy",
      "mountOptions",
      "allowVolumeExpansion",
      "volumeBindingMode",
      "allowedTopologies",
    ],
  },
  { ...STORAGE, kind: "VolumeAttachment", fields: SPEC_STATUS },
  { ...STORAGE, kind: "CSIDriver", fields: SPEC },
  { ...STORAGE, kind: "CSINode", fields: SPEC },
  {
    group: "scheduling.k8s.io",
    kind: "PriorityClass",
    plural: "priorityclasses",
    cluster: true,
    short: ["pc"],
    fields: ["value", "globalDefault", "description", "preemptionPolicy"],
  },
  {
    group: "node.k8s.io",
    kind: "RuntimeClass",
    plural: "runtimeclasses",
    cluster: true,
    fields: ["handler", "overhead", "scheduling"],
  },
  { ...WEBHOOKS, kind: "ValidatingWebhookConfiguration" },
  { ...WEBHOOKS, kind: "MutatingWebhookConfiguration" },
  {
    group: "apiregistration.k8s.io",
    kind: "APIService",
    cluster: true,
    fields: SPEC_STATUS,
    categories: ["api-extensions"],
  },
  ...OLD_INGRESSES,
];
