import { detailed, reason, said } from "./answers.ts";
import { area, behaviour, differs } from "./behaviour.ts";
import { widget } from "./widget.ts";

const map = (name: string, data: object = {}) => ({ metadata: { name }, data });

export const patchRequests = area("patch requests", [
  behaviour(
    "keeps resourceVersion when nothing changes",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a", { k: "1" }));
      const { body } = await s.patch(s.maps("a"), "merge", { data: { k: "1" } });
      return body.metadata.resourceVersion === made.metadata.resourceVersion;
    },
    true,
  ),
  behaviour(
    "refuses an old resourceVersion in a patch",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      await s.patch(s.maps("a"), "merge", { data: { k: "1" } });
      const { resourceVersion } = made.metadata;
      return detailed(
        await s.patch(s.maps("a"), "merge", { metadata: { resourceVersion }, data: { k: "2" } }),
      );
    },
    [
      '409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      { name: "a", kind: "configmaps" },
    ],
  ),
  behaviour(
    "refuses another name in a patch",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.patch(s.maps("a"), "merge", { metadata: { name: "b" } }));
    },
    "400 BadRequest: the name of the object (b) does not match the name on the URL (a)",
  ),
  behaviour(
    "refuses another namespace in a patch",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.patch(s.maps("a"), "merge", { metadata: { namespace: "b" } }));
    },
    "400 BadRequest: the namespace of the object (b) does not match the namespace on the request ((ns))",
  ),
  behaviour(
    "ignores another uid in a patch, or refuses it",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return reason(await s.patch(s.maps("a"), "merge", { metadata: { uid: "b" } }));
    },
    "422 Invalid",
  ),
  behaviour(
    "ignores another creationTimestamp in a patch",
    async (s) => {
      const [made] = await s.make(s.maps(), map("a"));
      const { code, body } = await s.patch(s.maps("a"), "merge", {
        metadata: { creationTimestamp: "2001-01-01T00:00:00Z" },
      });
      return [code, body.metadata.creationTimestamp === made.metadata.creationTimestamp];
    },
    [200, true],
  ),
  behaviour(
    "does not create what is not there",
    async (s) => detailed(await s.patch(s.maps("none"), "merge", {})),
    ['404 NotFound: configmaps "none" not found', { name: "none", kind: "configmaps" }],
  ),
  behaviour(
    "refuses plain JSON as a patch",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return detailed(
        await s.call("PATCH", s.maps("a"), {}, { "content-type": "application/json" }),
      );
    },
    differs("media-type-texts"),
  ),
  behaviour(
    "refuses a strategic patch of a custom object",
    async (s) => {
      await s.make(s.widgets(), widget("a"));
      return said(await s.patch(s.widgets("a"), "strategic", {}));
    },
    "415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  ),
  behaviour(
    "says with dryRun what would come of it",
    async (s) => {
      await s.make(s.maps(), map("a", { k: "1" }));
      const { body } = await s.patch(`${s.maps("a")}?dryRun=All`, "merge", { data: { k: "2" } });
      return [body.data, (await s.get(s.maps("a"))).body.data];
    },
    [{ k: "2" }, { k: "1" }],
  ),
  behaviour(
    "refuses force without apply",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.patch(`${s.maps("a")}?force=true`, "merge", {}));
    },
    '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  ),
  behaviour(
    "refuses a fieldManager that is too long",
    async (s) => {
      await s.make(s.maps(), map("a"));
      return said(await s.patch(`${s.maps("a")}?fieldManager=${"x".repeat(129)}`, "merge", {}));
    },
    '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long: must have at most 128 bytes',
  ),
  behaviour(
    "patches status alone",
    async (s) => {
      await s.make(s.widgets(), widget("a", { color: "red" }));
      const { body } = await s.patch(s.widgets("a", "status"), "merge", {
        spec: { color: "blue" },
        status: { phase: "x" },
      });
      return [body.spec.color, body.status, body.metadata.generation];
    },
    ["red", { phase: "x" }, 1],
  ),
  behaviour(
    "drops of a patch what the schema does not know",
    async (s) => {
      await s.make(s.widgets(), widget("a"));
      const { body } = await s.patch(s.widgets("a"), "merge", {
        spec: { color: "red", strange: 1 },
      });
      return body.spec;
    },
    { color: "red", replicas: 1 },
  ),
  behaviour(
    "refuses a patch that breaks the schema",
    async (s) => {
      await s.make(s.widgets(), widget("a"));
      return said(await s.patch(s.widgets("a"), "merge", { spec: { size: 99 } }));
    },
    '422 Invalid: Widget.parity.example.com "a" is invalid: spec.size: Invalid value: 99: spec.size in body should be less than or equal to 10',
  ),
]);
