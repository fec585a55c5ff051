import { eventually } from "../support/eventually.ts";
import { said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import { object, spec, thing, things, version } from "./things.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

export const definitionsInUse = area("definitions in use", [
  behaviour(
    "refuses another scope later",
    async (s) => {
      await s.define(spec(s), things(s));
      return said(
        await s.patch(`${CRDS}/things.${s.id}.example.com`, "merge", {
          spec: { scope: "Cluster" },
        }),
      );
    },
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.scope: Invalid value: "Cluster": field is immutable',
  ),
  behaviour(
    "does not mind another plural, but does not serve it",
    async (s) => {
      await s.define(spec(s), things(s));
      return said(
        await s.patch(`${CRDS}/things.${s.id}.example.com`, "merge", {
          spec: { names: { plural: "others" } },
        }),
      );
    },
    '422 Invalid: CustomResourceDefinition.apiextensions.k8s.io "things.(id).example.com" is invalid: spec.names.plural: Invalid value: "others": field is immutable',
  ),
  behaviour(
    "takes away the objects with the definition",
    async (s) => {
      await s.define(spec(s), things(s));
      await s.make(things(s), thing(s));
      const answer = await s.delete(`${CRDS}/things.${s.id}.example.com`);
      await eventually(
        "it is gone",
        async () => (await s.get(`${CRDS}/things.${s.id}.example.com`)).code === 404,
      );
      await eventually("its path is gone", async () => (await s.get(things(s))).code === 404);
      await s.define(spec(s), things(s));
      return [answer.code, (await s.get(things(s))).body.items];
    },
    [200, []],
  ),
  behaviour(
    "serves several versions of one object",
    async (s) => {
      await s.define(
        spec(
          s,
          {},
          version("v1", object({ spec: object({ x: { type: "string" } }) })),
          version("v2", object({ spec: object({ x: { type: "string" } }) })),
        ),
        things(s),
      );
      await s.served(things(s, "v2"));
      await s.make(things(s), thing(s, { spec: { x: "1" } }));
      const { body } = await s.get(things(s, "v2", "a"));
      return [body.apiVersion, body.spec];
    },
    ["(id).example.com/v2", { x: "1" }],
  ),
  behaviour(
    "does not serve a version that is switched off",
    async (s) => {
      await s.define(spec(s, {}, version("v1"), { ...version("v2"), served: false }), things(s));
      return (await s.get(things(s, "v2"))).code;
    },
    404,
  ),
  behaviour(
    "follows another schema",
    async (s) => {
      await s.define(
        spec(s, {}, version("v1", object({ spec: object({ x: { type: "string" } }) }))),
        things(s),
      );
      const path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/y";
      await s.patch(`${CRDS}/things.${s.id}.example.com`, "json", [
        { op: "add", path, value: { type: "string" } },
      ]);
      await eventually("it is known", async () => {
        const { body } = await s.post(
          `${things(s)}?dryRun=All`,
          thing(s, { spec: { x: "1", y: "2" } }),
        );
        return body.spec.y === "2";
      });
      return "known";
    },
    "known",
  ),
  behaviour(
    "takes definitions of v1beta1",
    async (s) => {
      const body = {
        apiVersion: "apiextensions.k8s.io/v1beta1",
        kind: "CustomResourceDefinition",
        metadata: { name: `things.${s.id}.example.com` },
        spec: {
          group: `${s.id}.example.com`,
          version: "v1",
          scope: "Namespaced",
          names: { plural: "things", kind: "Thing" },
          validation: { openAPIV3Schema: object({ spec: { type: "object" } }) },
        },
      };
      const { code } = await s.post(
        "/apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions",
        body,
      );
      await s.served(things(s));
      const made = await s.post(things(s), thing(s, { spec: { any: 1 } }));
      const read = await s.get(`${CRDS}/things.${s.id}.example.com`);
      return [
        code,
        made.code,
        made.body.spec,
        read.body.apiVersion,
        read.body.spec.versions[0].name,
      ];
    },
    [201, 201, { any: 1 }, "apiextensions.k8s.io/v1", "v1"],
  ),
  behaviour(
    "has no status or scale unless it says so",
    async (s) => {
      await s.define(spec(s), things(s));
      await s.make(things(s), thing(s));
      return [
        (await s.get(things(s, "v1", "a/status"))).code,
        (await s.get(things(s, "v1", "a/scale"))).code,
      ];
    },
    [404, 404],
  ),
  behaviour(
    "serves a kind without namespaces",
    async (s) => {
      const path = `/apis/${s.id}.example.com/v1/things`;
      await s.define(spec(s, { scope: "Cluster" }), path);
      const { code, body } = await s.post(path, thing(s));
      return [code, body.metadata.namespace ?? null, (await s.get(`${path}/a`)).code];
    },
    [201, null, 200],
  ),
  behaviour(
    "reads the scale",
    async (s) => {
      await s.make(s.widgets(), {
        apiVersion: "parity.example.com/v1",
        kind: "Widget",
        metadata: { name: "a" },
        spec: { replicas: 3 },
      });
      const { body } = await s.get(s.widgets("a", "scale"));
      return [body.kind, body.apiVersion, body.metadata.name, body.spec, body.status];
    },
    ["Scale", "autoscaling/v1", "a", { replicas: 3 }, { replicas: 0 }],
  ),
  behaviour(
    "changes the scale",
    async (s) => {
      await s.make(s.widgets(), {
        apiVersion: "parity.example.com/v1",
        kind: "Widget",
        metadata: { name: "a" },
      });
      const answer = await s.patch(s.widgets("a", "scale"), "merge", { spec: { replicas: 7 } });
      const { body } = await s.get(s.widgets("a"));
      return [answer.code, answer.body.spec, body.spec.replicas, body.metadata.generation];
    },
    [200, { replicas: 7 }, 7, 2],
  ),
  behaviour(
    "refuses a negative scale",
    async (s) => {
      await s.make(s.widgets(), {
        apiVersion: "parity.example.com/v1",
        kind: "Widget",
        metadata: { name: "a" },
      });
      return said(await s.patch(s.widgets("a", "scale"), "merge", { spec: { replicas: -1 } }));
    },
    '422 Invalid: Widget.parity.example.com "a" is invalid: .spec.replicas: Invalid value: -1: should be a non-negative integer',
  ),
]);
