/** From here on, and down to its reciprocal, Go writes numbers with an exponent. */
const SMALL = 1e-4;
const UNSAFE = /[<>&\u2028\u2029]/g;

/** A value as kubectl prints what a JSONPath has found: text as it is, maps and lists as JSON. */
export function pathText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? numberText(value) : goJson(value);
}

/** A value as JSON, as Go writes it: keys sorted, signs of HTML escaped. */
export function goJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(sorted(value), undefined, indent) ?? "null";
  return text.replace(
    UNSAFE,
    (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** A value as Go's `%v` shows it, and kubectl in custom columns: `map[a:1 b:[x y]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${goText(member)}`).join(" ")}]`;
}

function numberText(value: number): string {
  const text = value !== 0 && Math.abs(value) < SMALL ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
