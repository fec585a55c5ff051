import { said, valueless } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";
import { object, spec, things, version } from "./things.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const crd = (s: Space, body: object, name = `things.${s.id}.example.com`) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name },
  spec: body,
});

const refused = (body: (s: Space) => object) => async (s: Space) =>
  said(await s.post(CRDS, crd(s, body(s))));

const refusedFor = (body: (s: Space) => object) => async (s: Space) =>
  valueless(await s.post(CRDS, crd(s, body(s)))).slice(0, 1);

export const defining = area("definitions", [
  behaviour(
    "wants an approval for a group of Kubernetes",
    async (s) => {
      const body = { ...spec(s), group: `${s.id}.k8s.io` };
      const name = `things.${s.id}.k8s.io`;
      const approved = (approval: string) => ({
        ...crd(s, body, name),
        metadata: { name, annotations: { "api-approved.kubernetes.io": approval } },
      });
      const answers = [
        said(await s.post(`${CRDS}?dryRun=All`, crd(s, body, name))),
        said(await s.post(`${CRDS}?dryRun=All`, approved("why not"))),
      ];
      const codes = [
        (await s.post(`${CRDS}?dryRun=All`, approved("unapproved, a test"))).code,
        (await s.post(`${CRDS}?dryRun=All`, approved("https://example.com/1"))).code,
      ];
      return [...answers, ...codes];
    },
    [
      '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).k8s.io" is invalid: metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).k8s.io" is invalid: metadata.annotations[api-approved.kubernetes.io]: Invalid value: "why not": protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111',
      201,
      201,
    ],
  ),
  behaviour(
    "establishes a kind",
    async (s) => {
      await s.define(spec(s), things(s));
      const { body } = await s.get(`${CRDS}/things.${s.id}.example.com`);
      const conditions = body.status.conditions.map(({ type, status, reason, message }: Any) => ({
        type,
        status,
        reason,
        message,
      }));
      return [
        conditions.slice(0, 2),
        body.status.acceptedNames,
        body.status.storedVersions,
        body.spec.conversion,
      ];
    },
    [
      [
        {
          type: "NamesAccepted",
          status: "True",
          reason: "NoConflicts",
          message: "no conflicts found",
        },
        {
          type: "Established",
          status: "True",
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        },
      ],
      { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
      ["v1"],
      { strategy: "None" },
    ],
  ),
  behaviour(
    "derives singular and listKind",
    async (s) => {
      const { body } = await s.post(
        CRDS,
        crd(s, { ...spec(s), names: { plural: "things", kind: "Thing" } }),
      );
      return body.spec.names;
    },
    { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
  ),
  behaviour(
    "refuses a name that is not plural and group",
    async (s) => said(await s.post(CRDS, crd(s, spec(s), `others.${s.id}.example.com`))),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "others.(id).example.com" is invalid: metadata.name: Invalid value: "others.(id).example.com": must be spec.names.plural+"."+spec.group',
  ),
  behaviour(
    "refuses a group without a dot",
    refused((s) => ({ ...spec(s), group: "nodot" })),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: [metadata.name: Invalid value: "things.(id).example.com": must be spec.names.plural+"."+spec.group, spec.group: Invalid value: "nodot": should be a domain with at least one dot]',
  ),
  behaviour(
    "refuses a scope it does not know",
    refused((s) => spec(s, { scope: "Some" })),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.scope: Unsupported value: "Some": supported values: "Cluster", "Namespaced"',
  ),
  behaviour(
    "refuses a definition without schema",
    refused((s) => spec(s, {}, { name: "v1", served: true, storage: true })),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
  ),
  behaviour(
    "refuses a schema that does not say its type",
    refused((s) => spec(s, {}, version("v1", { properties: {} }))),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.validation.openAPIV3Schema.type: Required value: must not be empty at the root',
  ),
  behaviour(
    "refuses a field that does not say its type",
    refused((s) => spec(s, {}, version("v1", object({ spec: {} })))),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
  ),
  behaviour(
    "refuses a list that does not say what is in it",
    refused((s) => spec(s, {}, version("v1", object({ spec: { type: "array" } })))),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].items: Required value: must be specified',
  ),
  behaviour(
    "refuses a type that is none",
    refused((s) => spec(s, {}, version("v1", object({ spec: { type: "thing" } })))),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].type: Unsupported value: "thing": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ),
  behaviour(
    "refuses no version",
    refusedFor((s) => ({ ...spec(s), versions: [] })),
    [
      "spec.versions FieldValueInvalid: Invalid value: …: must have exactly one version marked as storage version",
    ],
  ),
  behaviour(
    "refuses two versions to store",
    refusedFor((s) => spec(s, {}, version("v1"), { ...version("v2"), storage: true })),
    [
      "spec.versions FieldValueInvalid: Invalid value: …: must have exactly one version marked as storage version",
    ],
  ),
  behaviour(
    "refuses no version to store",
    refusedFor((s) => spec(s, {}, { ...version("v1"), storage: false })),
    [
      "spec.versions FieldValueInvalid: Invalid value: …: must have exactly one version marked as storage version",
    ],
  ),
  behaviour(
    "refuses two versions of one name",
    refusedFor((s) => spec(s, {}, version("v1"), { ...version("v1"), storage: false })),
    ["spec.versions FieldValueInvalid: Invalid value: …: must contain unique version names"],
  ),
  behaviour(
    "refuses a version with upper case",
    refused((s) => spec(s, {}, { ...version("V1"), storage: true })),
    differs("first-version-twice"),
  ),
  behaviour(
    "refuses a default that breaks the schema",
    refused((s) => spec(s, {}, version("v1", object({ spec: { type: "integer", default: "x" } })))),
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: "string":  in body must be of type integer: "string"',
  ),
  behaviour(
    "refuses a column without path",
    refused((s) =>
      spec(
        s,
        {},
        version("v1", undefined, { additionalPrinterColumns: [{ name: "X", type: "string" }] }),
      ),
    ),
    differs("column-path"),
  ),
]);
