import { eventually } from "../support/eventually.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Answer, Any } from "./request.ts";
import type { Space } from "./space.ts";
import { spec, things, version } from "./things.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const crd = (s: Space, body: object, name = `things.${s.id}.example.com`) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name },
  spec: body,
});

/** Whether its names are accepted, whether it is established, and why; undefined until that is known. */
function namesOf({ body }: Pick<Answer, "body">): readonly string[] | undefined {
  const condition = (wanted: string) =>
    body.status?.conditions?.find(({ type }: Any) => type === wanted);
  const accepted = condition("NamesAccepted");
  return accepted && [accepted.status, condition("Established")?.status, accepted.reason];
}

export const definitionNames = area("names of definitions", [
  behaviour(
    "does not establish a kind whose name another has",
    async (s) => {
      await s.define(spec(s), things(s));
      await s.make(
        CRDS,
        crd(
          s,
          { ...spec(s), names: { plural: "widgets", kind: "Thing" } },
          `widgets.${s.id}.example.com`,
        ),
      );
      const found = await eventually("it is judged", async () => {
        const { body } = await s.get(`${CRDS}/widgets.${s.id}.example.com`);
        return body.status?.conditions?.find(({ type }: Any) => type === "NamesAccepted");
      });
      return [found.status, found.reason, found.message];
    },
    ["False", "ListKindConflict", '"ThingList" is already in use'],
  ),
  behaviour(
    "establishes and serves a kind when its name becomes free",
    async (s) => {
      await s.define(spec(s), things(s));
      const name = `widgets.${s.id}.example.com`;
      const names = {
        plural: "widgets",
        singular: "widget",
        kind: "Thing",
        listKind: "WidgetList",
      };
      await s.make(CRDS, crd(s, { ...spec(s), names }, name));
      const refused = await eventually("it is judged", async () =>
        namesOf(await s.get(`${CRDS}/${name}`)),
      );
      const hidden = await s.get(s.in(`${s.id}.example.com/v1`, "widgets"));
      await s.delete(`${CRDS}/things.${s.id}.example.com`);
      const established = await eventually("it is established", async () => {
        const [accepted, isThere] = namesOf(await s.get(`${CRDS}/${name}`)) ?? [];
        return accepted === "True" && isThere === "True" ? [accepted, isThere] : undefined;
      });
      const served = await eventually("it is served", async () => {
        const { code } = await s.get(s.in(`${s.id}.example.com/v1`, "widgets"));
        return code === 200 ? code : undefined;
      });
      return [refused, hidden.code, established, served];
    },
    [["False", "False", "KindConflict"], 404, ["True", "True"], 200],
  ),
  behaviour(
    "warns of a version that is deprecated, in words of its own or the usual ones",
    async (s) => {
      const old = (name: string, more: object) =>
        version(name, { type: "object" }, { deprecated: true, ...more });
      const versions = [
        version("v1"),
        old("v1beta1", {}),
        old("v1alpha1", { deprecationWarning: "gone soon" }),
      ];
      await s.define(spec(s, {}, ...versions), things(s));
      await s.served(things(s, "v1alpha1"));
      const warnings = async (v: string, path = "") =>
        ((await s.get(things(s, v) + path)).headers.warning ?? "none").replaceAll(s.id, "(id)");
      return [
        await warnings("v1"),
        await warnings("v1beta1"),
        await warnings("v1alpha1"),
        await warnings("v1alpha1", "/missing"),
      ];
    },
    [
      "none",
      '299 - "(id).example.com/v1beta1 Thing is deprecated; use (id).example.com/v1 Thing"',
      '299 - "gone soon"',
      '299 - "gone soon"',
    ],
  ),
  behaviour(
    "serves a kind without the short names that another has",
    async (s) => {
      await s.define(
        { ...spec(s), names: { plural: "things", kind: "Thing", shortNames: ["th"] } },
        things(s),
      );
      const other = { plural: "others", kind: "Other", shortNames: ["th", "ot"] };
      const name = `others.${s.id}.example.com`;
      await s.make(CRDS, crd(s, { ...spec(s), names: other }, name));
      const found = await eventually("it is judged", async () => {
        const { body } = await s.get(`${CRDS}/${name}`);
        return namesOf({ body }) && body.status;
      });
      return [namesOf({ body: { status: found } }), found.acceptedNames];
    },
    [
      ["False", "False", "ShortNamesConflict"],
      { plural: "others", singular: "other", kind: "Other", listKind: "OtherList" },
    ],
  ),
]);
