import type { StatusCause } from "../../apis/status.ts";
import { Budget, CelError, CostLimitError } from "../cel/cel-errors.ts";
import { Optional, type Value } from "../cel/values.ts";
import { isObject, type JsonObject, same } from "../request/json.ts";
import { holds, messageOf, REQUEST_COST, type Rule, rulesOf } from "./rule.ts";
import { asObjectSchema, ruleValue } from "./rule-values.ts";
import { fieldPath, propertySchema, type Schema } from "./schema.ts";

/** A value somewhere in an object, and what was there before if that can be said. */
interface Place {
  readonly value: unknown;
  readonly old: unknown;
  readonly schema: Schema;
  readonly path: string;
}

/**
 * Which of the rules (x-kubernetes-validations) of `schema` do not hold for `object`, which has the
 * form that the schema wants; `old` is what it replaces. Rules of what has not changed are not asked again.
 */
export function ruleCauses(object: unknown, schema: Schema, old: unknown): readonly StatusCause[] {
  const run = new RuleRun();
  if (hasRules(schema)) run.check({ value: object, old, schema, path: "" }, true);
  return run.causes;
}

const withRules = new WeakMap<Schema, boolean>();

/** Whether there are rules in `schema` or in what is in it. */
export function hasRules(schema: Schema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  const { items, additionalProperties, properties = {} } = schema;
  const inner = [items, additionalProperties, ...Object.values(properties)];
  const found =
    (schema["x-kubernetes-validations"] ?? []).length > 0 ||
    inner.some((part) => typeof part === "object" && hasRules(part));
  withRules.set(schema, found);
  return found;
}

/** The check of one object: what was found, and how much it may still cost. */
class RuleRun {
  readonly causes: StatusCause[] = [];
  readonly #budget = new Budget(REQUEST_COST);
  #isOver = false;

  check(place: Place, isRoot = false): void {
    const { schema, value } = place;
    if (this.#isOver || value === undefined || value === null || !hasRules(schema)) return;
    for (const rule of rulesOf(schema, isRoot))
      if ("program" in rule && !this.#isOver) this.#ask(rule, place, isRoot);
    if (Array.isArray(value)) this.#checkItems(place, value);
    else if (isObject(value)) this.#checkFields(place, value);
  }

  #checkFields({ old, schema, path }: Place, fields: JsonObject): void {
    for (const [name, value] of Object.entries(fields)) {
      const inner = propertySchema(schema, name);
      if (inner === undefined) continue;
      const before = isObject(old) ? old[name] : undefined;
      this.check({ value, old: before, schema: inner, path: fieldPath(path, name) });
    }
  }

  #checkItems({ old, schema, path }: Place, items: readonly unknown[]): void {
    const { items: inner } = schema;
    if (inner === undefined) return;
    const before = itemsByKey(old, schema);
    for (const [i, item] of items.entries())
      this.check({
        value: item,
        old: before?.get(keyOf(item, schema)),
        schema: inner,
        path: fieldPath(path, i),
      });
  }

  #ask(rule: Rule, place: Place, isRoot: boolean): void {
    const { value, old, path } = place;
    const isKnown = old !== undefined && old !== null;
    const isOptional = rule.given.optionalOldSelf === true;
    if (rule.isTransition && !isKnown && !isOptional) return;
    if (!rule.isTransition && isKnown && same(value, old)) return;
    const schema = asObjectSchema(place.schema, isRoot);
    try {
      const before = isKnown && rule.isTransition ? ruleValue(old, schema) : null;
      const oldSelf = isOptional ? (isKnown ? new Optional(before) : Optional.none) : before;
      const values: readonly Value[] = [ruleValue(value, schema), oldSelf];
      if (!holds(rule, values, this.#budget))
        this.#report(rule, place, messageOf(rule, values, this.#budget));
    } catch (error) {
      this.#reportFailure(rule, place, path, error);
    }
  }

  #report({ given }: Rule, { path, schema }: Place, message: string): void {
    const { reason = "FieldValueInvalid" } = given;
    const field = `${path}${given.fieldPath ?? ""}`.replace(/^\./, "");
    this.causes.push({
      reason,
      message: (WORDS[reason] ?? invalidText)(message, typeName(schema)),
      field: field === "" ? "<nil>" : field,
    });
  }

  #reportFailure(rule: Rule, { schema }: Place, path: string, error: unknown): void {
    const { rule: text } = rule.given;
    const field = path === "" ? "<nil>" : path;
    const refuse = (why: string) =>
      this.causes.push({
        reason: "FieldValueInvalid",
        message: invalidText(why, typeName(schema)),
        field,
      });
    if (error instanceof CostLimitError) {
      this.#isOver = true;
      refuse(
        `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
      );
    } else if (!(error instanceof CelError)) throw error;
    else if (error.message === "no such overload")
      refuse(
        `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`,
      );
    else refuse(`${error.message} evaluating rule: ${text}`);
  }
}

const invalidText = (message: string, type: string) => `Invalid value: "${type}": ${message}`;

/** How a message begins for each reason that a rule can give. */
const WORDS: Readonly<Record<string, (message: string, type: string) => string>> = {
  FieldValueInvalid: invalidText,
  FieldValueForbidden: (message) => `Forbidden: ${message}`,
  FieldValueRequired: (message) => `Required value: ${message}`,
  FieldValueDuplicate: (_message, type) => `Duplicate value: "${type}"`,
};

function typeName({ type = "object" }: Schema): string {
  return type;
}

/** The items there were, by what tells them apart; undefined if nothing does. */
function itemsByKey(old: unknown, schema: Schema): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(old) || schema["x-kubernetes-list-type"] !== "map") return undefined;
  return new Map(old.map((item) => [keyOf(item, schema), item]));
}

function keyOf(item: unknown, schema: Schema): string {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return JSON.stringify(keys.map((key) => (isObject(item) ? (item[key] ?? null) : null)));
}
