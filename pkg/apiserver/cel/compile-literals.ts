import { type Budget, CelError, CompileError } from "./cel-errors.ts";
import { type CelType, DYN, joined, typeText } from "./cel-type.ts";
import type { Compile, Compiled, Frame, Scope } from "./scope.ts";
import type { Node } from "./syntax.ts";
import { CelList, EntryMap, Optional, type Value } from "./values.ts";

type ListNode = Extract<Node, { op: "list" }>;
type MapNode = Extract<Node, { op: "map" }>;

/** A list such as `[a, b]`; where `isMixed` its items may be of several types. */
export function compileList(
  { items }: ListNode,
  scope: Scope,
  compile: Compile,
  isMixed = false,
): Compiled {
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

/** A map such as `{a: b}`. */
export function compileMap({ entries }: MapNode, scope: Scope, compile: Compile): Compiled {
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
