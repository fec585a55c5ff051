import type { ListedDifference } from "./listed-difference.ts";

/** Where our server answers in its own way. */
export const OWN: Readonly<Record<string, ListedDifference>> = {
  "kind-of-items": {
    why: "Items of lists say their kind and apiVersion, as those of custom kinds do everywhere: objects are sent as they are stored.",
    outcomes: {
      "create > shows the object under its path and in its list": {
        embedded: [true, { k: "v" }, 1, "ConfigMapList", "ConfigMap"],
        kubeApiserver: [true, { k: "v" }, 1, "ConfigMapList", null],
      },
    },
  },
  "foreign-kind-text": {
    why: "The text does not name types of a program; code and reason are the same.",
    outcomes: {
      "create > refuses another kind": {
        embedded:
          "400 BadRequest: the kind in the data (Secret) does not match the expected kind (ConfigMap)",
        kubeApiserver:
          '400 BadRequest: Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
      },
      "create > refuses another version": {
        embedded:
          "400 BadRequest: the API version in the data (v2) does not match the expected API version (v1)",
        kubeApiserver:
          '400 BadRequest: ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
      },
      "update > refuses another kind": {
        embedded:
          "400 BadRequest: the kind in the data (Secret) does not match the expected kind (ConfigMap)",
        kubeApiserver:
          '400 BadRequest: Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
      },
    },
  },
  "storage-words": {
    why: "There is no etcd whose keys could be named.",
    outcomes: {
      "update > refuses another uid": {
        embedded:
          '409 Conflict: Operation cannot be fulfilled on configmaps "a": Precondition failed: UID in precondition: other, UID in object meta: UID',
        kubeApiserver:
          '409 Conflict: Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: …/configmaps/(ns)/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: UID',
      },
    },
  },
  "bad-resource-version": {
    why: "What a caller writes wrong is the caller's error, not 500; newer releases agree for lists.",
    outcomes: {
      "update > refuses a resourceVersion that is no number": {
        embedded:
          '409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
        kubeApiserver: '500 strconv.ParseUint: parsing "abc": invalid syntax',
      },
      "list versions > refuses a resourceVersion that is no number": {
        embedded: '400 BadRequest: resourceVersion: Invalid value: "abc": must be a number',
        kubeApiserver:
          '500 resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
      },
      "watch > refuses a resourceVersion that is no number": {
        embedded: '400 BadRequest: resourceVersion: Invalid value: "abc": must be a number',
        kubeApiserver:
          '500 resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
      },
    },
  },
  "unreadable-body": {
    why: "A body that cannot be read is the caller's error: 400, not 500 or 422.",
    outcomes: {
      "delete options > refuses options of another kind": {
        embedded: "400 BadRequest",
        kubeApiserver: "500 Status",
      },
      "delete options > refuses options that are no JSON": {
        embedded: "400 BadRequest",
        kubeApiserver: "500 Status",
      },
      "patch > refuses a merge patch that is no object": {
        embedded: "400 BadRequest",
        kubeApiserver: "422 Invalid",
      },
      "patch > refuses a merge patch that is no JSON": {
        embedded: "400 BadRequest",
        kubeApiserver: "500 Status",
      },
      "strategic patches > refuses a container without its merge key": {
        embedded: [
          "400 BadRequest: an item of spec.template.spec.containers does not contain declared merge key: name",
        ],
        kubeApiserver: ["500 map: map[image:2] does not contain declared merge key: name"],
      },
    },
  },
  "last-state-of-finalized": {
    why: "The last state of an object that waited for its finalizers has none any more; etcd hands out the state before.",
    outcomes: {
      "watch > tells a deletion that waits as a change": {
        embedded: [
          ["MODIFIED a", "DELETED a"],
          [["example.com/hold"], null],
        ],
        kubeApiserver: [
          ["MODIFIED a", "DELETED a"],
          [["example.com/hold"], ["example.com/hold"]],
        ],
      },
    },
  },
  "first-version-twice": {
    why: "The old field spec.version, which repeats the first version, is not judged again.",
    outcomes: {
      "definitions > refuses a version with upper case": {
        embedded:
          "422 Invalid: CustomResourceDefinition.apiextensions.k8s.io \"things.(id).example.com\" is invalid: spec.versions[0].name: Invalid value: \"V1\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        kubeApiserver:
          "422 Invalid: CustomResourceDefinition.apiextensions.k8s.io \"things.(id).example.com\" is invalid: [spec.versions[0].name: Invalid value: \"V1\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?'), spec.version: Invalid value: \"V1\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')]",
      },
    },
  },
  "column-path": {
    why: "The field is named as the caller wrote it, not as in v1beta1.",
    outcomes: {
      "definitions > refuses a column without path": {
        embedded:
          '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.versions[0].additionalPrinterColumns[0].jsonPath: Required value',
        kubeApiserver:
          '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.additionalPrinterColumns[0].JSONPath: Required value',
      },
    },
  },
  "duplicate-key-text": {
    why: "The key of a list item is shown as JSON.",
    outcomes: {
      "schema lists > wants different keys of a map": {
        embedded: [422, 'spec[1] FieldValueDuplicate: Duplicate value: {"k":"a"}'],
        kubeApiserver: [
          422,
          'spec[1] FieldValueDuplicate: Duplicate value: map[string]interface {}{"k":"a"}',
        ],
      },
    },
  },
  "template-creation-time": {
    why: "A pod template has no creationTimestamp of null.",
    outcomes: {
      "deployments > writes down that a template was never created": {
        embedded: false,
        kubeApiserver: true,
      },
    },
  },
};
