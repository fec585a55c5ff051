import { detailed, reason, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import { widget } from "./widget.ts";

const map = (name: string, data: object = {}, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...more },
  data,
});

export const updating = area("update", [
  behaviour(
    "replaces the whole object",
    async (s) => {
      await s.make(s.maps(), map("a", { old: "1" }, { labels: { x: "y" } }));
      const { code, body } = await s.put(s.maps("a"), map("a", { new: "2" }));
      return [code, body.data, body.metadata.labels ?? null];
    },
    [200, { "new": "2" }, null],
  ),
  behaviour(
    "keeps uid and creationTimestamp whatever the caller says",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      const more = { creationTimestamp: "2001-01-01T00:00:00Z", selfLink: "/x" };
      const { body } = await s.put(s.maps("a"), map("a", {}, more));
      const { uid, creationTimestamp } = made.metadata;
      return [body.metadata.uid === uid, body.metadata.creationTimestamp === creationTimestamp];
    },
    [true, true],
  ),
  behaviour(
    "refuses another uid",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      const answer = await s.put(s.maps("a"), map("a", {}, { uid: "other" }));
      const text = said(answer).replaceAll(made.metadata.uid, "UID");
      return text.replace(/Key: .*configmaps/, "Key: …/configmaps");
    },
    differs("storage-words"),
  ),
  behaviour(
    "takes an update without resourceVersion",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.put(s.maps("a"), map("a", { k: "v" })));
    },
    "200 ConfigMap",
  ),
  behaviour(
    "refuses an update of a custom object without resourceVersion",
    async (s) => {
      await s.make(s.widgets(), widget("a"));
      return detailed(await s.put(s.widgets("a"), widget("a")));
    },
    [
      '422 Invalid: widgets.parity.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
      {
        name: "a",
        group: "parity.example.com",
        kind: "widgets",
        causes: [
          {
            reason: "FieldValueInvalid",
            message: "Invalid value: 0x0: must be specified for an update",
            field: "metadata.resourceVersion",
          },
        ],
      },
    ],
  ),
  behaviour(
    "refuses an update from an old resourceVersion",
    async (s) => {
      const [{ metadata }] = await s.make(s.maps(), map("a"));
      await s.put(s.maps("a"), map("a", { k: "1" }));
      const { resourceVersion } = metadata;
      return detailed(await s.put(s.maps("a"), map("a", { k: "2" }, { resourceVersion })));
    },
    [
      '409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      { name: "a", kind: "configmaps" },
    ],
  ),
  behaviour(
    "refuses the same of a custom object",
    async (s) => {
      const [made] = await s.make(s.widgets(), widget("a"));
      await s.put(s.widgets("a"), { ...made, spec: { color: "red" } });
      return detailed(await s.put(s.widgets("a"), { ...made, spec: { color: "blue" } }));
    },
    [
      '409 Conflict: Operation cannot be fulfilled on widgets.parity.example.com "a": the object has been modified; please apply your changes to the latest version and try again',
      { name: "a", group: "parity.example.com", kind: "widgets" },
    ],
  ),
  behaviour(
    "refuses a resourceVersion that is no number",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.put(s.maps("a"), map("a", {}, { resourceVersion: "abc" })));
    },
    differs("bad-resource-version"),
  ),
  behaviour(
    "keeps resourceVersion when nothing changes",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a", { k: "v" }));
      const { body } = await s.put(s.maps("a"), made);
      return body.metadata.resourceVersion === made.metadata.resourceVersion;
    },
    true,
  ),
  behaviour(
    "keeps resourceVersion of a custom object when nothing changes",
    async (s) => {
      const [made] = await s.make(s.widgets(), widget("a", { color: "red" }));
      const { body } = await s.put(s.widgets("a"), made);
      return body.metadata.resourceVersion === made.metadata.resourceVersion;
    },
    true,
  ),
  behaviour(
    "refuses another name than that of the path",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.put(s.maps("a"), map("b")));
    },
    "400 BadRequest: the name of the object (b) does not match the name on the URL (a)",
  ),
  behaviour(
    "takes the name of the path when the object says none",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.put(s.maps("a"), { metadata: {}, data: {} }));
    },
    "400 BadRequest: the name of the object (a based on URL) was undeterminable: name must be provided",
  ),
  behaviour(
    "refuses the namespace of another path",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.put(s.maps("a"), map("a", {}, { namespace: "other" })));
    },
    "400 BadRequest: the namespace of the object (other) does not match the namespace on the request ((ns))",
  ),
  behaviour(
    "does not create what is not there",
    async (s) => detailed(await s.put(s.maps("none"), map("none"))),
    ['404 NotFound: configmaps "none" not found', { name: "none", kind: "configmaps" }],
  ),
  behaviour(
    "does not create what is not there even if it names a resourceVersion",
    async (s) => reason(await s.put(s.maps("none"), map("none", {}, { resourceVersion: "1" }))),
    "404 NotFound",
  ),
  behaviour(
    "refuses another kind",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.put(s.maps("a"), { ...map("a"), kind: "Secret" }));
    },
    differs("foreign-kind-text"),
  ),
  behaviour(
    "says with dryRun what would come of it",
    async (s) => {
      await s.make(s.maps(), map("a", { k: "1" }));
      const { code, body } = await s.put(`${s.maps("a")}?dryRun=All`, map("a", { k: "2" }));
      return [code, body.data, (await s.get(s.maps("a"))).body.data];
    },
    [200, { k: "2" }, { k: "1" }],
  ),
  behaviour(
    "refuses a dryRun it does not know",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.put(`${s.maps("a")}?dryRun=some`, map("a")));
    },
    '422 Invalid: UpdateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"some"}: supported values: "All"',
  ),
  behaviour(
    "counts changes of spec, not of metadata or status, as generations",
    async (s) => {
      const [made] = await s.make(s.widgets(), widget("a", { color: "red" }));
      const next = { ...made, metadata: { ...made.metadata, labels: { a: "b" } } };
      const labelled = (await s.put(s.widgets("a"), next)).body;
      const other = { ...labelled, status: { phase: "on" } };
      const reported = (await s.put(s.widgets("a", "status"), other)).body;
      const wanted = { ...reported, spec: { color: "blue" } };
      const changed = (await s.put(s.widgets("a"), wanted)).body;
      return [made, labelled, reported, changed].map(({ metadata }) => metadata.generation);
    },
    [1, 1, 1, 2],
  ),
  behaviour(
    "counts generations of a Deployment",
    async (s) => {
      const template = {
        metadata: { labels: { a: "b" } },
        spec: { containers: [{ name: "c", image: "i" }] },
      };
      const spec = { selector: { matchLabels: { a: "b" } }, template };
      const path = s.in("apps/v1", "deployments");
      const [made] = await s.make(path, { metadata: { name: "d" }, spec });
      const next = { ...made, metadata: { ...made.metadata, annotations: { a: "b" } } };
      const noted = (await s.put(`${path}/d`, next)).body;
      const scaled = { ...noted, spec: { ...noted.spec, replicas: 3 } };
      const after = (await s.put(`${path}/d`, scaled)).body;
      return [made, noted, after].map(({ metadata }) => metadata.generation);
    },
    [1, 2, 3],
  ),
  behaviour(
    "leaves status alone on the main path, and all else on the path of status",
    async (s) => {
      const [made] = await s.make(s.widgets(), widget("a", { color: "red" }));
      const both = { ...made, spec: { color: "blue" }, status: { phase: "x" } };
      const main = (await s.put(s.widgets("a"), both)).body;
      const again = { ...main, spec: { color: "green" }, status: { phase: "y" } };
      const status = (await s.put(s.widgets("a", "status"), again)).body;
      return [main.spec.color, main.status ?? null, status.spec.color, status.status];
    },
    ["blue", null, "blue", { phase: "y" }],
  ),
  behaviour(
    "does not change labels of a custom object through its status",
    async (s) => {
      const [made] = await s.make(s.widgets(), widget("a"));
      const next = { ...made, metadata: { ...made.metadata, labels: { a: "b" } } };
      const { body } = await s.put(s.widgets("a", "status"), next);
      return body.metadata.labels ?? null;
    },
    null,
  ),
  behaviour(
    "reads the status of an object as the object",
    async (s) => {
      await s.make(s.widgets(), widget("a", { color: "red" }));
      const { code, body } = await s.get(s.widgets("a", "status"));
      return [code, body.kind, body.spec.color];
    },
    [200, "Widget", "red"],
  ),
  behaviour(
    "has no status of a kind without one",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.get(s.maps("a", "status")));
    },
    "404 NotFound: the server could not find the requested resource",
  ),
  behaviour(
    "lets a hundred parallel compare-and-put increments all count",
    async (s) => {
      await s.make(s.maps(), map("a", { n: "0" }));
      const increment = async () => {
        for (;;) {
          const { body } = await s.get(s.maps("a"));
          const data = { n: String(Number(body.data.n) + 1) };
          const { code } = await s.put(s.maps("a"), { ...body, data });
          if (code === 200) return;
          if (code !== 409) throw new Error(`HTTP ${code}`);
        }
      };
      const lanes = Array.from({ length: 10 }, async () => {
        for (let i = 0; i < 10; i++) await increment();
      });
      await Promise.all(lanes);
      return (await s.get(s.maps("a"))).body.data.n;
    },
    "100",
  ),
]);
