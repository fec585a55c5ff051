import type { StatusCause } from "../../apis/status.ts";
import { at, isObject, type JsonObject, listOf } from "../request/json.ts";
import { rulesOf } from "./rule.ts";
import { ruleType } from "./rule-values.ts";
import type { Schema, SchemaRule } from "./schema.ts";

const REASONS = [
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
];
const MAX_MESSAGE = 2048;
const MAX_RULES_DEPTH = 64;
const KEY = "x-kubernetes-validations";

/** What is wrong with the rules in `schema`, which is structural, for a definition to be accepted. */
export function checkRules(schema: Schema, path: string): readonly StatusCause[] {
  return check(schema, { path, isRoot: true, isTracked: true, depth: 0 });
}

/** Where a schema is. `isTracked`: whether what a value was before can be told there. */
interface Place {
  readonly path: string;
  readonly isRoot: boolean;
  readonly isTracked: boolean;
  readonly depth: number;
}

function check(schema: unknown, place: Place): StatusCause[] {
  if (!isObject(schema) || place.depth > MAX_RULES_DEPTH) return [];
  const { path, isTracked } = place;
  const { items, properties, additionalProperties } = schema;
  const inner = { isRoot: false, depth: place.depth + 1 };
  const ofItems = isTracked && schema["x-kubernetes-list-type"] === "map";
  const ofFields = isTracked && schema["x-kubernetes-map-type"] !== "atomic";
  return [
    ...ownCauses(schema, place),
    ...logicalCauses(schema, path),
    ...Object.entries(isObject(properties) ? properties : {}).flatMap(([name, part]) =>
      check(part, { ...inner, path: `${path}.properties[${name}]`, isTracked: ofFields }),
    ),
    ...check(additionalProperties, {
      ...inner,
      path: `${path}.additionalProperties`,
      isTracked: ofFields,
    }),
    ...check(items, { ...inner, path: `${path}.items`, isTracked: ofItems }),
  ];
}

/** Rules belong to the structure of a schema, not into its logical parts. */
function logicalCauses(schema: JsonObject, path: string): StatusCause[] {
  return ["allOf", "anyOf", "oneOf", "not"].flatMap((name) => {
    const parts = name === "not" ? [schema.not] : listOf(schema[name]);
    return parts.flatMap((part, i) => {
      if (at(part, KEY) === undefined) return [];
      const field = `${path}.${name}${name === "not" ? "" : `[${i}]`}.${KEY}`;
      return [refusal("FieldValueForbidden", field, "Forbidden: must be empty to be structural")];
    });
  });
}

function ownCauses(schema: JsonObject, { path, isRoot, isTracked }: Place): StatusCause[] {
  const given = schema[KEY];
  if (given === undefined || given === null) return [];
  const field = `${path}.${KEY}`;
  if (!Array.isArray(given)) return [invalid(field, given, "must be a list of rules")];
  const misshapen = given.flatMap((rule, i) => formCauses(rule, `${field}[${i}]`));
  if (misshapen.length > 0) return misshapen;
  if (given.length > 0 && ruleType(schema as Schema, isRoot) === undefined)
    return [invalid(field, KEY, "rules can only stand where the schema says the type")];
  return rulesOf(schema as Schema, isRoot).flatMap((rule, i) => {
    const here = `${field}[${i}]`;
    if ("problem" in rule) {
      const source = (given[i] as SchemaRule)[rule.field] ?? "";
      return [invalid(`${here}.${rule.field}`, source, rule.problem)];
    }
    const { rule: text, optionalOldSelf } = rule.given;
    if (rule.isTransition && !isTracked)
      return [
        invalid(
          `${here}.rule`,
          text,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${path}`,
        ),
      ];
    if (optionalOldSelf !== undefined && !rule.isTransition)
      return [
        invalid(
          `${here}.optionalOldSelf`,
          optionalOldSelf,
          "may not be set if oldSelf is not used in rule",
        ),
      ];
    return fieldPathCauses(rule.given, schema as Schema, here);
  });
}

function formCauses(rule: unknown, path: string): StatusCause[] {
  if (!isObject(rule)) return [invalid(path, rule, "must be a rule")];
  const { rule: text, reason, optionalOldSelf } = rule;
  const wrong = ["rule", "message", "messageExpression", "fieldPath", "reason"].filter(
    (name) => rule[name] !== undefined && typeof rule[name] !== "string",
  );
  if (wrong.length > 0)
    return wrong.map((name) => invalid(`${path}.${name}`, rule[name], "must be a string"));
  if (optionalOldSelf !== undefined && typeof optionalOldSelf !== "boolean")
    return [invalid(`${path}.optionalOldSelf`, optionalOldSelf, "must be a boolean")];
  if (typeof text !== "string" || text.trim() === "")
    return [refusal("FieldValueRequired", `${path}.rule`, "Required value: rule is not specified")];
  const causes = messageCauses(rule as unknown as SchemaRule, path);
  if (reason !== undefined && !REASONS.includes(String(reason)))
    causes.push(
      refusal(
        "FieldValueNotSupported",
        `${path}.reason`,
        `Unsupported value: ${JSON.stringify(reason)}: supported values: ${REASONS.map((known) => `"${known}"`).join(", ")}`,
      ),
    );
  return causes;
}

function messageCauses(
  { rule, message, messageExpression }: SchemaRule,
  path: string,
): StatusCause[] {
  const field = `${path}.message`;
  if (message === undefined || message === "") {
    if (!rule.trim().includes("\n") || (messageExpression ?? "") !== "") return [];
    const why = "Required value: message must be specified if rule contains line breaks";
    return [refusal("FieldValueRequired", field, why)];
  }
  if (message.trim() === "")
    return [invalid(field, message, "message must be non-empty if specified")];
  if (message.trim().includes("\n"))
    return [invalid(field, message, "message must not contain line breaks")];
  if (message.length <= MAX_MESSAGE) return [];
  return [
    invalid(
      field,
      message.slice(0, 10),
      `message must have a maximum length of ${MAX_MESSAGE} characters`,
    ),
  ];
}

/** The path must lead to a field that the schema has. */
function fieldPathCauses({ fieldPath }: SchemaRule, schema: Schema, path: string): StatusCause[] {
  if (fieldPath === undefined) return [];
  const field = `${path}.fieldPath`;
  if (fieldPath.trim() === "") return [invalid(field, fieldPath, "must be non-empty if specified")];
  const names = /^(?:\.[A-Za-z_][\w-]*|\['(?:[^'\\]|\\.)+'\])+$/.test(fieldPath)
    ? [...fieldPath.matchAll(/\.([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)+)'\]/g)]
    : undefined;
  if (names === undefined)
    return [
      invalid(field, fieldPath, "fieldPath is invalid: it must be like .spec.name or ['name']"),
    ];
  let part: Schema | undefined = schema;
  for (const [, plain, quoted = ""] of names) {
    const name: string = plain ?? quoted.replace(/\\(.)/g, "$1");
    part =
      part?.properties?.[name] ??
      (typeof part?.additionalProperties === "object" ? part.additionalProperties : undefined);
    if (part === undefined)
      return [invalid(field, fieldPath, "fieldPath is invalid: does not refer to a valid field")];
  }
  return [];
}

function invalid(field: string, value: unknown, why: string): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value ?? "")}: ${why}`;
  return refusal("FieldValueInvalid", field, message);
}

function refusal(reason: string, field: string, message: string): StatusCause {
  return { reason, message, field };
}
