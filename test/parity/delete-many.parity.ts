import { detailed, names, said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";

const map = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });

const HOLD = "example.com/hold";

const held = { finalizers: [HOLD] };

export const deletingMany = area("delete many", [
  behaviour(
    "deletes a collection",
    async (s) => {
      await s.make(s.maps(), map("a"), map("b"));
      const { code, body } = await s.delete(s.maps());
      return [code, body.kind, names({ code, headers: {}, body }), names(await s.get(s.maps()))];
    },
    [200, "ConfigMapList", ["a", "b"], []],
  ),
  behaviour(
    "deletes of a collection what a label selector means",
    async (s) => {
      await s.make(s.maps(), map("a", { labels: { x: "1" } }), map("b"));
      const answer = await s.delete(`${s.maps()}?labelSelector=x%3D1`);
      return [names(answer), names(await s.get(s.maps()))];
    },
    [["a"], ["b"]],
  ),
  behaviour(
    "deletes of a collection what a field selector means",
    async (s) => {
      await s.make(s.maps(), map("a"), map("b"));
      await s.delete(`${s.maps()}?fieldSelector=metadata.name%3Db`);
      return names(await s.get(s.maps()));
    },
    ["a"],
  ),
  behaviour(
    "deletes nothing of a collection with dryRun",
    async (s) => {
      await s.make(s.maps(), map("a"));
      await s.delete(`${s.maps()}?dryRun=All`);
      return names(await s.get(s.maps()));
    },
    ["a"],
  ),
  behaviour(
    "does not delete all namespaces at once",
    async (s) => said(await s.delete("/api/v1/namespaces?labelSelector=no%3Done")),
    "405 MethodNotAllowed: the server does not allow this method on the requested resource",
  ),
  behaviour(
    "protects the first namespaces",
    async (s) => [
      detailed(await s.delete("/api/v1/namespaces/default")),
      said(await s.delete("/api/v1/namespaces/kube-system")),
      said(await s.delete("/api/v1/namespaces/kube-public")),
    ],
    [
      [
        '403 Forbidden: namespaces "default" is forbidden: this namespace may not be deleted',
        { name: "default", kind: "namespaces" },
      ],
      '403 Forbidden: namespaces "kube-system" is forbidden: this namespace may not be deleted',
      '403 Forbidden: namespaces "kube-public" is forbidden: this namespace may not be deleted',
    ],
  ),
  behaviour(
    "marks a namespace before it ends",
    async (s) => {
      await s.make(s.maps(), map("a", held));
      const { code, body } = await s.delete(`/api/v1/namespaces/${s.ns}`);
      const { metadata, spec, status } = body;
      return [code, body.kind, metadata.deletionTimestamp !== undefined, spec, status.phase];
    },
    [200, "Namespace", true, { finalizers: ["kubernetes"] }, "Terminating"],
  ),
]);
