import { causes } from "./answers.ts";
import { area, behaviour } from "./behaviour.ts";
import type { Space } from "./space.ts";

const version = (name: string, schema: object = { type: "object" }, more: object = {}) => ({
  name,
  served: true,
  storage: name === "v1",
  schema: { openAPIV3Schema: schema },
  ...more,
});

const spec = (s: Space, more: object = {}, ...versions: object[]) => ({
  group: `${s.id}.example.com`,
  scope: "Namespaced",
  names: {
    plural: "things",
    singular: "thing",
    kind: "Thing",
    listKind: "ThingList",
    ...(("names" in more && (more.names as object)) || {}),
  },
  versions: versions.length > 0 ? versions : [version("v1")],
  ...Object.fromEntries(Object.entries(more).filter(([k]) => k !== "names")),
});

const things = (s: Space, v = "v1", ...parts: string[]) =>
  s.in(`${s.id}.example.com/${v}`, "things", ...parts);

const thing = (s: Space, more: object = {}, v = "v1") => ({
  apiVersion: `${s.id}.example.com/${v}`,
  kind: "Thing",
  metadata: { name: "a" },
  ...more,
});

const object = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });

/** What becomes of a spec under a schema for it. */
const kept = (schema: object, given: unknown) => async (s: Space) => {
  await s.define(spec(s, {}, version("v1", object({ spec: schema }))), things(s));
  const answer = await s.post(things(s), thing(s, { spec: given }));
  return answer.code === 201
    ? (answer.body.spec ?? null)
    : [answer.code, ...[...causes(answer)].sort()];
};

export const schemas = area("schemas", [
  behaviour(
    "drops what it does not know",
    kept(object({ x: { type: "string" } }), { x: "1", y: 2 }),
    { x: "1" },
  ),
  behaviour(
    "drops what it does not know in lists",
    kept({ type: "array", items: object({ x: { type: "string" } }) }, [{ x: "1", y: 2 }]),
    [{ x: "1" }],
  ),
  behaviour(
    "keeps what it does not know where it is told to",
    kept(object({}, { "x-kubernetes-preserve-unknown-fields": true }), { x: { y: [1] } }),
    { x: { y: [1] } },
  ),
  behaviour(
    "drops known fields' unknown parts even there",
    kept(
      object(
        { x: object({ a: { type: "string" } }) },
        { "x-kubernetes-preserve-unknown-fields": true },
      ),
      { x: { a: "1", b: 2 }, z: 3 },
    ),
    { x: { a: "1" }, z: 3 },
  ),
  behaviour(
    "fills in defaults",
    kept(
      object({
        x: { type: "string", default: "d" },
        y: object({ z: { type: "integer", default: 3 } }),
      }),
      { y: {} },
    ),
    { x: "d", y: { z: 3 } },
  ),
  behaviour(
    "fills in a default object and what is in it",
    kept(object({ y: { ...object({ z: { type: "integer", default: 3 } }), default: {} } }), {}),
    { y: { z: 3 } },
  ),
  behaviour(
    "fills in defaults in lists",
    kept({ type: "array", items: object({ x: { type: "string", default: "d" } }) }, [
      {},
      { x: "1" },
    ]),
    [{ x: "d" }, { x: "1" }],
  ),
  behaviour(
    "does not fill in where there is null that is allowed",
    kept(object({ x: { type: "string", default: "d", nullable: true } }), { x: null }),
    { x: null },
  ),
  behaviour(
    "fills in where there is null that is not allowed",
    kept(object({ x: { type: "string", default: "d" } }), { x: null }),
    { x: "d" },
  ),
  behaviour(
    "drops null that is not allowed",
    kept(object({ x: { type: "string" } }), { x: null }),
    {},
  ),
]);
