import type { ListedDifference } from "./listed-difference.ts";

/** Where our server answers as newer releases of Kubernetes do. */
export const NEWER: Readonly<Record<string, ListedDifference>> = {
  "limit-texts": {
    why: "The words of Kubernetes 1.33 for what is too long or too many.",
    outcomes: {
      "labels > refuses annotations of more than 256 KiB": {
        embedded: [
          '422 Invalid: ConfigMap "a" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
          {
            name: "a",
            kind: "ConfigMap",
            causes: [
              {
                reason: "FieldValueTooLong",
                message: "Too long: may not be more than 262144 bytes",
                field: "metadata.annotations",
              },
            ],
          },
        ],
        kubeApiserver: [
          '422 Invalid: ConfigMap "a" is invalid: metadata.annotations: Too long: must have at most 262144 bytes',
          {
            name: "a",
            kind: "ConfigMap",
            causes: [
              {
                reason: "FieldValueTooLong",
                message: "Too long: must have at most 262144 bytes",
                field: "metadata.annotations",
              },
            ],
          },
        ],
      },
      "schema rules > wants no more than a length": {
        embedded: [422, "spec.x FieldValueTooLong: Too long: may not be more than 3 bytes"],
        kubeApiserver: [
          422,
          'spec.x FieldValueInvalid: Invalid value: "abcd": spec.x in body should be at most 3 chars long',
        ],
      },
      "schema lists > wants no more than some items": {
        embedded: [422, "spec FieldValueTooMany: Too many: 2: must have at most 1 items"],
        kubeApiserver: [
          422,
          "spec FieldValueInvalid: Invalid value: 2: spec in body should have at most 1 items",
        ],
      },
      "schema lists > wants no more than some properties": {
        embedded: [422, "spec FieldValueTooMany: Too many: 2: must have at most 1 items"],
        kubeApiserver: [
          422,
          "spec FieldValueInvalid: Invalid value: 1: spec in body should have at most 1 properties",
        ],
      },
    },
  },
  "type-reason": {
    why: "The reason FieldValueTypeInvalid of newer releases, where 1.20 says FieldValueInvalid.",
    outcomes: {
      "schema rules > wants the type": {
        embedded: [
          422,
          'spec.x FieldValueTypeInvalid: Invalid value: "string": spec.x in body must be of type integer: "string"',
        ],
        kubeApiserver: [
          422,
          'spec.x FieldValueInvalid: Invalid value: "string": spec.x in body must be of type integer: "string"',
        ],
      },
      "schema rules > wants an object": {
        embedded: [
          422,
          'spec FieldValueTypeInvalid: Invalid value: "string": spec in body must be of type object: "string"',
        ],
        kubeApiserver: [
          422,
          'spec FieldValueInvalid: Invalid value: "string": spec in body must be of type object: "string"',
        ],
      },
      "schema rules > wants a list": {
        embedded: [
          422,
          'spec FieldValueTypeInvalid: Invalid value: "object": spec in body must be of type array: "object"',
        ],
        kubeApiserver: [
          422,
          'spec FieldValueInvalid: Invalid value: "object": spec in body must be of type array: "object"',
        ],
      },
      "schema rules > takes a whole number as number, not a fraction as integer": {
        embedded: [
          422,
          'spec.y FieldValueTypeInvalid: Invalid value: "number": spec.y in body must be of type integer: "number"',
        ],
        kubeApiserver: [
          422,
          'spec.y FieldValueInvalid: Invalid value: "number": spec.y in body must be of type integer: "number"',
        ],
      },
      "schema lists > wants the type of additional properties": {
        embedded: [
          422,
          'spec.a FieldValueTypeInvalid: Invalid value: "integer": spec.a in body must be of type string: "integer"',
        ],
        kubeApiserver: [
          422,
          'spec.a FieldValueInvalid: Invalid value: "integer": spec.a in body must be of type string: "integer"',
        ],
      },
      "schema lists > takes nothing else for a number or a text": {
        embedded: [
          422,
          'spec.x FieldValueTypeInvalid: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"',
        ],
        kubeApiserver: [
          422,
          'spec.x FieldValueInvalid: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"',
        ],
      },
    },
  },
  "media-type-texts": {
    why: "406 and 415 say which types would do, as newer releases do.",
    outcomes: {
      "metadata views > refuses who takes nothing it has": {
        embedded: [
          "406 NotAcceptable: only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io",
          null,
        ],
        kubeApiserver: ["406 NotAcceptable: 406: Not Acceptable", {}],
      },
      "patch requests > refuses plain JSON as a patch": {
        embedded: [
          "415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
          null,
        ],
        kubeApiserver: ["415 UnsupportedMediaType: 415: Unsupported Media Type", {}],
      },
    },
  },
  "json-patch-replace": {
    why: "RFC 6902 wants a failure where there is nothing to replace; the library of newer releases does so, too.",
    outcomes: {
      "patch > refuses to replace what is not there": {
        embedded: "422 Invalid: the server rejected our request due to an error in our request",
        kubeApiserver: { k: "1", l: "2", none: "x" },
      },
    },
  },
  "apply-custom-lists": {
    why: "List types of custom kinds count for apply, as in newer releases; 1.20 takes these lists as a whole.",
    outcomes: {
      "apply of kinds > applies a custom object": {
        embedded: [
          201,
          { color: "red", tags: ["x"], parts: [{ name: "p", weight: 1 }], replicas: 1 },
          [
            {
              manager: "me",
              operation: "Apply",
              apiVersion: "parity.example.com/v1",
              fieldsType: "FieldsV1",
              fieldsV1: {
                "f:spec": {
                  "f:color": {},
                  "f:tags": { 'v:"x"': {} },
                  "f:parts": { 'k:{"name":"p"}': { ".": {}, "f:name": {}, "f:weight": {} } },
                },
              },
            },
          ],
        ],
        kubeApiserver: [
          201,
          { color: "red", parts: [{ name: "p", weight: 1 }], replicas: 1, tags: ["x"] },
          [
            {
              manager: "me",
              operation: "Apply",
              apiVersion: "parity.example.com/v1",
              fieldsType: "FieldsV1",
              fieldsV1: { "f:spec": { ".": {}, "f:color": {}, "f:parts": {}, "f:tags": {} } },
            },
          ],
        ],
      },
      "apply of kinds > merges sets and maps of a custom object": {
        embedded: [
          200,
          {
            tags: ["x", "y"],
            parts: [{ name: "p", weight: 1, on: true }, { name: "q" }],
            replicas: 1,
          },
        ],
        kubeApiserver: [409, null],
      },
      "apply of kinds > names items of lists in conflicts": {
        embedded: [
          '409 Conflict: Apply failed with 1 conflict: conflict with "me": .spec.parts[name="p"].weight',
          {
            causes: [
              {
                reason: "FieldManagerConflict",
                message: 'conflict with "me"',
                field: '.spec.parts[name="p"].weight',
              },
            ],
          },
        ],
        kubeApiserver: [
          '409 Conflict: Apply failed with 1 conflict: conflict with "me": .spec.parts',
          {
            causes: [
              {
                reason: "FieldManagerConflict",
                message: 'conflict with "me"',
                field: ".spec.parts",
              },
            ],
          },
        ],
      },
    },
  },
  "services-deletecollection": {
    why: "Services can be deleted as a collection since 1.23.",
    outcomes: {
      "discovery of kinds > shows Services": {
        embedded: {
          name: "services",
          namespaced: true,
          kind: "Service",
          verbs: [
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
          ],
          shortNames: ["svc"],
          categories: ["all"],
        },
        kubeApiserver: {
          name: "services",
          namespaced: true,
          kind: "Service",
          verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
          shortNames: ["svc"],
          categories: ["all"],
        },
      },
    },
  },
  "service-updates": {
    why: "An update that does not say addresses or node ports keeps them since 1.21.",
    outcomes: {
      "addresses of services > keeps the address over an update that does not say it": {
        embedded: [true, { a: "b" }],
        kubeApiserver: [false, null],
      },
      "addresses of services > gives node ports, and keeps them": {
        embedded: [true, 2, true, "Cluster"],
        kubeApiserver: [true, 2, false, "Cluster"],
      },
    },
  },
};
