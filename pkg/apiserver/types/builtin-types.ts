import { apiVersionOf } from "../../apis/object.ts";
import { ACCESS_ROWS } from "../access/access-kinds.ts";
import { completeBy } from "../kinds/kind-rules.ts";
import { RULES } from "../kinds/rules-by-resource.ts";
import { at, type JsonObject, textOf } from "../request/json.ts";
import { qualified } from "../request/refusals.ts";
import type { Schema } from "../schema/schema.ts";
import { builtinColumns } from "./builtin-columns.ts";
import {
  completeNamespace,
  completePending,
  completeReplicas,
  completeSecret,
  completeService,
} from "./builtin-defaults.ts";
import type { BuiltinRow } from "./builtin-row.ts";
import { CLIENT_ROWS } from "./client-kinds.ts";
import { CRD_V1, CRD_V1BETA1 } from "./crd-types.ts";
import { checkData } from "./data-rules.ts";
import { NEW_EVENT } from "./event-types.ts";
import { ALL_VERBS, type ScalePaths, type ServedType } from "./served-type.ts";
import { SIGNING_REQUEST } from "./signing-request.ts";

const SPEC_STATUS = ["spec", "status"];
const SCALE: ScalePaths = {
  specReplicas: ["spec", "replicas"],
  statusReplicas: ["status", "replicas"],
  labelSelector: ["spec", "selector"],
};
const WORKLOAD = { fields: SPEC_STATUS, categories: ["all"], generation: "spec" } as const;
const APP = { ...WORKLOAD, group: "apps" };
const BATCH = { ...WORKLOAD, group: "batch" };
const SCALED = { ...APP, scale: SCALE, complete: completeReplicas };
const INVOLVED = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

const texts: Schema = { type: "object", additionalProperties: { type: "string" } };
const blobs: Schema = { type: "object", additionalProperties: { type: "string", format: "byte" } };
const anything: Schema = { "x-kubernetes-preserve-unknown-fields": true };

/** The builtin kinds. Those with a field "status" have /status. */
const ROWS: readonly BuiltinRow[] = [
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
    parts: { finalize: ["spec", "finalizers"] },
  },
  {
    kind: "ConfigMap",
    fields: ["data", "binaryData", "immutable"],
    exact: { data: texts, binaryData: blobs, immutable: { type: "boolean" } },
    check: checkData("data", "binaryData"),
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
    check: checkData("data"),
  },
  {
    kind: "Service",
    fields: SPEC_STATUS,
    short: ["svc"],
    categories: ["all"],
    names: "service",
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
    parts: { ephemeralcontainers: ["spec", "ephemeralContainers"] },
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
  { ...SCALED, kind: "Deployment", short: ["deploy"], generation: "spec and annotations" },
  { ...APP, kind: "DaemonSet", short: ["ds"] },
  { ...SCALED, kind: "StatefulSet", short: ["sts"] },
  { ...SCALED, kind: "ReplicaSet", short: ["rs"] },
  { ...BATCH, kind: "Job" },
  { ...BATCH, kind: "CronJob", versions: ["v1", "v1beta1"], short: ["cj"] },
  { group: "coordination.k8s.io", kind: "Lease", fields: ["spec"] },
];

/** Kinds whose deletion is answered with the object. */
const RETURNED = new Set(["Pod", "PodTemplate", "PersistentVolumeClaim", "PersistentVolume"]);

/** The kinds that are there without any CRD. */
export const BUILTIN_TYPES: readonly ServedType[] = [
  ...[...ROWS, ...CLIENT_ROWS, ...ACCESS_ROWS, NEW_EVENT, SIGNING_REQUEST].flatMap(served),
  CRD_V1,
  CRD_V1BETA1,
];

function served(row: BuiltinRow): ServedType[] {
  const { versions = ["v1"] } = row;
  return versions.map((version) => servedIn(version, versions[0] ?? version, row));
}

function servedIn(version: string, kept: string, row: BuiltinRow): ServedType {
  const singular = row.kind.toLowerCase();
  const group = row.group ?? "";
  const plural = row.plural ?? `${singular}s`;
  return {
    group,
    version,
    kind: row.kind,
    plural,
    namespaced: row.cluster !== true,
    listKind: `${row.kind}List`,
    singular,
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? ALL_VERBS,
    custom: false,
    storedAs: row.storedAs ?? apiVersionOf({ group, version: kept }),
    keptWith: row.keptWith,
    toStored: row.toStored,
    fromStored: row.fromStored,
    status: row.fields.includes("status") && row.verbs?.includes("get") !== false,
    statusOnCreate: row.statusOnCreate ?? false,
    scale: row.scale,
    parts: row.parts,
    sign: row.sign,
    generation: row.generation,
    nameRule: row.names ?? "subdomain",
    schema: looseSchema(row),
    columns: row.columns ?? builtinColumns(qualified({ group, plural })),
    selectableFields: Object.fromEntries((row.select ?? []).map((path) => [path, path.split(".")])),
    ...rulesOf(row, qualified({ group, plural })),
    returnsDeleted: RETURNED.has(row.kind),
    graceSeconds: row.kind === "Pod" ? graceOfPod : undefined,
    owns: row.owns,
    permanent: row.permanent,
  };
}

function rulesOf(row: BuiltinRow, resource: string): Pick<ServedType, "complete" | "check"> {
  const rules = RULES[resource] ?? {};
  return {
    complete: (object, old) => {
      row.complete?.(object, old);
      completeBy(rules, row.kind, object, old);
    },
    check: (object, old) => [
      ...(row.check?.(object, old) ?? []),
      ...(rules.check?.(object, old) ?? []),
    ],
  };
}

/** How long the kubelet of its node may take; a pod without a node has nobody to wait for. */
function graceOfPod(pod: JsonObject): number {
  if (textOf(at(pod, "spec", "nodeName") ?? "") === "") return 0;
  if (["Succeeded", "Failed"].some((phase) => phase === at(pod, "status", "phase"))) return 0;
  return Number(at(pod, "spec", "terminationGracePeriodSeconds") ?? 0);
}

/** Says which fields there are; what is in them is looked at only where it is given. */
function looseSchema({ kind, fields, exact = {} }: BuiltinRow): Schema {
  return {
    type: "object",
    description: `${kind}, a kind of Kubernetes; see its documentation.`,
    properties: Object.fromEntries(fields.map((name) => [name, exact[name] ?? anything])),
  };
}
