import { badRequest } from "./refusals.ts";

/** What a path under /api or /apis means. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
  /** Whether it is one of the old paths that mean a watch by themselves. */
  readonly watch: boolean;
}

/** The parts of a path between its slashes, unescaped. Throws a bad request if it cannot be. */
export function pathParts(path: string): readonly string[] {
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch {
    throw badRequest("the path is not properly escaped");
  }
}

/** Reads the parts of a path to a collection, an object or a subresource; undefined if it is none of them. */
export function parseResourcePath(parts: readonly string[]): ResourcePath | undefined {
  const [root, ...rest] = parts;
  const group = root === "apis" ? rest.shift() : "";
  const version = rest.shift();
  if ((root !== "api" && root !== "apis") || group === undefined || version === undefined)
    return undefined;
  const watch = rest[0] === "watch" && rest.length > 1;
  if (watch) rest.shift();
  let namespace = "";
  // "namespaces/x" is an object, and only "namespaces/x/things" a collection in it.
  const subresources = ["status", "finalize"];
  if (rest[0] === "namespaces" && rest.length > 2 && !subresources.includes(rest[2] ?? ""))
    namespace = rest.splice(0, 2)[1] ?? "";
  const [plural, name = "", subresource = "", ...more] = rest;
  if (plural === undefined || more.length > 0) return undefined;
  return { group, version, namespace, plural, name, subresource, watch };
}
