import { CompileError } from "./cel-errors.ts";
import { type Token, tokens } from "./lexer.ts";
import type { Entry, Item, Literal, Node } from "./syntax.ts";

const MAX_DEPTH = 250;

/** Operators of two sides, those that bind least first. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["<", "<=", ">", ">=", "==", "!=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

const RESERVED = new Set(
  (
    "as break const continue else for function if import let loop package namespace return var void " +
    "while"
  ).split(" "),
);
const CONSTANTS: Readonly<Record<string, Literal>> = {
  true: { kind: "bool", value: true },
  false: { kind: "bool", value: false },
  null: { kind: "null_type", value: null },
};

/** Reads an expression of the Common Expression Language. Throws a CompileError. */
export function parse(source: string): Node {
  return new Parser(tokens(source)).whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(words: readonly Token[]) {
    this.#tokens = words;
  }

  whole(): Node {
    const node = this.#expression();
    if (this.#token.kind !== "end") throw this.#unexpected();
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#token;
    if (token.kind !== "end") this.#next++;
    return token;
  }

  #is(text: string): boolean {
    const { kind, text: found } = this.#token;
    return found === text && (kind === "symbol" || (kind === "name" && text === "in"));
  }

  #takeIf(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): Token {
    if (!this.#is(text)) throw this.#unexpected(`'${text}'`);
    return this.#take();
  }

  #unexpected(wanted?: string): CompileError {
    const { text, at } = this.#token;
    const why = wanted === undefined ? "" : ` expecting ${wanted}`;
    return new CompileError(`Syntax error: mismatched input '${text}'${why}`, at);
  }

  #expression(): Node {
    if (++this.#depth > MAX_DEPTH)
      throw new CompileError(`expression recursion limit exceeded: ${MAX_DEPTH}`, this.#token.at);
    const condition = this.#level(0);
    let node = condition;
    if (this.#is("?")) {
      const { at } = this.#take();
      const yes = this.#level(0);
      this.#expect(":");
      node = { op: "call", at, name: "_?_:_", args: [condition, yes, this.#expression()] };
    }
    this.#depth--;
    return node;
  }

  #level(i: number): Node {
    const operators = LEVELS[i];
    if (operators === undefined) return this.#unary();
    let left = this.#level(i + 1);
    for (let length = 0; operators.some((operator) => this.#is(operator)); length++) {
      const { text, at } = this.#take();
      // Each is one level deeper in the tree, which is walked by recursion.
      if (length > MAX_DEPTH * 4) throw new CompileError("the expression is too long", at);
      const name = text === "in" ? "@in" : `_${text}_`;
      left = { op: "call", at, name, args: [left, this.#level(i + 1)] };
    }
    return left;
  }

  #unary(): Node {
    const { at, text } = this.#token;
    if (!this.#is("!") && !this.#is("-")) return this.#member();
    this.#next++;
    const literal = text === "-" ? this.#negative(at) : undefined;
    if (literal !== undefined) return this.#suffixes(literal);
    if (++this.#depth > MAX_DEPTH)
      throw new CompileError(`expression recursion limit exceeded: ${MAX_DEPTH}`, at);
    const operand = this.#unary();
    this.#depth--;
    return { op: "call", at, name: text === "!" ? "!_" : "-_", args: [operand] };
  }

  /** A minus belongs to the number after it. */
  #negative(at: number): Node | undefined {
    const { kind, value } = this.#token;
    if (kind === "int") {
      this.#next++;
      return { op: "literal", at, token: { kind, value: -(value as bigint) } };
    }
    if (kind !== "double") return undefined;
    this.#next++;
    return { op: "literal", at, token: { kind, value: -(value as number) } };
  }

  #member(): Node {
    return this.#suffixes(this.#primary());
  }

  #suffixes(first: Node): Node {
    let node = first;
    for (let length = 0; ; length++) {
      const { at } = this.#token;
      if (length > MAX_DEPTH) throw new CompileError("the expression is too long", at);
      if (this.#takeIf(".")) node = this.#afterDot(node, at);
      else if (this.#takeIf("[")) {
        const isOptional = this.#takeIf("?");
        node = { op: "index", at, of: node, key: this.#expression(), isOptional };
        this.#expect("]");
      } else return node;
    }
  }

  #afterDot(of: Node, at: number): Node {
    const isOptional = this.#takeIf("?");
    const { kind, text } = this.#token;
    if (kind !== "name" || text === "in" || Object.hasOwn(CONSTANTS, text))
      throw this.#unexpected("IDENTIFIER");
    this.#next++;
    if (isOptional || !this.#is("(")) return { op: "select", at, of, field: text, isOptional };
    const { at: place } = this.#take();
    return { op: "call", at: place, name: text, target: of, args: this.#list(")") };
  }

  #primary(): Node {
    const { kind, text, at } = this.#token;
    if (kind === "name" && text !== "in") return this.#named();
    if (kind !== "symbol" && kind !== "name" && kind !== "end") return this.#literal();
    if (this.#takeIf("(")) {
      const node = this.#expression();
      this.#expect(")");
      return node;
    }
    if (this.#takeIf("[")) return { op: "list", at, items: this.#items() };
    if (this.#takeIf("{")) return { op: "map", at, entries: this.#entries() };
    if (this.#takeIf(".")) return this.#named();
    throw this.#unexpected();
  }

  #literal(): Node {
    const { kind, value, at } = this.#take();
    if (kind === "int" && value === 1n << 63n)
      throw new CompileError("Syntax error: invalid int literal", at);
    return { op: "literal", at, token: { kind, value } as Literal };
  }

  #named(): Node {
    const { kind, text: name, at } = this.#take();
    if (kind !== "name") {
      this.#next--;
      throw this.#unexpected("IDENTIFIER");
    }
    const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
    if (constant !== undefined) return { op: "literal", at, token: constant };
    if (RESERVED.has(name))
      throw new CompileError(`Syntax error: reserved identifier: ${name}`, at);
    if (!this.#is("(")) return { op: "name", at, name };
    const { at: place } = this.#take();
    return { op: "call", at: place, name, args: this.#list(")") };
  }

  #list(end: string): Node[] {
    const nodes: Node[] = [];
    while (!this.#takeIf(end)) {
      nodes.push(this.#expression());
      if (this.#takeIf(",")) continue;
      this.#expect(end);
      break;
    }
    return nodes;
  }

  #items(): Item[] {
    const items: Item[] = [];
    while (!this.#takeIf("]")) {
      const isOptional = this.#takeIf("?");
      items.push({ value: this.#expression(), isOptional });
      if (this.#takeIf(",")) continue;
      this.#expect("]");
      break;
    }
    return items;
  }

  #entries(): Entry[] {
    const entries: Entry[] = [];
    while (!this.#takeIf("}")) {
      const isOptional = this.#takeIf("?");
      const key = this.#expression();
      this.#expect(":");
      entries.push({ key, value: this.#expression(), isOptional });
      if (this.#takeIf(",")) continue;
      this.#expect("}");
      break;
    }
    return entries;
  }
}
