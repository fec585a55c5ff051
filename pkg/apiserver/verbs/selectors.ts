import { field, objectOf, textOf } from "../request/json.ts";
import { badRequest } from "../request/refusals.ts";
import type { ServedType } from "../types/served-type.ts";
import { parseLabels, type Requirement } from "./label-parser.ts";

/** Whether an object is meant. */
export type ObjectTest = (object: unknown) => boolean;

type ValueTest = (value: string | undefined) => boolean;

/** The test that a `labelSelector` describes; undefined when it means everything. Throws a bad request. */
export function labelTest(selector: string): ObjectTest | undefined {
  const tests = parseLabels(selector).map((part) => [part.key, valueTest(part)] as const);
  if (tests.length === 0) return undefined;
  return (object) => {
    const labels = objectOf(field(field(object, "metadata"), "labels"));
    return tests.every(([key, holds]) =>
      holds(Object.hasOwn(labels, key) ? String(labels[key]) : undefined),
    );
  };
}

function valueTest({ operator, values }: Requirement): ValueTest {
  const wanted = new Set(values);
  const limit = Number(values[0]);
  const isIn: ValueTest = (value) => value !== undefined && wanted.has(value);
  const isNumber = (value: string | undefined) => value !== undefined && /^[-+]?\d+$/.test(value);
  switch (operator) {
    case "in":
      return isIn;
    case "notin":
      return (value) => !isIn(value);
    case "exists":
      return (value) => value !== undefined;
    case "!":
      return (value) => value === undefined;
    case ">":
      return (value) => isNumber(value) && Number(value) > limit;
    case "<":
      return (value) => isNumber(value) && Number(value) < limit;
  }
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
  if (path === undefined) throw badRequest(unknownField(type, name));
  const isEqual = (object: unknown) => textOf(path.reduce<unknown>(field, object) ?? "") === wanted;
  return operator === "!=" ? (object) => !isEqual(object) : isEqual;
}

function unknownField({ custom, selectableFields }: ServedType, name: string): string {
  return custom || Object.keys(selectableFields).length > 0
    ? `field label not supported: ${name}`
    : `"${name}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

/** Both selectors of a request as one test; undefined when everything is meant. */
export function requestTest(type: ServedType, query: URLSearchParams): ObjectTest | undefined {
  const labels = labelTest(query.get("labelSelector") ?? "");
  const fields = fieldTest(type, query.get("fieldSelector") ?? "");
  if (labels === undefined || fields === undefined) return labels ?? fields;
  return (object) => labels(object) && fields(object);
}
