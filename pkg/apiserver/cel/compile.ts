import { type Budget, CelError, CompileError } from "./cel-errors.ts";
import {
  accepts,
  BOOL,
  type CelType,
  DYN,
  joined,
  LONG_NAMES,
  TYPE,
  typeText,
} from "./cel-type.ts";
import { compileAccess } from "./compile-access.ts";
import { FUNCTIONS } from "./functions.ts";
import { compileMacro } from "./macros.ts";
import { parse } from "./parser.ts";
import { attempt, type Compiled, type Frame, Scope } from "./scope.ts";
import type { CallNode, Node } from "./syntax.ts";
import { CelList, EntryMap, Optional, TypeName, Uint, type Value } from "./values.ts";

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
  list: (node, scope) => compileList(node, scope),
  map: compileMap,
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

function compileList({ items }: Of<"list">, scope: Scope, isMixed = false): Compiled {
  const parts = items.map(({ value, isOptional }) => ({
    ...compile(value, scope),
    ...{ at: value.at, isOptional },
  }));
  const item = isMixed ? DYN : commonType(parts);
  const run = (frame: Frame, budget: Budget) => {
    const values: Value[] = [];
    for (const { run: find, isOptional } of parts) {
      const value = present(find(frame, budget), isOptional);
      if (value !== undefined) values.push(value);
    }
    return new CelList(values);
  };
  return { type: { kind: "list", item }, run };
}

interface Part extends Compiled {
  readonly at: number;
  readonly isOptional: boolean;
}

/** The type of all parts of a literal. Throws if they are of several types. */
function commonType(parts: readonly Part[]): CelType {
  let common: CelType | undefined;
  for (const part of parts) {
    const type = itemType(part);
    const next = common === undefined ? type : joined(common, type);
    if (next === undefined)
      throw new CompileError(
        `expected type '${typeText(common ?? DYN)}' but found '${typeText(type)}'`,
        part.at,
      );
    common = next;
  }
  return common ?? DYN;
}

function itemType({ type, isOptional, at }: Part): CelType {
  if (!isOptional || type.kind === "dyn") return type;
  if (type.kind === "optional") return type.item;
  throw new CompileError(`expected type 'optional_type' but found '${typeText(type)}'`, at);
}

function present(value: Value, isOptional: boolean): Value | undefined {
  if (!isOptional) return value;
  if (value instanceof Optional) return value.value;
  throw new CelError("no such overload");
}

function compileMap({ entries }: Of<"map">, scope: Scope): Compiled {
  const keys = entries.map((entry) => ({
    ...compile(entry.key, scope),
    ...{ at: entry.key.at, isOptional: false },
  }));
  const values = entries.map((entry) => ({
    ...compile(entry.value, scope),
    ...{ at: entry.value.at, isOptional: entry.isOptional },
  }));
  const type: CelType = { kind: "map", key: commonType(keys), value: commonType(values) };
  const run = (frame: Frame, budget: Budget) => {
    const map = new EntryMap();
    for (const [i, { run: keyOf }] of keys.entries()) {
      const { run: find, isOptional } = values[i] as Part;
      const key = keyOf(frame, budget);
      const value = present(find(frame, budget), isOptional);
      if (value !== undefined) map.add(key, value);
    }
    return map;
  };
  return { type, run };
}

function compileCall(node: CallNode, scope: Scope): Compiled {
  const special = Object.hasOwn(SPECIAL, node.name) ? SPECIAL[node.name] : undefined;
  if (special !== undefined) return special(node, scope);
  const macro = compileMacro(node, scope, compile);
  if (macro !== undefined) return macro;
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
    name === "format" && arg.op === "list" ? compileList(arg, scope, true) : compile(arg, scope),
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

/** Operators that do not need all of their operands. */
const SPECIAL: Readonly<Record<string, (node: CallNode, scope: Scope) => Compiled>> = {
  "_&&_": (node, scope) => compileLogic(node, scope, false),
  "_||_": (node, scope) => compileLogic(node, scope, true),
  "_?_:_": compileChoice,
};

/** One operand that comes to `deciding` is enough, even if there is no result for the other. */
function compileLogic(node: CallNode, scope: Scope, deciding: boolean): Compiled {
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

function compileChoice(node: CallNode, scope: Scope): Compiled {
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
