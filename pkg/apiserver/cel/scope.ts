import { type Budget, CelError } from "./cel-errors.ts";
import type { CelType } from "./cel-type.ts";
import type { FunctionTable } from "./function-table.ts";
import type { Node } from "./syntax.ts";
import type { Value } from "./values.ts";

/** Where the variables of one evaluation are, each at its place. */
export type Frame = Value[];

/** An expression whose types fit: the type of what it comes to, and how to get there. */
export interface Compiled {
  readonly type: CelType;
  readonly run: (frame: Frame, budget: Budget) => Value;
}

/** What `compiled` comes to, or why it comes to nothing. A CostLimitError is thrown. */
export function attempt({ run }: Compiled, frame: Frame, budget: Budget): Value | CelError {
  try {
    return run(frame, budget);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
}

/** Compiles a part of an expression where the variables of `scope` are known. */
export type Compile = (node: Node, scope: Scope) => Compiled;

/** A variable: its type and its place in a frame. */
export interface Variable {
  readonly type: CelType;
  readonly slot: number;
}

/** The variables and functions that a part of an expression can name. */
export class Scope {
  readonly functions: FunctionTable;
  readonly #parent: Scope | undefined;
  readonly #variables = new Map<string, Variable>();
  readonly #next: { slot: number };

  constructor(functions: FunctionTable, parent?: Scope) {
    this.functions = functions;
    this.#parent = parent;
    this.#next = parent === undefined ? { slot: 0 } : parent.#next;
  }

  /** A scope with one more variable, and the place of that. */
  with(name: string, type: CelType): readonly [Scope, slot: number] {
    const inner = new Scope(this.functions, this);
    const slot = this.#next.slot++;
    inner.#variables.set(name, { type, slot });
    return [inner, slot];
  }

  find(name: string): Variable | undefined {
    return this.#variables.get(name) ?? this.#parent?.find(name);
  }
}
