import { type Budget, CelError, CompileError } from "./cel-errors.ts";
import { accepts, type CelType, DYN, INT, STRING, typeText } from "./cel-type.ts";
import type { Compiled, Frame } from "./scope.ts";
import type { Node } from "./syntax.ts";
import { CelList, isMap, isNumeric, Optional, typeOf, Uint, type Value } from "./values.ts";

type AccessNode = Extract<Node, { op: "select" | "index" }>;

/** A field (`a.b`), or what is at a key (`a[b]`); with a question mark it may be absent. */
export function compileAccess(node: AccessNode, of: Compiled, key: Compiled | undefined): Compiled {
  // Below an optional value everything is optional.
  const inner = of.type.kind === "optional" ? of.type.item : of.type;
  const mayBeAbsent = node.isOptional || of.type.kind === "optional";
  const found = node.op === "select" ? fieldType(node, inner) : itemType(node, inner, key);
  const keyOf = keyRunner(node, key);
  const type: CelType =
    mayBeAbsent && found.kind !== "optional" ? { kind: "optional", item: found } : found;
  const run = (frame: Frame, budget: Budget) => {
    const owner = of.run(frame, budget);
    const wanted = keyOf(frame, budget);
    if (owner instanceof Optional) return optionalEntry(owner.value, wanted);
    return node.isOptional ? optionalEntry(owner, wanted) : entry(owner, wanted);
  };
  return { type, run };
}

function keyRunner(node: AccessNode, key: Compiled | undefined): Compiled["run"] {
  if (node.op === "index") return (key as Compiled).run;
  const { field } = node;
  return () => field;
}

function fieldType({ field, at }: Extract<Node, { op: "select" }>, of: CelType): CelType {
  if (of.kind === "dyn") return DYN;
  if (of.kind === "map") {
    if (accepts(of.key, STRING, new Map())) return of.value;
  } else if (of.kind === "object") {
    const known = of.fields.get(field);
    if (known !== undefined) return known.type;
    throw new CompileError(`undefined field '${field}'`, at);
  }
  throw new CompileError(`type '${typeText(of)}' does not support field selection`, at);
}

function itemType(
  { at }: Extract<Node, { op: "index" }>,
  of: CelType,
  key: Compiled | undefined,
): CelType {
  const given = key?.type ?? DYN;
  if (of.kind === "dyn") return DYN;
  if (of.kind === "list" && accepts(INT, given, new Map())) return of.item;
  if (of.kind === "map" && accepts(of.key, given, new Map())) return of.value;
  throw new CompileError(
    `found no matching overload for '_[_]' applied to '(${typeText(of)}, ${typeText(given)})'`,
    at,
  );
}

/** What is at `key` of `owner`. Throws if there is nothing. */
function entry(owner: Value, key: Value): Value {
  const value = lookUp(owner, key);
  if (value !== undefined) return value;
  throw new CelError(
    owner instanceof CelList
      ? `index out of bounds: ${keyText(key)}`
      : `no such key: ${keyText(key)}`,
  );
}

function optionalEntry(owner: Value | undefined, key: Value): Optional {
  const value = owner === undefined ? undefined : lookUp(owner, key);
  if (value instanceof Optional) return value;
  return value === undefined ? Optional.none : new Optional(value);
}

/** What is at `key` of `owner`; undefined if there is nothing. Throws if it can have no such keys. */
export function lookUp(owner: Value, key: Value): Value | undefined {
  if (isMap(owner)) return owner.get(key);
  if (!(owner instanceof CelList) || !isNumeric(key)) throw new CelError("no such overload");
  const index = Number(key instanceof Uint ? key.value : key);
  if (!Number.isInteger(index)) throw new CelError(`unsupported index value: ${index}`);
  return index < 0 ? undefined : owner.items[index];
}

function keyText(key: Value): string {
  if (key instanceof Uint) return String(key.value);
  return typeof key === "object" ? typeOf(key) : String(key);
}
