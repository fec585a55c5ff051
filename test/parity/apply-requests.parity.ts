import { detailed, said } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";

const map = (data: object | undefined, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  data,
});

export const applyRequests = area("apply requests", [
  behaviour(
    "wants a fieldManager",
    async (s) => detailed(await s.patch(s.maps("a"), "apply", map({ k: "1" }))),
    [
      '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        group: "meta.k8s.io",
        kind: "PatchOptions",
        causes: [
          {
            reason: "FieldValueRequired",
            message: "Required value: is required for apply patch",
            field: "fieldManager",
          },
        ],
      },
    ],
  ),
  behaviour(
    "refuses managedFields in what is applied",
    async (s) =>
      said(
        await s.apply(
          s.maps("a"),
          "me",
          map({}, { managedFields: [{ manager: "x", operation: "Apply", apiVersion: "v1" }] }),
        ),
      ),
    "400 BadRequest: metadata.managedFields must be nil",
  ),
  behaviour(
    "wants kind and apiVersion",
    async (s) => said(await s.apply(s.maps("a"), "me", { metadata: { name: "a" } })),
    "400 BadRequest: Incorrect version specified in apply patch. Specified patch version: , expected: v1",
  ),
  behaviour(
    "refuses an old resourceVersion",
    async (s) => {
      const { body } = await s.apply(s.maps("a"), "me", map({ k: "1" }));
      await s.apply(s.maps("a"), "me", map({ k: "2" }));
      const { resourceVersion } = body.metadata;
      return said(await s.apply(s.maps("a"), "me", map({ k: "3" }, { resourceVersion })));
    },
    '409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
  ),
  behaviour(
    "refuses a resourceVersion of what is not there",
    async (s) => said(await s.apply(s.maps("a"), "me", map({}, { resourceVersion: "1" }))),
    "201 ConfigMap",
  ),
  behaviour(
    "refuses a uid of what is not there",
    async (s) => said(await s.apply(s.maps("a"), "me", map({}, { uid: "x" }))).slice(0, 20),
    "409 Conflict: Operat",
  ),
  behaviour(
    "refuses another name than that of the path",
    async (s) => said(await s.apply(s.maps("b"), "me", map({}))),
    "400 BadRequest: the name of the object (a) does not match the name on the URL (b)",
  ),
  behaviour(
    "takes YAML",
    async (s) => {
      const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: 'yes'\n";
      const { code, body } = await s.patch(`${s.maps("a")}?fieldManager=me`, "apply", yaml);
      return [code, body.data];
    },
    [201, { k: "yes" }],
  ),
  behaviour(
    "refuses YAML that cannot be read",
    async (s) =>
      said(await s.patch(`${s.maps("a")}?fieldManager=me`, "apply", "a: [")).slice(0, 14),
    "400 BadRequest",
  ),
  behaviour(
    "says with dryRun what would come of it",
    async (s) => {
      const { code, body } = await s.apply(s.maps("a"), "me", map({ k: "1" }), "&dryRun=All");
      return [code, body.data, said(await s.get(s.maps("a")))];
    },
    [201, { k: "1" }, '404 NotFound: configmaps "a" not found'],
  ),
]);
