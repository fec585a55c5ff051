import { field, objectOf, textOf } from "../request/json.ts";
import { badRequest } from "../request/refusals.ts";
import type { ServedType } from "../types/served-type.ts";

/** Whether an object is meant. */
export type ObjectTest = (object: unknown) => boolean;

interface Requirement {
  readonly key: string;
  readonly holds: (value: string | undefined) => boolean;
}

const KEY = "[A-Za-z0-9][-A-Za-z0-9_./]*";
const TERMS: readonly [RegExp, (match: readonly string[]) => Requirement][] = [
  [
    new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`),
    ([, key = "", operator, wanted]) => ({
      key,
      holds: operator === "!=" ? (value) => value !== wanted : (value) => value === wanted,
    }),
  ],
  [
    new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`),
    ([, key = "", operator, list = ""]) => {
      const wanted = new Set(list.split(",").map((item) => item.trim()));
      const isIn = (value: string | undefined) => value !== undefined && wanted.has(value);
      return { key, holds: operator === "in" ? isIn : (value) => !isIn(value) };
    },
  ],
  [
    new RegExp(`^(${KEY})\\s*([<>])\\s*(-?\\d+)$`),
    ([, key = "", operator, number]) => ({
      key,
      holds: (value) =>
        value !== undefined &&
        /^-?\d+$/.test(value) &&
        (operator === ">" ? Number(value) > Number(number) : Number(value) < Number(number)),
    }),
  ],
  [
    new RegExp(`^!\\s*(${KEY})$`),
    ([, key = ""]) => ({ key, holds: (value) => value === undefined }),
  ],
  [new RegExp(`^(${KEY})$`), ([, key = ""]) => ({ key, holds: (value) => value !== undefined })],
];

/** The test that a `labelSelector` describes; undefined when it means everything. Throws a bad request. */
export function labelTest(selector: string): ObjectTest | undefined {
  const terms = splitTerms(selector);
  if (terms.length === 0) return undefined;
  const requirements = terms.map((term) => requirement(term, selector));
  return (object) => {
    const labels = objectOf(field(field(object, "metadata"), "labels"));
    return requirements.every(({ key, holds }) =>
      holds(Object.hasOwn(labels, key) ? String(labels[key]) : undefined),
    );
  };
}

function requirement(term: string, selector: string): Requirement {
  for (const [pattern, make] of TERMS) {
    const match = pattern.exec(term);
    if (match !== null) return make(match);
  }
  throw badRequest(
    `unable to parse requirement: cannot read ${JSON.stringify(term)} in labelSelector ${JSON.stringify(selector)}`,
  );
}

/** Commas inside of parentheses do not separate. */
function splitTerms(selector: string): string[] {
  const terms = selector.split(/,(?![^(]*\))/).map((term) => term.trim());
  return terms.length === 1 && terms[0] === "" ? [] : terms;
}

const METADATA: Readonly<Record<string, readonly string[]>> = {
  "metadata.name": ["metadata", "name"],
  "metadata.namespace": ["metadata", "namespace"],
};

/** The test that a `fieldSelector` describes for objects of `type`; undefined when it means everything. */
export function fieldTest(type: ServedType, selector: string): ObjectTest | undefined {
  const terms = selector.split(",").filter((term) => term.trim() !== "");
  if (terms.length === 0) return undefined;
  const tests = terms.map((term) => fieldTerm(type, term.trim()));
  return (object) => tests.every((test) => test(object));
}

function fieldTerm(type: ServedType, term: string): ObjectTest {
  const [, name = "", operator, wanted] = /^([^=!]+?)(==|=|!=)(.*)$/s.exec(term) ?? [];
  if (operator === undefined)
    throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const known = { ...METADATA, ...type.selectableFields };
  const path = Object.hasOwn(known, name) ? known[name] : undefined;
  if (path === undefined) throw badRequest(`field label not supported: ${name}`);
  const isEqual = (object: unknown) => textOf(path.reduce<unknown>(field, object) ?? "") === wanted;
  return operator === "!=" ? (object) => !isEqual(object) : isEqual;
}

/** Both selectors of a request as one test; undefined when everything is meant. */
export function requestTest(type: ServedType, query: URLSearchParams): ObjectTest | undefined {
  const labels = labelTest(query.get("labelSelector") ?? "");
  const fields = fieldTest(type, query.get("fieldSelector") ?? "");
  if (labels === undefined || fields === undefined) return labels ?? fields;
  return (object) => labels(object) && fields(object);
}
