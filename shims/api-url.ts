import { TaskRefusedError } from "./task-refused.ts";

/** A task's url, checked and escaped. */
export interface ApiUrl {
  /** Without the query, as it is sent. */
  readonly path: string;
  /** With its "?", or empty. */
  readonly query: string;
  /** The parts of the path as the API server will read them. */
  readonly segments: readonly string[];
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads the url of a task: one absolute path and its query. Spaces and letters beyond ASCII are
 * escaped; whatever could lead to another host or another path than the one written is refused.
 */
export function parseApiUrl(text: string): ApiUrl {
  if (!text.startsWith("/") || text.startsWith("//"))
    throw badUrl(text, 'it must be an absolute path, "/api/v1/…", without scheme and host');
  if (hasControl(text)) throw badUrl(text, "it holds a control character");
  if (text.includes("#")) throw badUrl(text, "it holds a fragment (#)");
  if (text.includes("\\")) throw badUrl(text, "it holds a backslash");
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw badUrl(text, "a % is not followed by two hex digits");

  const escaped = withEscapes(text);
  const at = escaped.indexOf("?");
  const path = at < 0 ? escaped : escaped.slice(0, at);
  const query = at < 0 ? "" : escaped.slice(at);
  return { path, query, segments: segmentsOf(path, text), parameters: parametersOf(query, text) };
}

function withEscapes(text: string): string {
  try {
    return text.replace(/[^\x21-\x7e]|["<>^`{|}]/gu, encodeURIComponent);
  } catch {
    throw badUrl(text, "it is not well-formed Unicode");
  }
}

/** The API server decodes a path before it splits it, so the checks look at what it will see. */
function segmentsOf(path: string, text: string): string[] {
  if (/%2f/i.test(path)) throw badUrl(text, "it holds an escaped slash");
  const whole = decoded(path, text);
  if (whole.includes("\\") || hasControl(whole))
    throw badUrl(text, "it holds an escaped control character or backslash");
  if (whole.includes("//")) throw badUrl(text, "it holds an empty part (//)");
  const segments = whole.split("/").filter((segment) => segment !== "");
  const dots = segments.find((segment) => segment === "." || segment === "..");
  if (dots !== undefined) throw badUrl(text, `it holds "${dots}" as a part`);
  return segments;
}

function parametersOf(query: string, text: string): [string, string][] {
  // API servers before Go 1.17 take ";" for a separator as well.
  const pairs = query
    .slice(1)
    .split(/[&;]/)
    .filter((pair) => pair !== "");
  return pairs.map((pair) => {
    const [name = "", ...value] = pair.replaceAll("+", " ").split("=");
    return [decoded(name, text), decoded(value.join("="), text)];
  });
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badUrl(text, "its escapes are not UTF-8");
  }
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}

function badUrl(text: string, why: string): TaskRefusedError {
  return new TaskRefusedError("BadUrl", `Cannot use url ${JSON.stringify(text)}: ${why}`);
}
