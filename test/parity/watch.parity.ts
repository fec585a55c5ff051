import { said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import { brief, Watching } from "./watching.ts";

const map = (name: string, labels: object = {}) => ({ metadata: { name, labels } });
const LABEL = (x: string | null) => ({ metadata: { labels: { x } } });

export const watching = area("watch", [
  behaviour(
    "tells what happens after a resourceVersion",
    async (s) => {
      const { body } = await s.get(s.maps());
      await using watch = await Watching.open(
        s,
        `${s.maps()}?resourceVersion=${body.metadata.resourceVersion}`,
      );
      await s.make(s.maps(), map("a"));
      await s.patch(s.maps("a"), "merge", LABEL("1"));
      await s.delete(s.maps("a"));
      return [watch.status, brief(await watch.take(3))];
    },
    [200, ["ADDED a", "MODIFIED a", "DELETED a"]],
  ),
  behaviour(
    "tells what has happened since a resourceVersion",
    async (s) => {
      const { body } = await s.get(s.maps());
      await s.make(s.maps(), map("a"));
      await s.delete(s.maps("a"));
      await using watch = await Watching.open(
        s,
        `${s.maps()}?resourceVersion=${body.metadata.resourceVersion}`,
      );
      return brief(await watch.take(2));
    },
    ["ADDED a", "DELETED a"],
  ),
  behaviour(
    "begins without resourceVersion with what is there",
    async (s) => {
      await s.make(s.maps(), map("a"), map("b"));
      await using watch = await Watching.open(s, s.maps());
      const first = await watch.take(2);
      await s.delete(s.maps("a"));
      return [...[...brief(first)].sort(), ...brief(await watch.take(1))];
    },
    ["ADDED a", "ADDED b", "DELETED a"],
  ),
  behaviour(
    "begins at 0 with what is there",
    async (s) => {
      await s.make(s.maps(), map("a"));
      await using watch = await Watching.open(s, `${s.maps()}?resourceVersion=0`);
      return brief(await watch.take(1));
    },
    ["ADDED a"],
  ),
  behaviour(
    "does not tell of other namespaces",
    async (s) => {
      await using watch = await Watching.open(s, s.maps());
      await s.make("/api/v1/namespaces/default/configmaps", map(s.id));
      await s.delete(`/api/v1/namespaces/default/configmaps/${s.id}`);
      await s.make(s.maps(), map("mine"));
      return brief(await watch.take(1));
    },
    ["ADDED mine"],
  ),
  behaviour(
    "tells of all namespaces",
    async (s) => {
      await using watch = await Watching.open(
        s,
        `/api/v1/configmaps?labelSelector=across%3D${s.id}`,
      );
      await s.make(s.maps(), map("a", { across: s.id }));
      const [{ type, object } = { type: "", object: {} }] = await watch.take(1);
      return [type, object.metadata.namespace];
    },
    ["ADDED", "(ns)"],
  ),
  behaviour(
    "shows the whole object with its kind",
    async (s) => {
      await using watch = await Watching.open(s, s.maps());
      await s.make(s.maps(), { ...map("a"), data: { k: "v" } });
      const [{ object } = { object: {} }] = await watch.take(1);
      return [object.kind, object.apiVersion, object.data];
    },
    ["ConfigMap", "v1", { k: "v" }],
  ),
  behaviour(
    "ends with the last state at a new resourceVersion",
    async (s) => {
      const [made] = await s.make(s.maps(), { ...map("a"), data: { k: "v" } });
      const { resourceVersion } = made.metadata;
      await using watch = await Watching.open(s, `${s.maps()}?resourceVersion=${resourceVersion}`);
      await s.delete(s.maps("a"));
      const [{ type, object } = { type: "", object: {} }] = await watch.take(1);
      return [type, object.data, BigInt(object.metadata.resourceVersion) > BigInt(resourceVersion)];
    },
    ["DELETED", { k: "v" }, true],
  ),
  behaviour(
    "makes of changed labels comings and goings",
    async (s) => {
      await s.make(s.maps(), map("a"));
      await using watch = await Watching.open(s, `${s.maps()}?labelSelector=x%3D1`);
      await s.patch(s.maps("a"), "merge", LABEL("1"));
      await s.patch(s.maps("a"), "merge", { data: { k: "v" } });
      await s.patch(s.maps("a"), "merge", { ...LABEL("2"), data: { k: "w" } });
      const seen = await watch.take(3);
      return [
        brief(seen),
        seen.map(({ object }) => [object.metadata.labels ?? null, object.data ?? null]),
      ];
    },
    [
      ["ADDED a", "MODIFIED a", "DELETED a"],
      [
        [{ x: "1" }, null],
        [{ x: "1" }, { k: "v" }],
        [{ x: "1" }, { k: "v" }],
      ],
    ],
  ),
  behaviour(
    "tells of one object by field selector",
    async (s) => {
      await using watch = await Watching.open(s, `${s.maps()}?fieldSelector=metadata.name%3Db`);
      await s.make(s.maps(), map("a"), map("b"));
      return brief(await watch.take(1));
    },
    ["ADDED b"],
  ),
  behaviour(
    "tells a deletion that waits as a change",
    async (s) => {
      const [made] = await s.make(s.maps(), {
        metadata: { name: "a", finalizers: ["example.com/hold"] },
      });
      await using watch = await Watching.open(
        s,
        `${s.maps()}?resourceVersion=${made.metadata.resourceVersion}`,
      );
      await s.delete(s.maps("a"));
      await s.patch(s.maps("a"), "json", [{ op: "remove", path: "/metadata/finalizers" }]);
      const seen = await watch.take(2);
      return [brief(seen), seen.map(({ object }) => object.metadata.finalizers ?? null)];
    },
    differs("last-state-of-finalized"),
  ),
  behaviour(
    "tells nothing of a change that changes nothing",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      await using watch = await Watching.open(
        s,
        `${s.maps()}?resourceVersion=${made.metadata.resourceVersion}`,
      );
      await s.patch(s.maps("a"), "merge", { metadata: { labels: {} } });
      await s.patch(s.maps("a"), "merge", LABEL("1"));
      const [{ object } = { object: {} }] = await watch.take(1);
      return object.metadata.labels;
    },
    { x: "1" },
  ),
  behaviour(
    "ends after timeoutSeconds",
    async (s) => {
      await s.make(s.maps(), map("a"));
      await using watch = await Watching.open(s, `${s.maps()}?timeoutSeconds=1`);
      return brief(await watch.take(100));
    },
    ["ADDED a"],
  ),
  behaviour(
    "refuses a timeoutSeconds that is no number",
    async (s) => said(await s.get(`${s.maps()}?watch=true&timeoutSeconds=abc`)).slice(0, 14),
    "400 BadRequest",
  ),
  behaviour(
    "refuses a resourceVersion that is no number",
    async (s) => said(await s.get(`${s.maps()}?watch=true&resourceVersion=abc`)),
    differs("bad-resource-version"),
  ),
  behaviour(
    "refuses a bad label selector",
    async (s) => said(await s.get(`${s.maps()}?watch=true&labelSelector=%3D1`)).slice(0, 45),
    "400 BadRequest: found '=', expected: !, ident",
  ),
  behaviour(
    "shows events as Tables, with columns once",
    async (s) => {
      await s.make(s.maps(), map("a"), map("b"));
      const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
      await using watch = await Watching.open(s, s.maps(), headers);
      const seen = await watch.take(2);
      return seen.map(({ type, object }) => [
        type,
        object.kind,
        object.rows.length,
        object.columnDefinitions?.length ?? null,
        object.rows[0].object.kind,
      ]);
    },
    [
      ["ADDED", "Table", 1, 3, "PartialObjectMetadata"],
      ["ADDED", "Table", 1, null, "PartialObjectMetadata"],
    ],
  ),
  behaviour(
    "shows events as metadata only",
    async (s) => {
      await s.make(s.maps(), { ...map("a"), data: { k: "v" } });
      const headers = { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" };
      await using watch = await Watching.open(s, s.maps(), headers);
      const [{ object } = { object: {} }] = await watch.take(1);
      return [object.kind, object.metadata.name, object.data ?? null];
    },
    ["PartialObjectMetadata", "a", null],
  ),
  behaviour(
    "tells of custom objects in the version asked for",
    async (s) => {
      await s.make(s.widgets(), {
        apiVersion: "parity.example.com/v1",
        kind: "Widget",
        metadata: { name: "a" },
      });
      await using watch = await Watching.open(s, s.in("parity.example.com/v1beta1", "widgets"));
      const [{ object } = { object: {} }] = await watch.take(1);
      return [object.apiVersion, object.kind];
    },
    ["parity.example.com/v1beta1", "Widget"],
  ),
  behaviour(
    "watches through the old /watch/ paths",
    async (s) => {
      const answer = await s.get(`/api/v1/watch/namespaces/${s.ns}/configmaps?timeoutSeconds=1`);
      return answer.code;
    },
    200,
  ),
  behaviour(
    "keeps the order of many changes",
    async (s) => {
      await using watch = await Watching.open(s, s.maps());
      const wanted = Array.from({ length: 20 }, (_, i) => `m${i}`);
      await Promise.all(wanted.map((name) => s.make(s.maps(), map(name))));
      const seen = await watch.take(20);
      const versions = seen.map(({ object }) => Number(object.metadata.resourceVersion));
      return [
        new Set(seen.map(({ object }) => object.metadata.name)).size,
        versions.every((v, i) => i === 0 || v > (versions[i - 1] ?? 0)),
      ];
    },
    [20, true],
  ),
]);
