import { VERDICTS } from "./cluster-controller.ts";

/** A text field; nullable, because some API servers (1.20 among them) take an empty text for null. */
export const text = (description: string) => ({ type: "string", nullable: true, description });
/** A whole number of 32 bits. */
export const integer = (description: string, minimum?: number) => ({
  type: "integer",
  format: "int32",
  description,
  ...(minimum === undefined ? {} : { minimum }),
});
/** Texts by name. */
export const texts = (description: string) => ({
  type: "object",
  description,
  additionalProperties: { type: "string", nullable: true },
});

/** One cluster's verdict. */
export const VERDICT_SCHEMA = {
  type: "object",
  required: ["verdict", "timestamp"],
  properties: {
    verdict: {
      type: "string",
      enum: [...VERDICTS],
      description: "How the task ended for this cluster.",
    },
    code: integer("HTTP code of the answer; absent when there was none."),
    reason: text("Why, in one word, when the verdict is not done."),
    body: text("The answer's body."),
    truncated: { type: "boolean", description: "Whether the body was cut." },
    timestamp: {
      type: "string",
      format: "date-time",
      description: "When the verdict was reached.",
    },
  },
};

/** By what a cluster is known to its tree. */
export const IDENTITY_SCHEMA = {
  type: "object",
  description: "Its key and what it was granted; written by the root when the cluster joins.",
  properties: {
    key: text("Its public key: SubjectPublicKeyInfo, DER, base64."),
    parent: { type: "boolean", description: "Whether others may join below it." },
    origin: {
      type: "boolean",
      description: "Whether tasks of its own API are obeyed by the clusters below it.",
    },
    tags: {
      type: "array",
      description: 'Globs over "key=value": the tags that it may have.',
      items: { type: "string" },
    },
  },
};

/** A label selector over tags. */
export const TAG_SELECTOR_SCHEMA = {
  type: "object",
  description:
    "A Kubernetes label selector over the tags of clusters; together with clusterSelector, both must match.",
  properties: {
    matchLabels: texts("Tags that a cluster must have with exactly these values."),
    matchExpressions: {
      type: "array",
      description: "Requirements that must all hold.",
      items: {
        type: "object",
        required: ["key", "operator"],
        properties: {
          key: text("The tag."),
          operator: { type: "string", enum: ["In", "NotIn", "Exists", "DoesNotExist"] },
          values: { type: "array", items: { type: "string" } },
        },
      },
    },
  },
};

/** What a cluster has reported of itself, as fields of its status. */
export const REPORTED_STATUS_SCHEMA = {
  capacity: texts("What its ready nodes have, by resource."),
  allocatable: texts("What its ready nodes can give to pods, by resource."),
  used: texts("What its pods have asked for, by resource."),
  nodeText: text("How many of its nodes are ready, as 2/3."),
  kubernetesVersion: text("Version of its Kubernetes API."),
  counts: {
    type: "object",
    description: "How many objects it has, by kind and by state.",
    additionalProperties: {
      type: "object",
      additionalProperties: { type: "integer", format: "int64" },
    },
  },
  reportedAt: {
    type: "string",
    format: "date-time",
    description: "When it has said so, on its own clock.",
  },
  conditions: {
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    items: {
      type: "object",
      required: ["type", "status"],
      properties: {
        type: {
          type: "string",
          description:
            "ApiReachable: its Kubernetes API answers its controller. ReportsComplete: everything it reports is in this API.",
        },
        status: { type: "string", enum: ["True", "False", "Unknown"] },
        reason: text("One word."),
        message: text("One sentence."),
        lastTransitionTime: { type: "string", format: "date-time" },
      },
    },
  },
};
