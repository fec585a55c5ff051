import { qualified } from "../request/refusals.ts";
import type { Schema } from "../schema/schema.ts";
import { builtinColumns } from "./builtin-columns.ts";
import {
  type Completion,
  completeAccessReview,
  completeNamespace,
  completePending,
  completeReplicas,
  completeSecret,
  completeService,
} from "./builtin-defaults.ts";
import { CRD_V1, CRD_V1BETA1 } from "./crd-types.ts";
import { ALL_VERBS, type NameRule, type ScalePaths, type ServedType } from "./served-type.ts";

interface Row {
  readonly kind: string;
  readonly fields: readonly string[];
  /** What is known of some of the fields. */
  readonly exact?: Readonly<Record<string, Schema>>;
  readonly plural?: string;
  readonly group?: string;
  readonly cluster?: boolean;
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly names?: NameRule;
  readonly statusOnCreate?: boolean;
  readonly scale?: ScalePaths;
  readonly generation?: boolean;
  readonly select?: readonly string[];
  readonly complete?: Completion;
  readonly verbs?: readonly string[];
  readonly owns?: "namespace";
  readonly permanent?: readonly string[];
}

const SPEC_STATUS = ["spec", "status"];
const SCALE: ScalePaths = {
  specReplicas: ["spec", "replicas"],
  statusReplicas: ["status", "replicas"],
  labelSelector: ["spec", "selector"],
};
const WORKLOAD = { fields: SPEC_STATUS, categories: ["all"], generation: true };
const APP = { ...WORKLOAD, group: "apps" };
const BATCH = { ...WORKLOAD, group: "batch" };
const SCALED = { ...APP, scale: SCALE, complete: completeReplicas };
const INVOLVED = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

const texts: Schema = { type: "object", additionalProperties: { type: "string" } };
const blobs: Schema = { type: "object", additionalProperties: { type: "string", format: "byte" } };
const anything: Schema = { "x-kubernetes-preserve-unknown-fields": true };

/** The builtin kinds. Those with a field "status" have /status. */
const ROWS: readonly Row[] = [
  {
    kind: "Namespace",
    fields: SPEC_STATUS,
    cluster: true,
    short: ["ns"],
    names: "label",
    select: ["status.phase"],
    complete: completeNamespace,
    verbs: ALL_VERBS.filter((verb) => verb !== "deletecollection"),
    owns: "namespace",
    permanent: ["default", "kube-system", "kube-public"],
  },
  {
    kind: "ConfigMap",
    fields: ["data", "binaryData", "immutable"],
    exact: { data: texts, binaryData: blobs, immutable: { type: "boolean" } },
    short: ["cm"],
  },
  {
    kind: "Secret",
    fields: ["data", "stringData", "type", "immutable"],
    exact: {
      data: blobs,
      stringData: texts,
      type: { type: "string" },
      immutable: { type: "boolean" },
    },
    select: ["type"],
    complete: completeSecret,
  },
  {
    kind: "Service",
    fields: SPEC_STATUS,
    short: ["svc"],
    categories: ["all"],
    names: "label",
    complete: completeService,
  },
  {
    kind: "Pod",
    fields: SPEC_STATUS,
    short: ["po"],
    categories: ["all"],
    select: [
      "status.phase",
      "status.podIP",
      "spec.nodeName",
      "spec.restartPolicy",
      "spec.schedulerName",
      "spec.serviceAccountName",
    ],
    complete: completePending,
  },
  {
    kind: "Node",
    fields: SPEC_STATUS,
    cluster: true,
    short: ["no"],
    statusOnCreate: true,
    select: ["spec.unschedulable"],
  },
  {
    kind: "Event",
    fields: [
      "involvedObject",
      "reason",
      "message",
      "source",
      "firstTimestamp",
      "lastTimestamp",
      "count",
      "type",
      "eventTime",
      "series",
      "action",
      "related",
      "reportingComponent",
      "reportingInstance",
    ],
    short: ["ev"],
    select: [...INVOLVED.map((name) => `involvedObject.${name}`), "reason", "type"],
  },
  {
    kind: "ServiceAccount",
    fields: ["secrets", "imagePullSecrets", "automountServiceAccountToken"],
    short: ["sa"],
  },
  {
    kind: "PersistentVolumeClaim",
    fields: SPEC_STATUS,
    short: ["pvc"],
    complete: completePending,
  },
  { kind: "ResourceQuota", fields: SPEC_STATUS, short: ["quota"] },
  { kind: "LimitRange", fields: ["spec"], short: ["limits"] },
  { kind: "Endpoints", plural: "endpoints", fields: ["subsets"], short: ["ep"] },
  { ...SCALED, kind: "Deployment", short: ["deploy"] },
  { ...APP, kind: "DaemonSet", short: ["ds"] },
  { ...SCALED, kind: "StatefulSet", short: ["sts"] },
  { ...SCALED, kind: "ReplicaSet", short: ["rs"] },
  { ...BATCH, kind: "Job" },
  { ...BATCH, kind: "CronJob", short: ["cj"] },
  { group: "coordination.k8s.io", kind: "Lease", fields: ["spec"] },
  {
    group: "authorization.k8s.io",
    kind: "SelfSubjectAccessReview",
    fields: SPEC_STATUS,
    cluster: true,
    complete: completeAccessReview,
    verbs: ["create"],
  },
];

/** The kinds that are there without any CRD. */
export const BUILTIN_TYPES: readonly ServedType[] = [...ROWS.map(served), CRD_V1, CRD_V1BETA1];

function served(row: Row): ServedType {
  const singular = row.kind.toLowerCase();
  const group = row.group ?? "";
  const plural = row.plural ?? `${singular}s`;
  return {
    group,
    version: "v1",
    kind: row.kind,
    plural,
    namespaced: row.cluster !== true,
    listKind: `${row.kind}List`,
    singular,
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? ALL_VERBS,
    custom: false,
    storedAs: group === "" ? "v1" : `${group}/v1`,
    status: row.fields.includes("status") && row.verbs?.includes("get") !== false,
    statusOnCreate: row.statusOnCreate ?? false,
    scale: row.scale,
    generation: row.generation ?? false,
    nameRule: row.names ?? "subdomain",
    schema: looseSchema(row),
    columns: builtinColumns(qualified({ group, plural })),
    selectableFields: Object.fromEntries((row.select ?? []).map((path) => [path, path.split(".")])),
    complete: row.complete,
    owns: row.owns,
    permanent: row.permanent,
  };
}

/** Says which fields there are; what is in them is looked at only where it is given. */
function looseSchema({ kind, fields, exact = {} }: Row): Schema {
  return {
    type: "object",
    description: `${kind}, a kind of Kubernetes; see its documentation.`,
    properties: Object.fromEntries(fields.map((name) => [name, exact[name] ?? anything])),
  };
}
