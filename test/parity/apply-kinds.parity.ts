import { detailed, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import type { Any } from "./request.ts";
import { widget } from "./widget.ts";

const map = (data: object | undefined, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  data,
});

const owners = (body: Any) =>
  (body.metadata.managedFields ?? []).map(
    ({ manager, operation, apiVersion, fieldsType, fieldsV1 }: Any) => ({
      manager,
      operation,
      apiVersion,
      fieldsType,
      fieldsV1,
    }),
  );

const deployment = (image: string | undefined, replicas?: number) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    replicas,
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image }] } },
  },
});

export const applyKinds = area("apply of kinds", [
  behaviour(
    "owns the fields of containers by name",
    async (s) => {
      const { body } = await s.apply(
        s.in("apps/v1", "deployments", "d"),
        "me",
        deployment("i:1", 2),
      );
      return owners(body);
    },
    [
      {
        manager: "me",
        operation: "Apply",
        apiVersion: "apps/v1",
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {
              "f:metadata": { "f:labels": { "f:a": {} } },
              "f:spec": {
                "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:image": {}, "f:name": {} } },
              },
            },
          },
        },
      },
    ],
  ),
  behaviour(
    "lets somebody else scale a Deployment that does not say how many",
    async (s) => {
      const path = s.in("apps/v1", "deployments", "d");
      await s.apply(path, "me", deployment("i:1"));
      await s.patch(`${path}?fieldManager=scaler`, "merge", { spec: { replicas: 5 } });
      const { code, body } = await s.apply(path, "me", deployment("i:2"));
      return [code, body.spec.replicas, body.spec.template.spec.containers[0].image];
    },
    [200, 5, "i:2"],
  ),
  behaviour(
    "applies a custom object",
    async (s) => {
      const { code, body } = await s.apply(
        s.widgets("a"),
        "me",
        widget("a", { color: "red", tags: ["x"], parts: [{ name: "p", weight: 1 }] }),
      );
      return [code, body.spec, owners(body)];
    },
    differs("apply-custom-lists"),
  ),
  behaviour(
    "merges sets and maps of a custom object",
    async (s) => {
      await s.apply(
        s.widgets("a"),
        "me",
        widget("a", { tags: ["x"], parts: [{ name: "p", weight: 1 }] }),
      );
      const { code, body } = await s.apply(
        s.widgets("a"),
        "you",
        widget("a", { tags: ["y"], parts: [{ name: "q" }, { name: "p", on: true }] }),
      );
      return [code, body.spec];
    },
    differs("apply-custom-lists"),
  ),
  behaviour(
    "refuses the atomic list of another manager",
    async (s) => {
      await s.apply(s.widgets("a"), "me", widget("a", { words: ["x"] }));
      return detailed(await s.apply(s.widgets("a"), "you", widget("a", { words: ["x", "y"] })));
    },
    [
      '409 Conflict: Apply failed with 1 conflict: conflict with "me": .spec.words',
      {
        causes: [
          { reason: "FieldManagerConflict", message: 'conflict with "me"', field: ".spec.words" },
        ],
      },
    ],
  ),
  behaviour(
    "names items of lists in conflicts",
    async (s) => {
      await s.apply(s.widgets("a"), "me", widget("a", { parts: [{ name: "p", weight: 1 }] }));
      return detailed(
        await s.apply(s.widgets("a"), "you", widget("a", { parts: [{ name: "p", weight: 2 }] })),
      );
    },
    differs("apply-custom-lists"),
  ),
  behaviour(
    "applies status apart",
    async (s) => {
      await s.apply(s.widgets("a"), "me", widget("a", { color: "red" }));
      const { code, body } = await s.apply(s.widgets("a", "status"), "controller", {
        ...widget("a"),
        spec: undefined,
        status: { phase: "on" },
      });
      return [code, body.spec, body.status];
    },
    [200, { color: "red", replicas: 1 }, { phase: "on" }],
  ),
  behaviour(
    "does not create by its status what is not there",
    async (s) =>
      said(
        await s.apply(s.widgets("a", "status"), "me", { ...widget("a"), status: { phase: "x" } }),
      ),
    '404 NotFound: widgets.parity.example.com "a" not found',
  ),
  behaviour(
    "refuses fields that the schema does not know",
    async (s) =>
      said(await s.apply(s.widgets("a"), "me", widget("a", { strange: 1 }))).slice(0, 200),
    "201 Widget",
  ),
  behaviour(
    "lets who created an object by POST apply over it",
    async (s) => {
      await s.make(`${s.maps()}?fieldManager=poster`, map({ k: "1" }));
      const same = await s.apply(s.maps("a"), "me", map({ k: "1" }));
      const other = await s.apply(s.maps("a"), "me", map({ k: "2" }));
      return [same.code, other.code, other.body.details?.causes?.[0]?.field ?? null];
    },
    [200, 409, ".data.k"],
  ),
  behaviour(
    "forgets managers when asked to",
    async (s) => {
      await s.apply(s.maps("a"), "me", map({ k: "1" }));
      const { body } = await s.patch(s.maps("a"), "merge", { metadata: { managedFields: [{}] } });
      return body.metadata.managedFields ?? null;
    },
    null,
  ),
  behaviour(
    "refuses a Deployment that is not complete",
    async (s) =>
      said(await s.apply(s.in("apps/v1", "deployments", "d"), "me", deployment(undefined))),
    '422 Invalid: Deployment.apps "d" is invalid: spec.template.spec.containers[0].image: Required value',
  ),
]);
