import { area, behaviour } from "./behaviour.ts";
import type { Any } from "./request.ts";
import type { Space } from "./space.ts";

const resource = (path: string, name: string) => async (s: Space) => {
  const { body } = await s.get(path);
  const { storageVersionHash, singularName, ...found } =
    (body.resources ?? []).find((r: Any) => r.name === name) ?? {};
  return { ...found, verbs: [...(found.verbs ?? [])].sort() };
};

export const discovering = area("discovery", [
  behaviour(
    "lists the core versions",
    async (s) => {
      const { body } = await s.get("/api");
      return [body.kind, body.versions];
    },
    ["APIVersions", ["v1"]],
  ),
  behaviour(
    "lists groups",
    async (s) => {
      const { body } = await s.get("/apis");
      const found = body.groups.filter(({ name }: Any) =>
        ["apps", "parity.example.com"].includes(name),
      );
      return [body.kind, body.apiVersion, found];
    },
    [
      "APIGroupList",
      "v1",
      [
        {
          name: "apps",
          versions: [{ groupVersion: "apps/v1", version: "v1" }],
          preferredVersion: { groupVersion: "apps/v1", version: "v1" },
        },
        {
          name: "parity.example.com",
          versions: [
            { groupVersion: "parity.example.com/v1", version: "v1" },
            { groupVersion: "parity.example.com/v1beta1", version: "v1beta1" },
          ],
          preferredVersion: { groupVersion: "parity.example.com/v1", version: "v1" },
        },
      ],
    ],
  ),
  behaviour("shows a group", async (s) => (await s.get("/apis/parity.example.com")).body, {
    kind: "APIGroup",
    apiVersion: "v1",
    name: "parity.example.com",
    versions: [
      { groupVersion: "parity.example.com/v1", version: "v1" },
      { groupVersion: "parity.example.com/v1beta1", version: "v1beta1" },
    ],
    preferredVersion: { groupVersion: "parity.example.com/v1", version: "v1" },
  }),
  behaviour("shows a builtin group", async (s) => (await s.get("/apis/apps")).body, {
    kind: "APIGroup",
    apiVersion: "v1",
    name: "apps",
    versions: [{ groupVersion: "apps/v1", version: "v1" }],
    preferredVersion: { groupVersion: "apps/v1", version: "v1" },
  }),
  behaviour(
    "shows a version",
    async (s) => {
      const { body } = await s.get("/apis/parity.example.com/v1");
      return [body.kind, body.apiVersion ?? null, body.groupVersion];
    },
    ["APIResourceList", "v1", "parity.example.com/v1"],
  ),
  behaviour("shows a custom kind", resource("/apis/parity.example.com/v1", "widgets"), {
    name: "widgets",
    namespaced: true,
    kind: "Widget",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["wd"],
    categories: ["parity"],
  }),
  behaviour(
    "shows a custom kind's status",
    resource("/apis/parity.example.com/v1", "widgets/status"),
    { name: "widgets/status", namespaced: true, kind: "Widget", verbs: ["get", "patch", "update"] },
  ),
  behaviour(
    "shows a custom kind's scale",
    resource("/apis/parity.example.com/v1", "widgets/scale"),
    {
      name: "widgets/scale",
      namespaced: true,
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
      verbs: ["get", "patch", "update"],
    },
  ),
  behaviour("shows ConfigMaps", resource("/api/v1", "configmaps"), {
    name: "configmaps",
    namespaced: true,
    kind: "ConfigMap",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["cm"],
  }),
  behaviour("shows Pods", resource("/api/v1", "pods"), {
    name: "pods",
    namespaced: true,
    kind: "Pod",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["po"],
    categories: ["all"],
  }),
  behaviour("shows Pods' status", resource("/api/v1", "pods/status"), {
    name: "pods/status",
    namespaced: true,
    kind: "Pod",
    verbs: ["get", "patch", "update"],
  }),
  behaviour("shows Namespaces", resource("/api/v1", "namespaces"), {
    name: "namespaces",
    namespaced: false,
    kind: "Namespace",
    verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
    shortNames: ["ns"],
  }),
]);
