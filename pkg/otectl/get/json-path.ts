/** What is found with a path: values, each given out only as it is. */
export type Values = readonly unknown[];

/** One step of a path. */
export type Step =
  | { readonly kind: "field"; readonly name: string }
  | {
      readonly kind: "slice";
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly step: number | undefined;
      /** One element: `from` says which, the last one is -1. */
      readonly isOne: boolean;
    }
  | {
      readonly kind: "filter";
      readonly left: readonly Step[];
      /** Undefined: there must be something at `left`. */
      readonly operator: string | undefined;
      readonly right: readonly Step[];
    }
  | { readonly kind: "union"; readonly members: readonly (readonly Step[])[] }
  | { readonly kind: "constant"; readonly value: string | number | boolean }
  | { readonly kind: "all" }
  | { readonly kind: "deep" };

/** One part of a template: text, a path in braces, or a loop over what a path finds. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly steps: readonly Step[] }
  | { readonly kind: "range"; readonly over: readonly Step[]; readonly body: readonly Part[] };

/** A template that cannot be read, or that does not fit to the objects. */
export class JsonPathError extends TypeError {}

/** A word in braces, which only means something as the first one. */
type Token = Step | { readonly kind: "word"; readonly word: string };

const FIELD = /(?:\\.|[^\s.,[\]$@{}\\])*/sy;
const NUMBER = /[+-]?[\d.]+/y;
const WORD = /[\p{L}\p{Nd}_][^\s.,[\]$@{}]*/uy;
const QUOTED = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const FILTER = /\[\?\(((?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[^)"'\n])*)\)\]/y;
const BRACKETS = /\[([^\]\n]*)\]/y;
const COMPARISON = /^([^!<>=]+)([!<>=]+)(.+)$/;
const SLICE = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/;
const OPERATORS = ["<", ">", "==", "!=", "<=", ">="];
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Reads a template as `kubectl -o jsonpath` does: text, with paths in braces. Throws a JsonPathError. */
export function parseTemplate(text: string): readonly Part[] {
  const reader = new TemplateReader(text);
  const parts = reader.parts(false);
  if (parts.length === 0)
    throw new JsonPathError("template format specified but no template given");
  return parts;
}

/** Reads one path as `--sort-by` and `custom-columns` have it: "metadata.name", ".metadata.name" or "{.metadata.name}". */
export function parsePath(text: string): readonly Part[] {
  const [, inside] = /^\{?\.?([^{}]+)\}?$/.exec(text) ?? [];
  if (inside === undefined || text.startsWith("{") !== text.endsWith("}"))
    throw new JsonPathError(
      `unexpected path ${JSON.stringify(text)}: it must be like name1.name2, .name1.name2, {name1.name2} or {.name1.name2}`,
    );
  return parseTemplate(`{.${inside}}`);
}

class TemplateReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** All up to the end, or to the end of a range. */
  parts(isInRange: boolean): Part[] {
    const parts: Part[] = [];
    while (this.#at < this.#text.length) {
      const text = this.#upTo("{");
      if (text !== "") parts.push({ kind: "text", text });
      if (this.#at >= this.#text.length) break;
      this.#at++;
      const part = this.#part(this.#action(), isInRange);
      if (part === undefined) break;
      parts.push(part);
    }
    return parts;
  }

  /** Undefined for the end of a range. */
  #part(tokens: readonly Token[], isInRange: boolean): Part | undefined {
    const [first, ...others] = tokens;
    if (first?.kind !== "word") return { kind: "path", steps: stepsOf(tokens) };
    if (first.word === "range")
      return { kind: "range", over: stepsOf(others), body: this.parts(true) };
    if (first.word !== "end") throw new JsonPathError(`unrecognized identifier ${first.word}`);
    if (!isInRange) throw new JsonPathError("not in range, nothing to end");
    return undefined;
  }

  #upTo(sign: string): string {
    const found = this.#text.indexOf(sign, this.#at);
    const from = this.#at;
    this.#at = found < 0 ? this.#text.length : found;
    return this.#text.slice(from, this.#at);
  }

  /** What is in a pair of braces. */
  #action(): Token[] {
    const tokens: Token[] = [];
    for (;;) {
      const sign = this.#text[this.#at];
      if (sign === undefined || sign === "\n" || sign === "\r")
        throw new JsonPathError("unclosed action");
      if (sign === "}") {
        this.#at++;
        return tokens;
      }
      if (sign === " " || sign === "@" || sign === "$") this.#at++;
      else tokens.push(...this.#token(sign, tokens.at(-1)));
    }
  }

  #token(sign: string, before: Token | undefined): readonly Token[] {
    if (this.#text.startsWith("[?(", this.#at)) return [this.#filter()];
    if (this.#text.startsWith("..", this.#at)) return this.#deep(before);
    if (sign === "[") return bracketSteps(this.#group(BRACKETS, "unterminated array"));
    if (sign === '"' || sign === "'")
      return [
        { kind: "constant", value: unquoted(this.#whole(QUOTED, "unterminated quoted string")) },
      ];
    if (sign === ".") {
      this.#at++;
      return [this.#field()];
    }
    const number = this.#match(NUMBER)?.[0];
    if (number !== undefined) return [{ kind: "constant", value: numberOf(number) }];
    const word = this.#match(WORD)?.[0];
    if (word === undefined)
      throw new JsonPathError(`unrecognized character in action: ${JSON.stringify(sign)}`);
    const isBoolean = word === "true" || word === "false";
    return [isBoolean ? { kind: "constant", value: word === "true" } : { kind: "word", word }];
  }

  #field(): Step {
    const name = this.#match(FIELD)?.[0] ?? "";
    return name === "*" ? { kind: "all" } : { kind: "field", name: name.replaceAll("\\", "") };
  }

  #deep(before: Token | undefined): readonly Step[] {
    if (before?.kind === "deep") throw new JsonPathError("invalid multiple recursive descent");
    this.#at += 2;
    const isNamed = /^[\p{L}\p{Nd}_]/u.test(this.#text.slice(this.#at, this.#at + 2));
    return isNamed ? [{ kind: "deep" }, this.#field()] : [{ kind: "deep" }];
  }

  #filter(): Step {
    const text = this.#group(FILTER, "unterminated filter");
    const [, left, operator, right = ""] = COMPARISON.exec(text) ?? [];
    if (left === undefined || operator === undefined)
      return { kind: "filter", left: inner(text), operator: undefined, right: [] };
    if (!OPERATORS.includes(operator))
      throw new JsonPathError(`unrecognized filter operator ${operator}`);
    return { kind: "filter", left: inner(left), operator, right: inner(right) };
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #whole(pattern: RegExp, otherwise: string): string {
    const found = this.#match(pattern);
    if (found === undefined) throw new JsonPathError(otherwise);
    return found[0];
  }

  #group(pattern: RegExp, otherwise: string): string {
    const found = this.#match(pattern);
    if (found === undefined) throw new JsonPathError(otherwise);
    return found[1] ?? "";
  }
}

function stepsOf(tokens: readonly Token[]): Step[] {
  return tokens.map((token) => {
    if (token.kind === "word") throw new JsonPathError(`unrecognized identifier ${token.word}`);
    return token;
  });
}

/** The steps of a text as if it were in braces of its own. */
function inner(text: string): readonly Step[] {
  const [part, ...more] = parseTemplate(`{${text}}`);
  if (part?.kind !== "path" || more.length > 0)
    throw new JsonPathError(`invalid expression ${text}`);
  return part.steps;
}

function bracketSteps(given: string): readonly Step[] {
  const members = given.split(",");
  if (members.length > 1)
    return [{ kind: "union", members: members.map((text) => bracketSteps(text.trim())) }];
  const [, key] = /^'([^']*)'$/.exec(given) ?? [];
  if (key !== undefined) return inner(`.${key}`);
  const [, first = "", second, third] = SLICE.exec(given === "*" ? ":" : given) ?? [];
  if (!SLICE.test(given === "*" ? ":" : given))
    throw new JsonPathError(`invalid array index ${given}`);
  const from = bound(first);
  return [
    {
      kind: "slice",
      from: second === undefined ? (from ?? 0) : from,
      to: bound(second?.slice(1) ?? ""),
      step: bound(third?.slice(1) ?? ""),
      isOne: second === undefined,
    },
  ];
}

function bound(text: string): number | undefined {
  if (text === "") return undefined;
  const value = Number(text);
  if (Number.isInteger(value)) return value;
  throw new JsonPathError(`array index ${text} is not a number`);
}

function numberOf(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new JsonPathError(`cannot parse number ${text}`);
}

/** A text in quotes, with Go's escapes. */
function unquoted(text: string): string {
  return text
    .slice(1, -1)
    .replace(/\\(x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|[0-7]{3}|.)/gis, (_, code: string) => {
      const [sign = ""] = code;
      if (code.length > 1) {
        const value = /\d/.test(sign)
          ? Number.parseInt(code, 8)
          : Number.parseInt(code.slice(1), 16);
        return String.fromCodePoint(value);
      }
      const escaped = ESCAPES[sign] ?? (`\\"'`.includes(sign) ? sign : undefined);
      if (escaped === undefined)
        throw new JsonPathError(`unquote string ${text} error invalid syntax`);
      return escaped;
    });
}
