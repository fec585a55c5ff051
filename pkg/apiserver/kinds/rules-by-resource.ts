import { at, type JsonObject, listOf, objectOf, same } from "../request/json.ts";
import { invalid } from "./causes.ts";
import type { KindRules } from "./kind-rules.ts";
import { completePod } from "./pod-completion.ts";
import { checkPod } from "./pod-rules.ts";
import { defaulted, flag, list, number, object, POD_SPEC, text } from "./pod-shape.ts";
import { checkService, keepAddress } from "./service-rules.ts";
import { WORKLOAD_RULES } from "./workload-shapes.ts";

/** A field of these objects stays as it was made. */
const unchanged =
  (...fields: readonly string[]) =>
  (object: JsonObject, old: JsonObject | undefined) =>
    old === undefined
      ? []
      : fields
          .filter((name) => !same(object[name], old[name]))
          .map((name) => invalid(name, object[name], "field is immutable"));

const webhooks = object({
  webhooks: list(
    object({
      name: text,
      failurePolicy: defaulted("Fail"),
      matchPolicy: defaulted("Equivalent"),
      namespaceSelector: { type: "object", default: {} },
      objectSelector: { type: "object", default: {} },
      timeoutSeconds: defaulted(10),
    }),
  ),
});

/** The rules of builtin kinds, by resource. */
export const RULES: Readonly<Record<string, KindRules>> = {
  ...WORKLOAD_RULES,
  pods: { shape: object({ spec: POD_SPEC }), complete: completePod, check: checkPod },
  services: {
    shape: object({
      spec: object({ clusterIP: text, ports: list(object({ name: text, port: number })) }),
    }),
    complete: keepAddress,
    check: checkService,
    status: { loadBalancer: {} },
  },
  secrets: { check: unchanged("type") },
  serviceaccounts: { shape: object({ automountServiceAccountToken: flag }) },
  persistentvolumeclaims: {
    shape: object({ spec: object({ volumeMode: defaulted("Filesystem") }) }),
  },
  persistentvolumes: {
    shape: object({
      spec: object({
        persistentVolumeReclaimPolicy: defaulted("Retain"),
        volumeMode: defaulted("Filesystem"),
      }),
    }),
    status: { phase: "Pending" },
  },
  "leases.coordination.k8s.io": {
    shape: object({ spec: object({ holderIdentity: text, leaseDurationSeconds: number }) }),
    check: ({ spec }) => {
      const seconds = at(spec, "leaseDurationSeconds");
      return typeof seconds === "number" && seconds <= 0
        ? [invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")]
        : [];
    },
  },
  "storageclasses.storage.k8s.io": {
    shape: object({
      reclaimPolicy: defaulted("Delete"),
      volumeBindingMode: defaulted("Immediate"),
      allowVolumeExpansion: flag,
    }),
  },
  "priorityclasses.scheduling.k8s.io": {
    shape: object({
      value: number,
      globalDefault: flag,
      preemptionPolicy: defaulted("PreemptLowerPriority"),
    }),
  },
  "networkpolicies.networking.k8s.io": {
    complete: ({ spec: given }) => {
      const spec = objectOf(given);
      const egress = listOf(spec.egress).length > 0 ? ["Egress"] : [];
      spec.policyTypes ??= ["Ingress", ...egress];
    },
  },
  "validatingwebhookconfigurations.admissionregistration.k8s.io": { shape: webhooks },
  "mutatingwebhookconfigurations.admissionregistration.k8s.io": { shape: webhooks },
};
