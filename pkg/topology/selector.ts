import { OteError } from "../base/errors.ts";
import { matchesGlob } from "../base/glob.ts";
import {
  type ClusterName,
  isClusterName,
  isTagKey,
  isTagValue,
  quote,
  type Tags,
} from "../wire/names.ts";

/** What a selector looks at. */
export interface Selectable {
  readonly name: ClusterName;
  readonly tags: Tags;
}

/** One term of a selector text. */
type Term =
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "glob"; readonly pattern: string }
  | { readonly kind: "tag"; readonly key: string; readonly value: string }
  | { readonly kind: "contains"; readonly text: string };

/** A selector that was read; it selects a cluster when at least one of its terms does. */
export interface Selector {
  selects(cluster: Selectable): boolean;
  /** The words that can be a cluster's name: clusters the author may be waiting for. */
  readonly exactNames: readonly ClusterName[];
}

/** A selector text, or a label selector over tags, that cannot be read. */
export class SelectorError extends OteError {
  readonly code = "INVALID_SELECTOR";
  constructor(text: string, at: number, what: string) {
    super(`Cannot read selector ${quote(text)} at character ${at + 1}: ${what}`);
  }
}

/** Longest selector text in characters. */
export const MAX_SELECTOR = 64 * 1024;

/**
 * Reads "shop-1,bj-*,tier=edge,canary,*east*": names, globs over names, tags, and texts that occur in
 * a name or a tag. Terms add up. A name never selects more than itself. Throws a SelectorError.
 */
export function parseSelector(text: string): Selector {
  if (text.length > MAX_SELECTOR)
    throw new SelectorError(text, MAX_SELECTOR, `it is longer than ${MAX_SELECTOR} characters`);
  const terms: Term[] = [];
  let at = 0;
  for (const part of text.split(",")) {
    const term = part.trim();
    terms.push(parseTerm(text, term, at + part.length - part.trimStart().length));
    at += part.length + 1;
  }
  return new TermSelector(terms);
}

class TermSelector implements Selector {
  readonly exactNames: readonly ClusterName[];
  readonly #words: ReadonlySet<string>;
  readonly #others: readonly Term[];

  constructor(terms: readonly Term[]) {
    const words = terms.flatMap((term) => (term.kind === "word" ? [term.word] : []));
    this.exactNames = [...new Set(words)].filter(isClusterName);
    this.#words = new Set(words);
    this.#others = terms.filter((term) => term.kind !== "word");
  }

  selects(cluster: Selectable): boolean {
    if (this.#words.has(cluster.name)) return true;
    for (const key of Object.keys(cluster.tags)) if (this.#words.has(key)) return true;
    return this.#others.some((term) => matches(term, cluster));
  }
}

function parseTerm(text: string, term: string, at: number): Term {
  if (term === "") throw new SelectorError(text, at, "a term is empty");
  const inner = term.slice(1, -1);
  if (term.length > 2 && term.startsWith("*") && term.endsWith("*") && !inner.includes("*")) {
    return { kind: "contains", text: allowed(text, inner, at + 1, /[^A-Za-z0-9._/=-]/) };
  }
  const equals = term.indexOf("=");
  if (equals >= 0) return tagTerm(text, term, equals, at);
  if (term.includes("*")) return { kind: "glob", pattern: allowed(text, term, at, /[^a-z0-9.*-]/) };
  if (isTagKey(term)) return { kind: "word", word: term };
  allowed(text, term, at, /[^A-Za-z0-9._/-]/);
  throw new SelectorError(text, at, `${quote(term)} is neither a cluster's name nor a tag`);
}

function tagTerm(text: string, term: string, equals: number, at: number): Term {
  const key = term.slice(0, equals);
  const value = term.slice(equals + 1);
  if (!isTagKey(key)) throw new SelectorError(text, at, `${quote(key)} is not a tag's key`);
  if (!isTagValue(value)) {
    throw new SelectorError(text, at + equals + 1, `${quote(value)} is not a tag's value`);
  }
  return { kind: "tag", key, value };
}

function allowed(text: string, term: string, at: number, forbidden: RegExp): string {
  const bad = term.search(forbidden);
  if (bad >= 0)
    throw new SelectorError(text, at + bad, `${quote(term[bad] ?? "")} has no meaning there`);
  return term;
}

function matches(term: Term, { name, tags }: Selectable): boolean {
  switch (term.kind) {
    case "glob":
      return matchesGlob(term.pattern, name);
    case "tag":
      return Object.hasOwn(tags, term.key) && tags[term.key] === term.value;
    case "contains":
      return (
        name.includes(term.text) ||
        Object.entries(tags).some(([key, value]) => `${key}=${value}`.includes(term.text))
      );
    case "word":
      return name === term.word || Object.hasOwn(tags, term.word);
  }
}
