import { causes } from "./answers.ts";
import type { Space } from "./space.ts";

/** One version of a definition. */
export const version = (name: string, schema: object = { type: "object" }, more: object = {}) => ({
  name,
  served: true,
  storage: name === "v1",
  schema: { openAPIV3Schema: schema },
  ...more,
});

/** The spec of a definition of things in a group of its own. */
export const spec = (s: Space, more: object = {}, ...versions: object[]) => ({
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

/** The path of the things of a space, or of one of them. */
export const things = (s: Space, v = "v1", ...parts: string[]) =>
  s.in(`${s.id}.example.com/${v}`, "things", ...parts);

/** A thing called "a". */
export const thing = (s: Space, more: object = {}, v = "v1") => ({
  apiVersion: `${s.id}.example.com/${v}`,
  kind: "Thing",
  metadata: { name: "a" },
  ...more,
});

/** The schema of an object. */
export const object = (properties: object, more: object = {}) => ({
  type: "object",
  properties,
  ...more,
});

/** What becomes of a spec under a schema for it. */
export const kept = (schema: object, given: unknown) => async (s: Space) => {
  await s.define(spec(s, {}, version("v1", object({ spec: schema }))), things(s));
  const answer = await s.post(things(s), thing(s, { spec: given }));
  return answer.code === 201
    ? (answer.body.spec ?? null)
    : [answer.code, ...[...causes(answer)].sort()];
};
