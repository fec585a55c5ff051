import { CLUSTER } from "./cluster.ts";
import { CLUSTER_CONTROLLER, CLUSTER_CONTROLLER_RESULT, VERDICTS } from "./cluster-controller.ts";
import {
  IDENTITY_SCHEMA,
  integer,
  REPORTED_STATUS_SCHEMA,
  TAG_SELECTOR_SCHEMA,
  text,
  texts,
  VERDICT_SCHEMA,
} from "./crd-schemas.ts";
import { EDGE_NODE } from "./edge-node.ts";
import type { KubeObject, ResourceType } from "./object.ts";

export const CRD: ResourceType = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
};

/** A column of a kind's table. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority?: number;
}

/** A kind of ours, as it becomes a CustomResourceDefinition. */
export interface KindRow {
  readonly type: ResourceType;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** Words that stand for several kinds; "ote" if absent. */
  readonly categories?: readonly string[];
  readonly columns: readonly Column[];
  readonly schema: object;
  readonly statusSubresource: boolean;
}

const AGE: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

const CLUSTER_ROW: KindRow = {
  type: CLUSTER,
  singular: "cluster",
  shortNames: ["cs"],
  statusSubresource: true,
  columns: [
    { name: "Status", type: "string", jsonPath: ".status.status" },
    { name: "Parent", type: "string", jsonPath: ".status.parentName" },
    { name: "Nodes", type: "string", jsonPath: ".status.nodeText" },
    { name: "Tags", type: "string", jsonPath: ".status.tagText" },
    { name: "Path", type: "string", jsonPath: ".status.path" },
    { name: "Version", type: "string", jsonPath: ".status.version", priority: 1 },
    { name: "Listen", type: "string", jsonPath: ".status.listen", priority: 1 },
    { name: "Preferred-Parent", type: "string", jsonPath: ".status.preferredParent", priority: 1 },
    { name: "Last-Seen", type: "date", jsonPath: ".status.lastSeen", priority: 1 },
    { name: "Kubernetes", type: "string", jsonPath: ".status.kubernetesVersion", priority: 1 },
    { name: "Cpu", type: "string", jsonPath: ".status.allocatable.cpu", priority: 1 },
    { name: "Memory", type: "string", jsonPath: ".status.allocatable.memory", priority: 1 },
    { name: "Reported", type: "date", jsonPath: ".status.reportedAt", priority: 1 },
    AGE,
  ],
  schema: {
    type: "object",
    description: "One managed cluster of the tree; written by its cluster controller.",
    properties: {
      spec: {
        type: "object",
        properties: { name: text("The cluster's name."), identity: IDENTITY_SCHEMA },
      },
      status: {
        type: "object",
        properties: {
          status: {
            type: "string",
            enum: ["online", "offline"],
            description: "Whether there is a live way to it.",
          },
          parentName: text("The cluster it is joined to."),
          preferredParent: text("The parent it would rather have."),
          listen: text("Address at which clusters can join below it."),
          tags: texts("The cluster's tags."),
          tagText: text("The tags as one line."),
          lastSeen: {
            type: "string",
            format: "date-time",
            description: "When it was last known to be online.",
          },
          version: text("Version of its cluster controller."),
          path: text("The names from the top of the tree to it."),
          ...REPORTED_STATUS_SCHEMA,
        },
      },
    },
  },
};

const CLUSTER_CONTROLLER_ROW: KindRow = {
  type: CLUSTER_CONTROLLER,
  singular: "clustercontroller",
  shortNames: ["ccs"],
  statusSubresource: true,
  columns: [
    { name: "Selector", type: "string", jsonPath: ".spec.clusterSelector" },
    { name: "Phase", type: "string", jsonPath: ".status.phase" },
    { name: "Selected", type: "integer", jsonPath: ".status.summary.selected" },
    { name: "Done", type: "integer", jsonPath: ".status.summary.done" },
    { name: "Failed", type: "integer", jsonPath: ".status.summary.failed" },
    { name: "Pending", type: "integer", jsonPath: ".status.summary.pending" },
    { name: "Refused", type: "integer", jsonPath: ".status.summary.refused", priority: 1 },
    { name: "Unreachable", type: "integer", jsonPath: ".status.summary.unreachable", priority: 1 },
    { name: "Expired", type: "integer", jsonPath: ".status.summary.expired", priority: 1 },
    { name: "Method", type: "string", jsonPath: ".spec.method", priority: 1 },
    { name: "Url", type: "string", jsonPath: ".spec.url", priority: 1 },
    AGE,
  ],
  schema: {
    type: "object",
    description:
      "A request for selected clusters. It is executed once; later edits of its spec change nothing.",
    properties: {
      spec: {
        type: "object",
        properties: {
          clusterSelector: text(
            "Names, globs and tags joined by commas, for example shop-1,bj-*,tier=edge.",
          ),
          selector: TAG_SELECTOR_SCHEMA,
          destination: text("Which handler of the cluster's shim; every Kubernetes shim has api."),
          method: text("HTTP method: GET, HEAD, POST, PUT, PATCH or DELETE."),
          url: text("Absolute path and query at the destination."),
          body: text("The request's body as JSON or YAML text."),
          contentType: text("Media type of the body of a PATCH; told from the body if absent."),
          deadlineSeconds: {
            ...integer(
              "Seconds after which clusters that have not answered are given up; 3600 if absent.",
              1,
            ),
            maximum: 2_592_000,
          },
          parallelism: integer(
            "How many clusters may work on it at the same time; no limit if absent.",
            1,
          ),
          parentClusterName: text("Kept for manifests of the original; ignored."),
        },
      },
      status: {
        type: "object",
        properties: {
          phase: { type: "string", enum: ["Pending", "Running", "Completed"] },
          summary: {
            type: "object",
            description: "How many clusters stand where.",
            properties: Object.fromEntries(
              ["selected", "pending", ...VERDICTS].map((name) => [
                name,
                integer(`Clusters that are ${name}.`),
              ]),
            ),
          },
          conditions: {
            type: "array",
            items: {
              type: "object",
              required: ["type", "status"],
              properties: {
                type: text("Accepted or Completed."),
                status: { type: "string", enum: ["True", "False", "Unknown"] },
                reason: text("One word."),
                message: text("One sentence."),
                lastTransitionTime: { type: "string", format: "date-time" },
              },
            },
          },
          clusters: {
            type: "object",
            description:
              "The first verdicts by cluster; all are in ClusterControllerResult objects.",
            additionalProperties: VERDICT_SCHEMA,
          },
        },
      },
    },
  },
};

const RESULT_ROW: KindRow = {
  type: CLUSTER_CONTROLLER_RESULT,
  singular: "clustercontrollerresult",
  shortNames: ["ccr"],
  statusSubresource: false,
  columns: [
    { name: "Task", type: "string", jsonPath: ".spec.taskName" },
    { name: "Page", type: "integer", jsonPath: ".spec.page" },
    AGE,
  ],
  schema: {
    type: "object",
    description: "One page of the outcome of a ClusterController.",
    properties: {
      spec: {
        type: "object",
        properties: {
          taskName: text("The ClusterController's name."),
          taskUID: text("The ClusterController's uid."),
          page: integer("Number of this page, from 1."),
          selectedTotal: integer("How many clusters are selected on all pages together."),
          order: {
            type: "object",
            description:
              "The task as it was accepted; later edits of the ClusterController change nothing.",
            properties: {
              body: text("A part of the encoded task, base64; the pages together have the whole."),
              deadlineSeconds: integer("Seconds after acceptance until the task is given up."),
              parallelism: integer("How many clusters may work on it at the same time."),
            },
          },
          selected: {
            type: "array",
            items: { type: "string" },
            description: "Clusters frozen into the task.",
          },
        },
      },
      results: {
        type: "object",
        description: "Verdicts by cluster.",
        additionalProperties: VERDICT_SCHEMA,
      },
    },
  },
};

const EDGE_NODE_ROW: KindRow = {
  type: EDGE_NODE,
  singular: "edgenode",
  shortNames: ["en"],
  statusSubresource: false,
  columns: [{ name: "Status", type: "string", jsonPath: ".status" }, AGE],
  schema: {
    type: "object",
    description: "The true state of a node while somebody else answers for it.",
    properties: { status: text("Ready or NotReady.") },
  },
};

/** Our kinds as CustomResourceDefinitions, in the order in which they are installed. */
export const OTE_CRDS: readonly KubeObject[] = [
  CLUSTER_ROW,
  CLUSTER_CONTROLLER_ROW,
  RESULT_ROW,
  EDGE_NODE_ROW,
].map((row) => definition(row));

/** The CustomResourceDefinition of a kind. */
export function definition(row: KindRow): KubeObject {
  const { type } = row;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${type.plural}.${type.group}` },
    spec: {
      group: type.group,
      scope: type.namespaced ? "Namespaced" : "Cluster",
      names: {
        kind: type.kind,
        listKind: `${type.kind}List`,
        plural: type.plural,
        singular: row.singular,
        shortNames: row.shortNames,
        categories: row.categories ?? ["ote"],
      },
      versions: [
        {
          name: type.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: row.schema },
          ...(row.statusSubresource ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: row.columns,
        },
      ],
    },
  } as KubeObject;
}
