import { type Budget, CelError, CompileError } from "./cel-errors.ts";
import { accepts, BOOL, type CelType, DYN, INT, typeText } from "./cel-type.ts";
import { lookUp } from "./compile-access.ts";
import { attempt, type Compile, type Compiled, type Frame, type Scope } from "./scope.ts";
import type { CallNode, Node } from "./syntax.ts";
import { CelList, EntryMap, isMap, Optional, type Value } from "./values.ts";

type Macro = (node: CallNode, scope: Scope, compile: Compile) => Compiled;

/** The macro that `node` calls, compiled; undefined if it calls none. */
export function compileMacro(node: CallNode, scope: Scope, compile: Compile): Compiled | undefined {
  if (node.name === "has" && node.target === undefined && node.args.length === 1)
    return compileHas(node, scope, compile);
  if (node.target === undefined) return undefined;
  const id = `${node.name}/${node.args.length}`;
  return Object.hasOwn(MACROS, id) ? MACROS[id]?.(node, scope, compile) : undefined;
}

function compileHas(node: CallNode, scope: Scope, compile: Compile): Compiled {
  const [arg] = node.args;
  if (arg?.op !== "select" || arg.isOptional)
    throw new CompileError("invalid argument to has() macro", arg?.at ?? node.at);
  compile(arg, scope);
  const of = compile(arg.of, scope);
  const run = (frame: Frame, budget: Budget) => {
    const value = of.run(frame, budget);
    const owner = value instanceof Optional ? value.value : value;
    return owner !== undefined && lookUp(owner, arg.field) !== undefined;
  };
  return { type: BOOL, run };
}

/** Goes over what a macro is called on: the places of its variables are filled in for each step. */
interface Loop {
  readonly scope: Scope;
  readonly itemType: CelType;
  readonly keyType: CelType;
  readonly isMap: boolean;
  readonly steps: (
    frame: Frame,
    budget: Budget,
  ) => Iterable<{ readonly key: Value; readonly item: Value }>;
}

/** The loop over the target of `node` with as many variables as `count` says, which are its first arguments. */
function loopOf(node: CallNode, count: 1 | 2, outer: Scope, compile: Compile): Loop {
  const range = compile(node.target as Node, outer);
  const names = node.args.slice(0, count).map(simpleName);
  const { keyType, itemType, isMap: overMap } = rangeTypes(node, range.type);
  const types = count === 2 ? [keyType, itemType] : [overMap ? keyType : itemType];
  let scope = outer;
  const slots = names.map((name, i) => {
    const [inner, slot] = scope.with(name, types[i] ?? DYN);
    scope = inner;
    return slot;
  });
  function* steps(frame: Frame, budget: Budget) {
    for (const step of stepsOf(range.run(frame, budget))) {
      budget.spend(1);
      const values = count === 2 ? [step.key, step.item] : [step.single];
      for (const [i, slot] of slots.entries()) frame[slot] = values[i] as Value;
      yield { key: step.key, item: step.single };
    }
  }
  return { scope, keyType, itemType: types[0] ?? DYN, isMap: overMap, steps };
}

function* stepsOf(range: Value): Iterable<{ key: Value; item: Value; single: Value }> {
  if (range instanceof CelList)
    for (const [i, item] of range.items.entries()) yield { key: BigInt(i), item, single: item };
  else if (isMap(range))
    for (const key of range.keys()) yield { key, item: range.get(key) as Value, single: key };
  else throw new CelError("no such overload");
}

function rangeTypes({ target, at }: CallNode, type: CelType) {
  if (type.kind === "list") return { keyType: INT, itemType: type.item, isMap: false };
  if (type.kind === "map") return { keyType: type.key, itemType: type.value, isMap: true };
  if (type.kind === "dyn") return { keyType: DYN, itemType: DYN, isMap: false };
  throw new CompileError(
    `expression of type '${typeText(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    target?.at ?? at,
  );
}

function simpleName(node: Node): string {
  if (node.op === "name") return node.name;
  throw new CompileError("argument must be a simple name", node.at);
}

/** The argument that says yes or no to each step. */
function predicate(node: Node, { scope }: Loop, compile: Compile): Compiled {
  const compiled = compile(node, scope);
  if (accepts(BOOL, compiled.type, new Map())) return compiled;
  throw new CompileError(`expected type 'bool' but found '${typeText(compiled.type)}'`, node.at);
}

function isTrue({ run }: Compiled, frame: Frame, budget: Budget): boolean {
  const value = run(frame, budget);
  if (typeof value !== "boolean") throw new CelError("no such overload");
  return value;
}

/** all and exists: one step that comes to `deciding` is enough, even if others have no result. */
function quantifier(count: 1 | 2, deciding: boolean): Macro {
  return (node, scope, compile) => {
    const loop = loopOf(node, count, scope, compile);
    const holds = predicate(node.args[count] as Node, loop, compile);
    const run = (frame: Frame, budget: Budget) => {
      let failure: CelError | undefined;
      for (const _ of loop.steps(frame, budget)) {
        const result = attempt(holds, frame, budget);
        if (result === deciding) return deciding;
        if (result !== !deciding) failure ??= failureOf(result);
      }
      return unless(failure, !deciding);
    };
    return { type: BOOL, run };
  };
}

function unless(failure: CelError | undefined, result: boolean): boolean {
  if (failure === undefined) return result;
  throw failure;
}

function failureOf(result: Value | CelError): CelError {
  return result instanceof CelError ? result : new CelError("no such overload");
}

function existsOne(count: 1 | 2): Macro {
  return (node, scope, compile) => {
    const loop = loopOf(node, count, scope, compile);
    const holds = predicate(node.args[count] as Node, loop, compile);
    const run = (frame: Frame, budget: Budget) => {
      let found = 0;
      for (const _ of loop.steps(frame, budget)) if (isTrue(holds, frame, budget)) found++;
      return found === 1;
    };
    return { type: BOOL, run };
  };
}

/** map and transformList; with a filter its argument stands before what each step becomes. */
function mapping(count: 1 | 2, hasFilter: boolean): Macro {
  return (node, scope, compile) => {
    const loop = loopOf(node, count, scope, compile);
    const keep = hasFilter ? predicate(node.args[count] as Node, loop, compile) : undefined;
    const made = compile(node.args[count + Number(hasFilter)] as Node, loop.scope);
    const run = (frame: Frame, budget: Budget) => {
      const items: Value[] = [];
      for (const _ of loop.steps(frame, budget))
        if (keep === undefined || isTrue(keep, frame, budget)) items.push(made.run(frame, budget));
      return new CelList(items);
    };
    return { type: { kind: "list", item: made.type }, run };
  };
}

/** transformMap: the same keys, other values. */
function mapMapping(hasFilter: boolean): Macro {
  return (node, scope, compile) => {
    const loop = loopOf(node, 2, scope, compile);
    const keep = hasFilter ? predicate(node.args[2] as Node, loop, compile) : undefined;
    const made = compile(node.args[2 + Number(hasFilter)] as Node, loop.scope);
    const run = (frame: Frame, budget: Budget) => {
      const map = new EntryMap();
      for (const { key } of loop.steps(frame, budget))
        if (keep === undefined || isTrue(keep, frame, budget))
          map.add(key, made.run(frame, budget));
      return map;
    };
    return { type: { kind: "map", key: loop.keyType, value: made.type }, run };
  };
}

const filter: Macro = (node, scope, compile) => {
  const loop = loopOf(node, 1, scope, compile);
  const keep = predicate(node.args[1] as Node, loop, compile);
  const run = (frame: Frame, budget: Budget) => {
    const items: Value[] = [];
    for (const { item } of loop.steps(frame, budget))
      if (isTrue(keep, frame, budget)) items.push(item);
    return new CelList(items);
  };
  return { type: { kind: "list", item: loop.itemType }, run };
};

/** optMap and optFlatMap: something with the value of an optional, if it has one. */
function optionalMapping(isFlat: boolean): Macro {
  return (node, scope, compile) => {
    const of = compile(node.target as Node, scope);
    if (of.type.kind !== "optional" && of.type.kind !== "dyn")
      throw new CompileError(
        `found no matching overload for '${node.name}' applied to '${typeText(of.type)}'`,
        node.at,
      );
    const item = of.type.kind === "optional" ? of.type.item : DYN;
    const [inner, slot] = scope.with(simpleName(node.args[0] as Node), item);
    const made = compile(node.args[1] as Node, inner);
    const run = (frame: Frame, budget: Budget) => {
      const value = of.run(frame, budget);
      if (!(value instanceof Optional)) throw new CelError("no such overload");
      if (value.value === undefined) return Optional.none;
      frame[slot] = value.value;
      const result = made.run(frame, budget);
      return isFlat ? result : new Optional(result);
    };
    return { type: isFlat ? made.type : { kind: "optional", item: made.type }, run };
  };
}

/** By name and number of arguments. */
const MACROS: Readonly<Record<string, Macro>> = {
  "all/2": quantifier(1, false),
  "all/3": quantifier(2, false),
  "exists/2": quantifier(1, true),
  "exists/3": quantifier(2, true),
  "exists_one/2": existsOne(1),
  "existsOne/2": existsOne(1),
  "existsOne/3": existsOne(2),
  "map/2": mapping(1, false),
  "map/3": mapping(1, true),
  "filter/2": filter,
  "transformList/3": mapping(2, false),
  "transformList/4": mapping(2, true),
  "transformMap/3": mapMapping(false),
  "transformMap/4": mapMapping(true),
  "optMap/2": optionalMapping(false),
  "optFlatMap/2": optionalMapping(true),
};
