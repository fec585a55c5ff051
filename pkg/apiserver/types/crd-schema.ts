import type { Schema } from "../schema/schema.ts";

const text: Schema = { type: "string" };
const texts: Schema = { type: "array", items: text };
const flag: Schema = { type: "boolean" };
const anything: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const COLUMN: Schema = {
  type: "object",
  required: ["name", "type", "jsonPath"],
  properties: {
    name: text,
    type: text,
    format: text,
    description: text,
    jsonPath: text,
    priority: { type: "integer" },
  },
};

const VERSION: Schema = {
  type: "object",
  required: ["name", "served", "storage"],
  properties: {
    name: text,
    served: flag,
    storage: flag,
    deprecated: flag,
    deprecationWarning: text,
    schema: { type: "object", properties: { openAPIV3Schema: anything } },
    subresources: {
      type: "object",
      properties: {
        status: anything,
        scale: {
          type: "object",
          properties: { specReplicasPath: text, statusReplicasPath: text, labelSelectorPath: text },
        },
      },
    },
    additionalPrinterColumns: { type: "array", items: COLUMN },
    selectableFields: {
      type: "array",
      items: { type: "object", required: ["jsonPath"], properties: { jsonPath: text } },
    },
  },
};

/** What the spec of a CustomResourceDefinition (v1) holds; the rules between its parts are code. */
export const CRD_SPEC: Schema = {
  type: "object",
  required: ["group", "names", "scope", "versions"],
  properties: {
    group: text,
    scope: text,
    names: {
      type: "object",
      required: ["plural", "kind"],
      properties: {
        plural: text,
        singular: text,
        kind: text,
        listKind: text,
        shortNames: texts,
        categories: texts,
      },
    },
    versions: { type: "array", items: VERSION },
    conversion: { type: "object", properties: { strategy: text, webhook: anything } },
    preserveUnknownFields: flag,
  },
};
