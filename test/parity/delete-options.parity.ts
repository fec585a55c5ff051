import { detailed, reason, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";

const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });

const HOLD = "example.com/hold";

const held = { finalizers: [HOLD] };

export const deleteOptions = area("delete options", [
  behaviour(
    "refuses when the uid is another",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      const answer = await s.delete(s.maps("a"), { preconditions: { uid: "other" } });
      return JSON.parse(JSON.stringify(detailed(answer)).replaceAll(made.metadata.uid, "UID"));
    },
    [
      '409 Conflict: Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (UID). The object might have been deleted and then recreated',
      { name: "a", kind: "ConfigMap" },
    ],
  ),
  behaviour(
    "refuses when the resourceVersion is another",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      const answer = await s.delete(s.maps("a"), { preconditions: { resourceVersion: "1" } });
      return said(answer).replaceAll(made.metadata.resourceVersion, "VERSION");
    },
    '409 Conflict: Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (VERSION). The object might have been modified',
  ),
  behaviour(
    "deletes when both preconditions hold",
    async (s) => {
      const [{ metadata }] = await s.make(s.maps(), map("a"));
      const { uid, resourceVersion } = metadata;
      return said(await s.delete(s.maps("a"), { preconditions: { uid, resourceVersion } }));
    },
    "200 Success",
  ),
  behaviour(
    "leaves everything with dryRun in the query",
    async (s) => {
      await s.make(s.maps(), map("a"));
      const answer = await s.delete(`${s.maps("a")}?dryRun=All`);
      return [said(answer), said(await s.get(s.maps("a")))];
    },
    ["200 Success", "200 ConfigMap"],
  ),
  behaviour(
    "leaves everything with dryRun in the body",
    async (s) => {
      await s.make(s.maps(), map("a"));
      const options = { apiVersion: "v1", kind: "DeleteOptions", dryRun: ["All"] };
      const answer = await s.delete(s.maps("a"), options);
      return [said(answer), said(await s.get(s.maps("a")))];
    },
    ["200 Success", "200 ConfigMap"],
  ),
  behaviour(
    "refuses a dryRun it does not know",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.delete(s.maps("a"), { dryRun: ["some"] }));
    },
    '422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"some"}: supported values: "All"',
  ),
  behaviour(
    "refuses a propagationPolicy it does not know",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return detailed(await s.delete(s.maps("a"), { propagationPolicy: "Sometimes" }));
    },
    [
      '422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sometimes": supported values: "Foreground", "Background", "Orphan", "nil"',
      {
        group: "meta.k8s.io",
        kind: "DeleteOptions",
        causes: [
          {
            reason: "FieldValueNotSupported",
            message:
              'Unsupported value: "Sometimes": supported values: "Foreground", "Background", "Orphan", "nil"',
            field: "propagationPolicy",
          },
        ],
      },
    ],
  ),
  behaviour(
    "refuses both ways of saying what becomes of dependents",
    async (s) => {
      await s.make(s.maps(), map("a"));
      const options = { propagationPolicy: "Orphan", orphanDependents: true };
      return said(await s.delete(s.maps("a"), options));
    },
    '422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  ),
  behaviour(
    "refuses a negative grace period",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(await s.delete(s.maps("a"), { gracePeriodSeconds: -5 }));
    },
    "200 Status",
  ),
  behaviour(
    "refuses options of another kind",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(await s.delete(s.maps("a"), { kind: "ConfigMap", apiVersion: "v1" }));
    },
    differs("unreadable-body"),
  ),
  behaviour(
    "refuses options that are no JSON",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(await s.delete(s.maps("a"), "{"));
    },
    differs("unreadable-body"),
  ),
  behaviour(
    "holds an object that is deleted in the foreground by a finalizer",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      const { code, body } = await s.delete(s.maps("a"), { propagationPolicy: "Foreground" });
      return [code, body.kind, body.metadata.finalizers];
    },
    [200, "ConfigMap", ["example.com/hold", "foregroundDeletion"]],
  ),
  behaviour(
    "holds an object whose dependents are to be orphaned by a finalizer",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      const { code, body } = await s.delete(`${s.maps("a")}?propagationPolicy=Orphan`);
      return [code, body.kind, body.metadata.finalizers];
    },
    [200, "ConfigMap", ["example.com/hold", "orphan"]],
  ),
  behaviour(
    "deletes in the background at once",
    async (s) => {
      await s.make(s.maps(), map("a"));
      const { code, body } = await s.delete(s.maps("a"), { propagationPolicy: "Background" });
      return [code, body.kind, said(await s.get(s.maps("a")))];
    },
    [200, "Status", '404 NotFound: configmaps "a" not found'],
  ),
]);
