import { Budget, CelError, CompileError } from "../cel/cel-errors.ts";
import { BOOL, type CelType, STRING, typeText } from "../cel/cel-type.ts";
import { compileProgram, type Program } from "../cel/compile.ts";
import type { Value } from "../cel/values.ts";
import { ruleType } from "./rule-values.ts";
import type { Schema, SchemaRule } from "./schema.ts";

/** A rule of a schema that can be evaluated. */
export interface Rule {
  readonly given: SchemaRule;
  readonly program: Program;
  /** Whether it looks at what the value was before. */
  readonly isTransition: boolean;
  readonly message: Program | undefined;
}

/** What one rule may cost, and all rules of one request together; as in Kubernetes, but a quarter in all. */
export const RULE_COST = 1_000_000;
export const REQUEST_COST = 2_500_000;
const MAX_MESSAGE = 5120;

/** What compiling a rule came to: the rule, or what is wrong with one of its fields. */
export type CompiledRule =
  | Rule
  | { readonly field: "rule" | "messageExpression"; readonly problem: string };

const compiled = new WeakMap<Schema, readonly CompiledRule[]>();

/** The rules of `schema` itself, not of what is in it. */
export function rulesOf(schema: Schema, isRoot: boolean): readonly CompiledRule[] {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const rules = schema["x-kubernetes-validations"] ?? [];
  const type = rules.length === 0 ? undefined : ruleType(schema, isRoot);
  const made = type === undefined ? [] : rules.map((rule) => compileRule(rule, type));
  compiled.set(schema, made);
  return made;
}

function compileRule(given: SchemaRule, self: CelType): CompiledRule {
  const oldSelf: CelType = given.optionalOldSelf === true ? { kind: "optional", item: self } : self;
  const variables = { self, oldSelf };
  const program = compileAs(given.rule, variables, BOOL, "cel expression must evaluate to a bool");
  if (typeof program === "string") return { field: "rule", problem: program };
  const { messageExpression } = given;
  const message =
    messageExpression === undefined || messageExpression === ""
      ? undefined
      : compileAs(messageExpression, variables, STRING, "must evaluate to a string");
  if (typeof message === "string")
    return { field: "messageExpression", problem: `messageExpression ${message}` };
  return { given, program, isTransition: program.uses.has("oldSelf"), message };
}

/** The program, or why it cannot be one. */
function compileAs(
  source: string,
  variables: Readonly<Record<string, CelType>>,
  wanted: CelType,
  otherwise: string,
): Program | string {
  try {
    const program = compileProgram(source, variables);
    const isFitting = typeText(program.type) === typeText(wanted);
    return isFitting || program.type.kind === "dyn" ? program : otherwise;
  } catch (error) {
    if (error instanceof CompileError) return `compilation failed: ${error.shownIn(source)}`;
    throw error;
  }
}

/** What `rule` says if it does not hold. Its own expression for that may fail, and then does not count. */
export function messageOf(rule: Rule, values: readonly Value[], budget: Budget): string {
  const made = rule.message && expressed(rule.message, values, budget);
  if (made !== undefined) return made;
  const { message = "" } = rule.given;
  return message === "" ? `failed rule: ${rule.given.rule.trim()}` : message.trim();
}

function expressed(program: Program, values: readonly Value[], budget: Budget): string | undefined {
  try {
    const text = program.evaluate(values, budget);
    const isUsable =
      typeof text === "string" &&
      text.trim() !== "" &&
      !text.includes("\n") &&
      text.length <= MAX_MESSAGE;
    return isUsable ? text.trim() : undefined;
  } catch (error) {
    if (error instanceof CelError) return undefined;
    throw error;
  }
}

/** Whether `rule` holds. Throws a CelError or CostLimitError; pays from `budget` at most what one rule may cost. */
export function holds({ program }: Rule, values: readonly Value[], budget: Budget): boolean {
  const most = Math.min(RULE_COST, budget.left);
  const own = new Budget(most);
  try {
    return program.evaluate(values, own) === true;
  } finally {
    budget.spend(Math.min(most, most - own.left));
  }
}
