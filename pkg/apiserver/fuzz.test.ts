import { expect, it } from "vitest";
import { call } from "./calls.fixture.ts";
import { testServer } from "./server.fixture.ts";

/** A small generator of numbers that are the same in each run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const PATHS = [
  "/api/v1/namespaces/default/configmaps",
  "/api/v1/namespaces/default/secrets/a",
  "/api/v1/namespaces/default/configmaps/a",
  "/api/v1/namespaces/default/services/a/status",
  "/api/v1/namespaces/a",
  "/apis/apps/v1/namespaces/default/deployments/a",
  "/apis/apps/v1/namespaces/default/deployments/a/scale",
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x.y.z",
  "/apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions",
  "/apis/ote.baidu.com/v1/namespaces/kube-system/clusters",
  "/apis/ote.baidu.com/v1/namespaces/kube-system/clusters/a",
  "/apis/ote.baidu.com/v1/namespaces/kube-system/clusters/a/status",
  "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
  "/openapi/v3/apis/apps/v1",
];
const QUERIES = [
  "",
  "?dryRun=All",
  "?fieldManager=x&force=true",
  "?fieldValidation=Strict",
  "?limit=1&continue=e30",
];
const TYPES = [
  "application/json",
  "application/yaml",
  "application/merge-patch+json",
  "application/json-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
  "application/vnd.kubernetes.protobuf",
];
const WORDS = [
  "metadata",
  "name",
  "a",
  "spec",
  "status",
  "labels",
  "managedFields",
  "finalizers",
  "containers",
  "template",
  "versions",
  "names",
  "schema",
  "openAPIV3Schema",
  "properties",
  "apiVersion",
  "kind",
  "v1",
  "Cluster",
  "ConfigMap",
  "data",
  "ports",
  "$patch",
  "delete",
  "op",
  "path",
  "value",
  "add",
  "/metadata/name",
  "/spec",
  "/",
  "constructor",
  "toString",
  "replicas",
  "conditions",
  "group",
  "plural",
  "preconditions",
  "ownerReferences",
  "selector",
  "$setElementOrder/ports",
  "$retainKeys",
  "raw",
  "generateName",
  "k8s",
];

it("answers any garbage with a refusal, never with an error of its own", async () => {
  await using api = await testServer();
  const below = random(42);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const value = (depth: number): unknown => {
    const kind = below(depth > 4 ? 5 : 9);
    if (kind === 0) return null;
    if (kind === 1) return below(2) === 0;
    if (kind === 2) return below(100) - 50;
    if (kind < 5) return pick(WORDS);
    if (kind === 5) return Array.from({ length: below(4) }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from({ length: below(5) }, () => [pick(WORDS), value(depth + 1)]),
    );
  };
  const likely = () => {
    const known = pick([
      { apiVersion: "ote.baidu.com/v1", kind: "Cluster" },
      { apiVersion: "apps/v1", kind: "Deployment" },
      { apiVersion: "v1", kind: "ConfigMap" },
      { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
    ]);
    return {
      ...known,
      metadata: { name: "a", [pick(WORDS)]: value(3) },
      [pick(WORDS)]: value(1),
      [pick(WORDS)]: value(1),
    };
  };
  const failed: unknown[] = [];
  for (let i = 0; i < 3000; i++) {
    const method = pick(METHODS);
    const path = pick(PATHS) + pick(QUERIES);
    const body =
      method === "GET" ? undefined : JSON.stringify(below(2) === 0 ? likely() : value(0));
    const type = pick(TYPES);
    const answer = await call(api.transport, method, path, body, { "content-type": type });
    if (answer.status >= 500) failed.push([method, path, type, body, answer.body]);
  }
  expect(failed.slice(0, 3)).toEqual([]);
});
