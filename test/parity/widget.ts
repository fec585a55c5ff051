import type { ApiTransport } from "../../pkg/apis/api-transport.ts";
import { eventually } from "../support/eventually.ts";
import { request } from "./request.ts";
import { WIDGET_GROUP } from "./space.ts";

const text = { type: "string" };

/** What a Widget is: a kind with most of what a definition can say. */
const SCHEMA = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        color: { type: "string", enum: ["red", "green", "blue"] },
        size: { type: "integer", minimum: 1, maximum: 10 },
        code: { type: "string", pattern: "^[a-z]+$", minLength: 2, maxLength: 5 },
        replicas: { type: "integer", default: 1 },
        port: { "x-kubernetes-int-or-string": true },
        maybe: { type: "string", nullable: true },
        when: { type: "string", format: "date-time" },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        tags: { type: "array", items: text, maxItems: 3, "x-kubernetes-list-type": "set" },
        words: { type: "array", items: text },
        labels: { type: "object", additionalProperties: text },
        parts: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            required: ["name"],
            properties: { name: text, weight: { type: "number" }, on: { type: "boolean" } },
          },
        },
      },
    },
    status: {
      type: "object",
      properties: { replicas: { type: "integer" }, phase: text, selector: text },
    },
  },
};

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `widgets.${WIDGET_GROUP}` },
  spec: {
    group: WIDGET_GROUP,
    scope: "Namespaced",
    names: {
      plural: "widgets",
      singular: "widget",
      kind: "Widget",
      shortNames: ["wd"],
      categories: ["parity"],
    },
    versions: ["v1", "v1beta1"].map((name) => ({
      name,
      served: true,
      storage: name === "v1",
      schema: { openAPIV3Schema: SCHEMA },
      subresources: {
        status: {},
        scale: {
          specReplicasPath: ".spec.replicas",
          statusReplicasPath: ".status.replicas",
          labelSelectorPath: ".status.selector",
        },
      },
      additionalPrinterColumns: [
        { name: "Color", type: "string", jsonPath: ".spec.color" },
        { name: "Size", type: "integer", jsonPath: ".spec.size", priority: 1 },
        { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
      ],
    })),
  },
};

/** A Widget with that name and spec. */
export function widget(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: `${WIDGET_GROUP}/v1`,
    kind: "Widget",
    metadata: { name, ...metadata },
    spec,
  };
}

/** Makes the custom kind that behaviours use, and waits until it is served. */
export async function prepare(transport: ApiTransport): Promise<void> {
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await request(transport, "POST", definitions, DEFINITION);
  for (const version of ["v1", "v1beta1"])
    await eventually("widgets are served", async () => {
      const path = `/apis/${WIDGET_GROUP}/${version}/widgets`;
      return (await request(transport, "GET", path)).code === 200;
    });
}
