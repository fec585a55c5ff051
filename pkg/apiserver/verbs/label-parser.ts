import { badRequest } from "../request/refusals.ts";
import { keyProblems, labelValueProblems } from "./names.ts";

/** One condition of a label selector. */
export interface Requirement {
  readonly key: string;
  readonly operator: "in" | "notin" | "exists" | "!" | ">" | "<";
  readonly values: readonly string[];
}

interface Token {
  /** The text itself for signs and the words "in" and "notin"; "" for the end. */
  readonly kind: string;
  readonly text: string;
}

const SIGNS = /^(?:==|!=|[=!(),<>])/;
const WORD = /^[^\s=!(),<>]+/;
const END: Token = { kind: "", text: "" };

/** Reads a label selector as Kubernetes does. Throws a bad request that says what was expected. */
export function parseLabels(selector: string): readonly Requirement[] {
  return new Parser(tokens(selector)).requirements();
}

function tokens(selector: string): readonly Token[] {
  const list: Token[] = [];
  for (let rest = selector.trimStart(); rest !== ""; rest = rest.trimStart()) {
    const [sign] = SIGNS.exec(rest) ?? [];
    const text = sign ?? WORD.exec(rest)?.[0] ?? rest;
    const isWord = sign === undefined && text !== "in" && text !== "notin";
    list.push({ kind: isWord ? "word" : text, text });
    rest = rest.slice(text.length);
  }
  return list;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(list: readonly Token[]) {
    this.#tokens = list;
  }

  requirements(): readonly Requirement[] {
    const list: Requirement[] = [];
    if (this.#peek().kind === "") return list;
    this.#expectKey("!, identifier, or 'end of string'");
    for (;;) {
      list.push(this.#requirement());
      const { kind, text } = this.#take();
      if (kind === "") return list;
      if (kind !== ",") throw badRequest(`found '${text}', expected: ',' or 'end of string'`);
      this.#expectKey("identifier after ','");
    }
  }

  #expectKey(expected: string): void {
    const { kind, text } = this.#peek();
    if (kind !== "word" && kind !== "!") throw badRequest(`found '${text}', expected: ${expected}`);
  }

  #requirement(): Requirement {
    const isAbsent = this.#peek().kind === "!";
    if (isAbsent) this.#take();
    const { kind, text: key } = this.#take();
    if (kind !== "word") throw unreadable(`found '${key}', expected: identifier`);
    const [problem] = keyProblems(key);
    if (problem !== undefined) throw unreadable(`invalid label key "${key}": ${problem}`);
    if (isAbsent) return { key, operator: "!", values: [] };
    if (["", ","].includes(this.#peek().kind)) return { key, operator: "exists", values: [] };
    return checked(this.#comparison(key));
  }

  #comparison(key: string): Requirement {
    const { kind, text } = this.#take(false);
    switch (kind) {
      case "in":
      case "notin":
        return { key, operator: kind, values: this.#list() };
      case "=":
      case "==":
        return { key, operator: "in", values: [this.#value()] };
      case "!=":
        return { key, operator: "notin", values: [this.#value()] };
      case ">":
      case "<":
        return { key, operator: kind, values: [this.#value()] };
      default:
        throw unreadable(`found '${text}', expected: '=', '!=', '==', 'in', notin'`);
    }
  }

  #value(): string {
    if (["", ","].includes(this.#peek().kind)) return "";
    const { kind, text } = this.#take();
    if (kind !== "word") throw unreadable(`found '${text}', expected: identifier`);
    return text;
  }

  #list(): readonly string[] {
    const open = this.#take();
    if (open.kind !== "(") throw unreadable(`found '${open.text}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      values.push(this.#peek().kind === "word" ? this.#take().text : "");
      const { kind, text } = this.#take();
      if (kind === ")") return values;
      if (kind !== ",") throw unreadable(`found '${text}', expected: ',' or ')'`);
    }
  }

  #peek(): Token {
    return asWord(this.#tokens[this.#next] ?? END);
  }

  /** "in" and "notin" are operators after a key only, words elsewhere. */
  #take(words = true): Token {
    const token = this.#tokens[this.#next++] ?? END;
    return words ? asWord(token) : token;
  }
}

function asWord(token: Token): Token {
  return token.kind === "in" || token.kind === "notin" ? { ...token, kind: "word" } : token;
}

function checked(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement;
  if ((operator === ">" || operator === "<") && !/^[-+]?\d+$/.test(values[0] ?? ""))
    throw unreadable("for 'Gt', 'Lt' operators, the value must be an integer");
  for (const value of values)
    for (const problem of labelValueProblems(value))
      throw unreadable(`invalid label value: "${value}": at key: "${key}": ${problem}`);
  return requirement;
}

function unreadable(what: string): Error {
  return badRequest(`unable to parse requirement: ${what}`);
}
