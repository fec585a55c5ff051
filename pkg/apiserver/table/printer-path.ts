import { field, isObject } from "../request/json.ts";

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly path: readonly string[]; readonly value: unknown };

const TOKEN =
  /\.((?:\\.|[^.[\]\\])+)|\['((?:\\.|[^'\\])*)'\]|\[(-?\d+)\]|\[(\*)\]|\[\?\(@\.([\w.-]+)\s*==\s*("[^"]*"|'[^']*'|true|false|-?[\d.]+)\)\]/y;

/**
 * What the JSONPath of a printer column finds in `object`, first match first. Understands fields, `['name']`, `[0]`, `[*]`
 * and `[?(@.type=="Ready")]`; what it does not understand finds nothing.
 */
export function parsePrinterPath(path: string): (object: unknown) => readonly unknown[] {
  const steps = parse(path);
  if (steps === undefined) return () => [];
  return (object) => steps.reduce<readonly unknown[]>(follow, [object]);
}

/** The field names of a path that has nothing but fields, as in `.spec.replicas`; else undefined. */
export function plainPath(path: unknown): readonly string[] | undefined {
  const steps = typeof path === "string" ? parse(path) : undefined;
  if (steps?.every((step) => step.kind === "field") !== true) return undefined;
  return steps.map((step) => (step.kind === "field" ? step.name : ""));
}

function parse(path: string): readonly Step[] | undefined {
  const text = path.replace(/^\{(.*)\}$/, "$1").replace(/^\$/, "");
  const steps: Step[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    steps.push(stepOf(match));
  }
  return steps;
}

function stepOf([, plain, quoted, index, star, path = "", value = ""]: RegExpExecArray): Step {
  const name = plain ?? quoted;
  if (name === "*" || star !== undefined) return { kind: "all" };
  if (name !== undefined) return { kind: "field", name: name.replace(/\\(.)/g, "$1") };
  if (index !== undefined) return { kind: "index", index: Number(index) };
  const wanted = JSON.parse(value.replace(/^'(.*)'$/, '"$1"')) as unknown;
  return { kind: "filter", path: path.split("."), value: wanted };
}

function follow(values: readonly unknown[], step: Step): readonly unknown[] {
  return values.flatMap((value) => one(value, step)).filter((value) => value !== undefined);
}

function one(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case "field":
      return [field(value, step.name)];
    case "index":
      return Array.isArray(value) ? [value.at(step.index)] : [];
    case "all":
      return items(value);
    case "filter":
      return items(value).filter((item) => step.path.reduce<unknown>(field, item) === step.value);
  }
}

function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}
