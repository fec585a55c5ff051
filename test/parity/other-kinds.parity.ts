import { causes, valueless } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const labels = { a: "b" };

const container = { name: "c", image: "i" };

const spec = (path: (s: Space) => string, body: object) => async (s: Space) => {
  const answer = await s.post(path(s), body);
  return answer.code === 201 ? plain(answer.body.spec) : [answer.code, ...valueless(answer)];
};

/** What a template does not say of itself is told apart elsewhere. */
function plain(spec: Any): Any {
  delete spec?.template?.metadata?.creationTimestamp;
  return spec;
}

export const otherKinds = area("other kinds", [
  behaviour(
    "completes a Secret",
    async (s) => {
      const { body } = await s.post(s.core("secrets"), {
        metadata: { name: "x" },
        stringData: { k: "v" },
        data: { k: "eA==", l: "eQ==" },
      });
      return [body.type, body.data, body.stringData ?? null];
    },
    ["Opaque", { k: "dg==", l: "eQ==" }, null],
  ),
  behaviour(
    "does not change the type of a Secret",
    async (s) => {
      await s.make(s.core("secrets"), { metadata: { name: "x" } });
      return causes(await s.patch(`${s.core("secrets")}/x`, "merge", { type: "example.com/x" }));
    },
    ['type FieldValueInvalid: Invalid value: "example.com/x": field is immutable'],
  ),
  behaviour(
    "does not change an immutable ConfigMap",
    async (s) => {
      await s.make(s.maps(), { metadata: { name: "x" }, data: { k: "v" }, immutable: true });
      return [
        causes(await s.patch(s.maps("x"), "merge", { data: { k: "w" } })),
        causes(await s.patch(s.maps("x"), "merge", { immutable: null })),
        (await s.patch(s.maps("x"), "merge", { metadata: { labels } })).code,
      ];
    },
    [
      ["data FieldValueForbidden: Forbidden: field is immutable when `immutable` is set"],
      ["immutable FieldValueForbidden: Forbidden: field is immutable when `immutable` is set"],
      200,
    ],
  ),
  behaviour(
    "does not change an immutable Secret",
    async (s) => {
      await s.make(s.core("secrets"), {
        metadata: { name: "x" },
        data: { k: "eA==" },
        immutable: true,
      });
      return causes(await s.patch(`${s.core("secrets")}/x`, "merge", { data: { k: "eQ==" } }));
    },
    ["data FieldValueForbidden: Forbidden: field is immutable when `immutable` is set"],
  ),
  behaviour(
    "completes a Namespace",
    async (s) => {
      const { body } = await s.get(`/api/v1/namespaces/${s.ns}`);
      return [body.spec, body.status];
    },
    [{ finalizers: ["kubernetes"] }, { phase: "Active" }],
  ),
  behaviour(
    "keeps a Lease as it is",
    async (s) =>
      (
        await s.post(s.in("coordination.k8s.io/v1", "leases"), {
          metadata: { name: "x" },
          spec: {
            holderIdentity: "me",
            leaseDurationSeconds: 15,
            renewTime: "2026-01-02T03:04:05.678901Z",
          },
        })
      ).body.spec,
    { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: "2026-01-02T03:04:05.678901Z" },
  ),
  behaviour(
    "refuses a Lease of no time",
    spec((s) => s.in("coordination.k8s.io/v1", "leases"), {
      metadata: { name: "x" },
      spec: { leaseDurationSeconds: 0 },
    }),
    [422, "spec.leaseDurationSeconds FieldValueInvalid: Invalid value: …: must be greater than 0"],
  ),
  behaviour(
    "completes a Job",
    async (s) => {
      const { body } = await s.post(s.in("batch/v1", "jobs"), {
        metadata: { name: "x" },
        spec: { template: { spec: { containers: [container], restartPolicy: "Never" } } },
      });
      const { backoffLimit, completions, parallelism } = body.spec;
      return [
        backoffLimit,
        completions,
        parallelism,
        Object.keys(body.spec.selector.matchLabels),
        Object.keys(body.spec.template.metadata.labels),
      ];
    },
    [6, 1, 1, ["controller-uid"], ["controller-uid", "job-name"]],
  ),
  behaviour(
    "refuses a Job that restarts always",
    spec((s) => s.in("batch/v1", "jobs"), {
      metadata: { name: "x" },
      spec: { template: { spec: { containers: [container] } } },
    }),
    [
      422,
      'spec.template.spec.restartPolicy FieldValueRequired: Required value: …: "OnFailure", "Never"',
    ],
  ),
  behaviour(
    "completes a PersistentVolumeClaim",
    async (s) => {
      const { body } = await s.post(s.core("persistentvolumeclaims"), {
        metadata: { name: "x" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      });
      return [body.spec, body.status];
    },
    [
      {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        volumeMode: "Filesystem",
      },
      { phase: "Pending" },
    ],
  ),
  behaviour(
    "completes a StorageClass",
    async (s) => {
      const { body } = await s.post("/apis/storage.k8s.io/v1/storageclasses", {
        metadata: { name: s.id },
        provisioner: "example.com/x",
      });
      return [body.reclaimPolicy, body.volumeBindingMode];
    },
    ["Delete", "Immediate"],
  ),
  behaviour(
    "completes a NetworkPolicy",
    spec((s) => s.in("networking.k8s.io/v1", "networkpolicies"), {
      metadata: { name: "x" },
      spec: { podSelector: {} },
    }),
    { podSelector: {}, policyTypes: ["Ingress"] },
  ),
  behaviour(
    "completes a PriorityClass",
    async (s) =>
      (
        await s.post("/apis/scheduling.k8s.io/v1/priorityclasses", {
          metadata: { name: s.id },
          value: 5,
        })
      ).body.preemptionPolicy,
    "PreemptLowerPriority",
  ),
  behaviour(
    "completes a Role binding",
    async (s) =>
      (
        await s.post(s.in("rbac.authorization.k8s.io/v1", "rolebindings"), {
          metadata: { name: "x" },
          roleRef: { kind: "Role", name: "r", apiGroup: "rbac.authorization.k8s.io" },
          subjects: [{ kind: "User", name: "u" }],
        })
      ).body.subjects,
    [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "u" }],
  ),
  behaviour(
    "does not change the role of a binding",
    async (s) => {
      const path = s.in("rbac.authorization.k8s.io/v1", "rolebindings");
      await s.make(path, {
        metadata: { name: "x" },
        roleRef: { kind: "ClusterRole", name: "r", apiGroup: "rbac.authorization.k8s.io" },
      });
      const answer = await s.patch(`${path}/x`, "merge", { roleRef: { name: "q" } });
      return [answer.code, answer.body.details?.causes?.map(({ field }: Any) => field)];
    },
    [422, ["roleRef"]],
  ),
]);
