import { type Budget, CompileError } from "./cel-errors.ts";
import { type CelType, LONG_NAMES, TYPE } from "./cel-type.ts";
import { compileAccess } from "./compile-access.ts";
import { compileList, compileMap } from "./compile-literals.ts";
import { FUNCTIONS } from "./functions.ts";
import { compileLazy } from "./lazy-operators.ts";
import { compileMacro } from "./macros.ts";
import { parse } from "./parser.ts";
import { type Compiled, Scope } from "./scope.ts";
import type { CallNode, Node } from "./syntax.ts";
import { TypeName, Uint, type Value } from "./values.ts";

/** An expression that can be evaluated. */
export interface Program {
  readonly type: CelType;
  /** Which of the declared variables it names. */
  readonly uses: ReadonlySet<string>;
  /** Throws a CelError or CostLimitError. `values` are those of the variables, in the order they were declared. */
  evaluate(values: readonly Value[], budget: Budget): Value;
}

/** Compiles `source`, in which `variables` can be named. Throws a CompileError. */
export function compileProgram(
  source: string,
  variables: Readonly<Record<string, CelType>>,
): Program {
  const node = parse(source);
  let scope = new Scope(FUNCTIONS);
  for (const [name, type] of Object.entries(variables)) [scope] = scope.with(name, type);
  const { type, run } = compile(node, scope);
  const names = namesIn(node);
  return {
    type,
    uses: new Set(Object.keys(variables).filter((name) => names.has(name))),
    evaluate: (values, budget) => run([...values], budget),
  };
}

function namesIn(node: Node, found = new Set<string>()): ReadonlySet<string> {
  if (node.op === "name") found.add(node.name);
  for (const part of partsOf(node)) namesIn(part, found);
  return found;
}

function partsOf(node: Node): readonly Node[] {
  switch (node.op) {
    case "select":
      return [node.of];
    case "index":
      return [node.of, node.key];
    case "call":
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case "list":
      return node.items.map(({ value }) => value);
    case "map":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    default:
      return [];
  }
}

function compile(node: Node, scope: Scope): Compiled {
  const { type, run } = COMPILERS[node.op](node as never, scope);
  return {
    type,
    run: (frame, budget) => {
      budget.spend(1);
      return run(frame, budget);
    },
  };
}

type Of<Op extends Node["op"]> = Extract<Node, { op: Op }>;

const COMPILERS: { readonly [Op in Node["op"]]: (node: Of<Op>, scope: Scope) => Compiled } = {
  literal: ({ token }) => {
    const { kind, value } = token;
    const constant: Value = kind === "uint" ? new Uint(value) : value;
    return { type: { kind: "simple", name: kind }, run: () => constant };
  },
  name: compileName,
  select: (node, scope) =>
    typeNamed(node, scope) ?? compileAccess(node, compile(node.of, scope), undefined),
  index: (node, scope) => compileAccess(node, compile(node.of, scope), compile(node.key, scope)),
  list: (node, scope) => compileList(node, scope, compile),
  map: (node, scope) => compileMap(node, scope, compile),
  call: compileCall,
};

function compileName({ name, at }: Of<"name">, scope: Scope): Compiled {
  const variable = scope.find(name);
  if (variable !== undefined) {
    const { slot, type } = variable;
    return { type, run: (frame) => frame[slot] as Value };
  }
  const type = typeValue(name);
  if (type !== undefined) return type;
  throw new CompileError(`undeclared reference to '${name}' (in container '')`, at);
}

const TYPE_NAMES = "bool bytes double int list map null_type string type uint".split(" ");
const LONG_TYPE_NAMES = new Map(Object.entries(LONG_NAMES).map(([short, long]) => [long, short]));

function typeValue(name: string): Compiled | undefined {
  const short = TYPE_NAMES.includes(name) ? name : LONG_TYPE_NAMES.get(name);
  if (short === undefined) return undefined;
  const value = new TypeName(short);
  return { type: TYPE, run: () => value };
}

/** A type whose name has dots, such as google.protobuf.Timestamp. */
function typeNamed(node: Node, scope: Scope): Compiled | undefined {
  const name = dottedName(node, scope);
  return name === undefined ? undefined : typeValue(name);
}

/** "a.b.c" if the node is that and a is no variable. */
function dottedName(node: Node, scope: Scope): string | undefined {
  if (node.op === "name") return scope.find(node.name) === undefined ? node.name : undefined;
  if (node.op !== "select" || node.isOptional) return undefined;
  const of = dottedName(node.of, scope);
  return of && `${of}.${node.field}`;
}

function compileCall(node: CallNode, scope: Scope): Compiled {
  const own = compileLazy(node, scope, compile) ?? compileMacro(node, scope, compile);
  if (own !== undefined) return own;
  const { name, target, args } = node;
  if (target === undefined) return compileFunction(node, name, args, scope);
  const owner = dottedName(target, scope);
  const full = `${owner}.${name}`;
  if (owner !== undefined && scope.functions.has(full, false))
    return compileFunction(node, full, args, scope);
  return compileFunction(node, name, [target, ...args], scope, true);
}

function compileFunction(
  { at }: CallNode,
  name: string,
  args: readonly Node[],
  scope: Scope,
  isMethod = false,
): Compiled {
  // The values of a format may be of several types, as they are in no other list.
  const parts = args.map((arg) =>
    name === "format" && arg.op === "list"
      ? compileList(arg, scope, compile, true)
      : compile(arg, scope),
  );
  if (!scope.functions.has(name, isMethod))
    throw new CompileError(`undeclared reference to '${name}' (in container '')`, at);
  const { type, call } = resolved(scope, name, isMethod, parts, at);
  return {
    type,
    run: (frame, budget) =>
      call(
        parts.map(({ run }) => run(frame, budget)),
        budget,
      ),
  };
}

function resolved(
  { functions }: Scope,
  name: string,
  isMethod: boolean,
  parts: readonly Compiled[],
  at: number,
) {
  const types = parts.map(({ type }) => type);
  try {
    return functions.resolve(name, isMethod, types);
  } catch (cause) {
    throw new CompileError((cause as Error).message, at);
  }
}
