import { describe, expect, it } from "vitest";
import { apiVersionOf } from "../../apis/object.ts";
import { at, isObject, objectOf } from "../request/json.ts";
import { BUILTIN_TYPES } from "../types/builtin-types.ts";
import { TypeRegistry } from "../types/type-registry.ts";
import { builtinDefinitions, isKnownBuiltin } from "./builtin-definitions.ts";
import { fieldNote, notedNames, requiredFields } from "./field-notes.ts";
import { openApiV2 } from "./openapi-v2.ts";
import { openApiV3, openApiV3Index } from "./openapi-v3.ts";

const types = new TypeRegistry(BUILTIN_TYPES);
const CONTAINER = "io.k8s.api.core.v1.Container";

/** All texts under "$ref" in a document. */
function references(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    name === "$ref" && typeof item === "string" ? [item] : references(item),
  );
}

it("v2 has every builtin kind with all that is in it", () => {
  const definitions = objectOf(openApiV2(types).definitions);
  const known = Object.keys(definitions).map((name) => `#/definitions/${name}`);
  expect(references(definitions).filter((name) => !known.includes(name))).toEqual([]);
  const kept = BUILTIN_TYPES.filter((type) => type.storedAs === apiVersionOf(type));
  const unknown = kept.filter((type) => type.verbs.includes("get") && !isKnownBuiltin(type));
  expect(unknown.map(({ kind }) => kind)).toEqual([]);
  expect(at(definitions, CONTAINER)).toMatchObject({
    required: ["name"],
    properties: {
      image: { type: "string", description: expect.any(String) },
      ports: {
        type: "array",
        items: { $ref: "#/definitions/io.k8s.api.core.v1.ContainerPort" },
        "x-kubernetes-patch-merge-key": "containerPort",
        "x-kubernetes-patch-strategy": "merge",
      },
      resources: { $ref: "#/definitions/io.k8s.api.core.v1.ResourceRequirements" },
    },
  });
});

it("v3 has in each document what that document refers to", () => {
  for (const path of Object.keys(objectOf(openApiV3Index(types).paths))) {
    const [, group = "", version = ""] = /^(?:api|apis\/([^/]+))\/(.+)$/.exec(path) ?? [];
    const document = openApiV3(types, group, version);
    const schemas = objectOf(at(document, "components", "schemas"));
    const known = Object.keys(schemas).map((name) => `#/components/schemas/${name}`);
    expect([path, references(document).filter((name) => !known.includes(name))]).toEqual([
      path,
      [],
    ]);
  }
});

describe("the notes about fields", () => {
  const definitions = new Map(BUILTIN_TYPES.flatMap((type) => [...builtinDefinitions(type)]));
  const byName = (name: string) =>
    [...definitions].filter(([id]) => id.endsWith(`.${name}`)).map(([, schema]) => schema);

  it.each([...notedNames()])("are about something that there is: %s", (noted) => {
    const [name = "", field] = noted.split(".");
    const found = byName(name);
    expect(found.length).toBeGreaterThan(0);
    if (field !== undefined)
      expect(found.some((schema) => at(schema, "properties", field) !== undefined)).toBe(true);
    for (const required of requiredFields(name))
      expect(found.some((schema) => at(schema, "properties", required) !== undefined)).toBe(true);
  });

  it("name keys that items have", () => {
    for (const schema of definitions.values())
      for (const [, property] of Object.entries(objectOf(schema.properties))) {
        const key = at(property, "x-kubernetes-patch-merge-key");
        const item = String(at(property, "items", "$ref"));
        if (typeof key === "string")
          expect([item, at(definitions.get(item), "properties", key)]).not.toEqual([
            item,
            undefined,
          ]);
      }
    expect(fieldNote("PodSpec", "volumes")["x-kubernetes-patch-strategy"]).toBe("merge,retainKeys");
  });
});
