import { RE2JS } from "re2js";

const MAX_KNOWN = 500;

const known = new Map<string, RE2JS>();

/**
 * `source` as Go understands it. It takes time in proportion to the text, whatever the expression. Throws
 * an Error that says what is wrong with it.
 */
export function regularExpression(source: string): RE2JS {
  const found = known.get(source);
  if (found !== undefined) return found;
  const compiled = RE2JS.compile(source);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(source, compiled);
  return compiled;
}

/** Up to `limit` parts of `text` that match, from the left. */
export function findAll(source: string, text: string, limit: number): readonly string[] {
  const matcher = regularExpression(source).matcher(text);
  const found: string[] = [];
  while (found.length < limit && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}
