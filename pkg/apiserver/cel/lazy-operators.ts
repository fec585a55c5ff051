import { type Budget, CelError, CompileError } from "./cel-errors.ts";
import { accepts, BOOL, type CelType, DYN, joined, typeText } from "./cel-type.ts";
import { attempt, type Compile, type Compiled, type Frame, type Scope } from "./scope.ts";
import type { CallNode } from "./syntax.ts";

type Operator = (node: CallNode, scope: Scope, compile: Compile) => Compiled;

const OPERATORS: Readonly<Record<string, Operator>> = {
  "_&&_": (node, scope, compile) => compileLogic(node, scope, compile, false),
  "_||_": (node, scope, compile) => compileLogic(node, scope, compile, true),
  "_?_:_": compileChoice,
};

/** The operator that `node` calls if it is one that does not need all of its operands; undefined otherwise. */
export function compileLazy(node: CallNode, scope: Scope, compile: Compile): Compiled | undefined {
  return Object.hasOwn(OPERATORS, node.name)
    ? OPERATORS[node.name]?.(node, scope, compile)
    : undefined;
}

/** One operand that comes to `deciding` is enough, even if there is no result for the other. */
function compileLogic(node: CallNode, scope: Scope, compile: Compile, deciding: boolean): Compiled {
  const [left, right] = node.args.map((arg) => compile(arg, scope)) as [Compiled, Compiled];
  checkOperands(node, [left, right], [BOOL, BOOL]);
  const run = (frame: Frame, budget: Budget) => {
    const first = attempt(left, frame, budget);
    if (first === deciding) return deciding;
    const second = attempt(right, frame, budget);
    if (second === deciding) return deciding;
    for (const result of [first, second]) if (result instanceof CelError) throw result;
    if (typeof first !== "boolean" || typeof second !== "boolean")
      throw new CelError("no such overload");
    return !deciding;
  };
  return { type: BOOL, run };
}

function compileChoice(node: CallNode, scope: Scope, compile: Compile): Compiled {
  const [condition, yes, no] = node.args.map((arg) => compile(arg, scope)) as [
    Compiled,
    Compiled,
    Compiled,
  ];
  const type = joined(yes.type, no.type);
  if (type === undefined || !accepts(BOOL, condition.type, new Map()))
    throw noMatch(node, [condition, yes, no]);
  const run = (frame: Frame, budget: Budget) => {
    const chosen = condition.run(frame, budget);
    if (typeof chosen !== "boolean") throw new CelError("no such overload");
    return (chosen ? yes : no).run(frame, budget);
  };
  return { type, run };
}

function checkOperands(
  node: CallNode,
  operands: readonly Compiled[],
  wanted: readonly CelType[],
): void {
  if (!operands.every(({ type }, i) => accepts(wanted[i] ?? DYN, type, new Map())))
    throw noMatch(node, operands);
}

function noMatch({ name, at }: CallNode, operands: readonly Compiled[]): CompileError {
  const types = operands.map(({ type }) => typeText(type)).join(", ");
  return new CompileError(`found no matching overload for '${name}' applied to '(${types})'`, at);
}
