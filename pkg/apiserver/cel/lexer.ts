import { CompileError } from "./cel-errors.ts";

/** One word of an expression. `value` is what a literal stands for. */
export interface Token {
  readonly kind: "int" | "uint" | "double" | "string" | "bytes" | "name" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
  readonly value?: bigint | number | string | Uint8Array;
}

const SPACE = /(?:\s|\/\/[^\n]*)+/y;
const NUMBER =
  /0[xX]([0-9a-fA-F]+)([uU]?)|(\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|(\d+)([uU]?)/y;
const QUOTE = /([bBrR]{0,2})("""|'''|"|')/y;
const NAME = /[A-Za-z_]\w*/y;
const SYMBOL = /&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]{}]/y;
const MAX_INT = (1n << 63n) - 1n;
const MAX_UINT = (1n << 64n) - 1n;

/** The words of `source`, ending with one of kind "end". Throws a CompileError. */
export function tokens(source: string): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const space = matchAt(SPACE, source, at);
    if (space !== undefined) {
      at += space[0].length;
      continue;
    }
    const token = quoted(source, at) ?? number(source, at) ?? word(source, at);
    if (token === undefined)
      throw new CompileError(`Syntax error: token recognition error at: '${source[at]}'`, at);
    found.push(token);
    at += token.text.length;
  }
  return [...found, { kind: "end", text: "<EOF>", at: source.length }];
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

function word(source: string, at: number): Token | undefined {
  const name = matchAt(NAME, source, at);
  if (name !== undefined) return { kind: "name", text: name[0], at };
  const symbol = matchAt(SYMBOL, source, at);
  return symbol && { kind: "symbol", text: symbol[0], at };
}

function number(source: string, at: number): Token | undefined {
  const match = matchAt(NUMBER, source, at);
  if (match === undefined) return undefined;
  const [text, hex, hexUnsigned, double, digits, unsigned] = match;
  if (double !== undefined) return { kind: "double", text, at, value: Number(double) };
  const value = BigInt(hex === undefined ? (digits ?? "") : `0x${hex}`);
  const kind = (hexUnsigned ?? "") + (unsigned ?? "") === "" ? "int" : "uint";
  // The least int is written as minus this, which the parser puts together.
  if (value > (kind === "int" ? MAX_INT + 1n : MAX_UINT))
    throw new CompileError(`Syntax error: invalid ${kind} literal`, at);
  return { kind, text, at, value };
}

function quoted(source: string, at: number): Token | undefined {
  const match = matchAt(QUOTE, source, at);
  if (match === undefined) return undefined;
  const [opening, prefix = "", quote = ""] = match;
  const flags = prefix.toLowerCase();
  const isRaw = flags.includes("r");
  const from = at + opening.length;
  const to = closing(source, from, quote, isRaw);
  const inside = source.slice(from, to);
  const text = source.slice(at, to + quote.length);
  if (!flags.includes("b"))
    return { kind: "string", text, at, value: isRaw ? inside : unescaped(inside, at) };
  const bytes = isRaw ? Buffer.from(inside) : byteString(inside, at);
  return { kind: "bytes", text, at, value: new Uint8Array(bytes) };
}

function closing(source: string, from: number, quote: string, isRaw: boolean): number {
  for (let at = from; at < source.length; at++) {
    if (source.startsWith(quote, at)) return at;
    if (source[at] === "\n" && quote.length === 1) break;
    if (source[at] === "\\" && !isRaw) at++;
  }
  throw new CompileError("Syntax error: the text is not closed", from);
}

const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]?))/g;
const SHORT: Readonly<Record<string, string>> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?" },
};

function unescaped(text: string, at: number): string {
  return text.replace(ESCAPE, (_all, hex, short, long, octal, letter: string | undefined) => {
    const code = hex ?? short ?? long;
    if (code !== undefined) return point(Number.parseInt(code, 16), at);
    if (octal !== undefined) return point(Number.parseInt(octal, 8), at);
    const plain = letter === undefined || letter === "" ? undefined : SHORT[letter];
    if (plain === undefined)
      throw new CompileError(`Syntax error: invalid escape "\\${letter}"`, at);
    return plain;
  });
}

function point(code: number, at: number): string {
  if (code > 0x10_ffff || (code >= 0xd800 && code < 0xe000))
    throw new CompileError("Syntax error: invalid unicode code point", at);
  return String.fromCodePoint(code);
}

/** In bytes, \x and octal escapes are bytes, all else is UTF-8. */
function byteString(text: string, at: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const match of text.matchAll(/\\(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2})|[\s\S])/g)) {
    const [all, hex, octal] = match;
    if (hex === undefined && octal === undefined) continue;
    pieces.push(Buffer.from(unescaped(text.slice(from, match.index), at)));
    pieces.push(
      Buffer.of(hex === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(hex, 16)),
    );
    from = match.index + all.length;
  }
  return Buffer.concat([...pieces, Buffer.from(unescaped(text.slice(from), at))]);
}
