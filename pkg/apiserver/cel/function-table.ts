import { type Budget, CelError } from "./cel-errors.ts";
import {
  accepts,
  type Bindings,
  bound,
  type CelType,
  DYN,
  parseType,
  typeText,
} from "./cel-type.ts";
import { CelList, isMap, typeOf, type Value } from "./values.ts";

/**
 * One function for arguments of certain types: "indexOf(string, int) int" for a function, with the type
 * of what it is called on before the name, "string indexOf(string) int", for a method. The code gets the
 * arguments (first what it is called on) and last the Budget; it throws a CelError.
 */
export type FunctionRow = readonly [signature: string, code: (...args: never[]) => Value];

interface Overload {
  readonly params: readonly CelType[];
  readonly result: CelType;
  readonly code: (...args: unknown[]) => Value;
}

/** What a call comes to: its type, and the code to run with the values of its arguments. */
export interface ResolvedCall {
  readonly type: CelType;
  readonly call: (args: Value[], budget: Budget) => Value;
}

/** All functions and operators that expressions can call. */
export class FunctionTable {
  readonly #overloads = new Map<string, Overload[]>();

  constructor(rows: Iterable<FunctionRow>) {
    for (const [signature, code] of rows) this.#add(signature, code);
  }

  /** Whether there is a function `name`, or a method of that name. */
  has(name: string, isMethod: boolean): boolean {
    return this.#overloads.has(idOf(name, isMethod));
  }

  /** What to do for arguments of the types `given`. Throws an Error that says why nothing fits. */
  resolve(name: string, isMethod: boolean, given: readonly CelType[]): ResolvedCall {
    const all = this.#overloads.get(idOf(name, isMethod)) ?? [];
    const fitting = all.flatMap((overload) => {
      const bindings: Bindings = new Map();
      if (overload.params.length !== given.length) return [];
      const fits = overload.params.every((param, i) => accepts(param, given[i] ?? DYN, bindings));
      return fits ? [{ overload, type: bound(overload.result, bindings) }] : [];
    });
    const [first] = fitting;
    if (first === undefined) throw new Error(noMatch(name, isMethod, given));
    const isOne = fitting.every(({ type }) => typeText(type) === typeText(first.type));
    const type = isOne ? first.type : DYN;
    const isSure = fitting.length === 1 && given.every(isKnown);
    const overloads = fitting.map(({ overload }) => overload);
    return { type, call: isSure ? direct(first.overload) : chosen(overloads) };
  }

  #add(signature: string, code: (...args: never[]) => Value): void {
    const [, receiver, name = "", params = "", result = ""] =
      /^(?:(\S+) )?([^\s(]+)\((.*)\) (\S+)$/.exec(signature) ?? [];
    const types = params === "" ? [] : params.split(", ");
    const id = idOf(name, receiver !== undefined);
    const overload = {
      params: [...(receiver === undefined ? [] : [receiver]), ...types].map(parseType),
      result: parseType(result),
      code: code as Overload["code"],
    };
    this.#overloads.set(id, [...(this.#overloads.get(id) ?? []), overload]);
  }
}

function idOf(name: string, isMethod: boolean): string {
  return isMethod ? `.${name}` : name;
}

function isKnown(type: CelType): boolean {
  return type.kind !== "dyn";
}

function direct({ code }: Overload): ResolvedCall["call"] {
  return (args, budget) => {
    pay(args, budget);
    return code(...args, budget);
  };
}

/** Chooses among several by what the values are. */
function chosen(overloads: readonly Overload[]): ResolvedCall["call"] {
  return (args, budget) => {
    pay(args, budget);
    const fitting = overloads.find(({ params }) =>
      params.every((p, i) => holds(p, args[i] ?? null)),
    );
    if (fitting === undefined) throw new CelError("no such overload");
    return fitting.code(...args, budget);
  };
}

function holds(type: CelType, value: Value): boolean {
  if (type.kind === "dyn" || type.kind === "variable") return true;
  if (type.kind === "list") return value instanceof CelList;
  if (type.kind === "map" || type.kind === "object") return isMap(value);
  return typeOf(value) === (type.kind === "optional" ? "optional" : type.name);
}

/** Every function may look at all of its arguments. */
function pay(args: readonly Value[], budget: Budget): void {
  let cost = 1;
  for (const arg of args) {
    if (typeof arg === "string" || arg instanceof Uint8Array) cost += arg.length / 10;
    else if (arg instanceof CelList) cost += arg.items.length;
  }
  budget.spend(cost);
}

function noMatch(name: string, isMethod: boolean, given: readonly CelType[]): string {
  const texts = given.map(typeText);
  const shown = isMethod ? `${texts[0]}.(${texts.slice(1).join(", ")})` : `(${texts.join(", ")})`;
  return `found no matching overload for '${name}' applied to '${shown}'`;
}
