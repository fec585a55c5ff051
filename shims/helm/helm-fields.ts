import { badBody } from "../yaml-body.ts";

/** A mapping of a body whose keys are known to be allowed. */
export type Fields = Readonly<Record<string, unknown>>;

/** `value` as a mapping that has no other keys than `allowed`; refuses with BadBody. */
export function fieldsOf(value: unknown, what: string, allowed: readonly string[]): Fields {
  if (!isMapping(value)) throw badBody(`${what} must be an object`);
  const other = Object.keys(value).find((key) => !allowed.includes(key));
  if (other !== undefined)
    throw badBody(
      `${what} has the field ${JSON.stringify(other.slice(0, 100))}, which is not one of ${allowed.join(", ")}`,
    );
  return value;
}

/** Whether a value is a mapping, neither null nor a list. */
export function isMapping(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field that is text, if it is there. */
export function textField(fields: Fields, name: string): string | undefined {
  return typedField(fields, name, "text", (value) => typeof value === "string");
}

/** A field that is true or false; absent is false. */
export function flagField(fields: Fields, name: string): boolean {
  return typedField(fields, name, "true or false", (value) => typeof value === "boolean") ?? false;
}

/** A field that is a whole number of a range, if it is there. */
export function numberField(
  fields: Fields,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const isGood = (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return typedField(fields, name, `a whole number from ${least} to ${most}`, isGood);
}

function typedField<T>(
  fields: Fields,
  name: string,
  wanted: string,
  isGood: (value: unknown) => boolean,
): T | undefined {
  // What YAML leaves empty is null, and means that it is not there.
  const value = Object.hasOwn(fields, name) ? (fields[name] ?? undefined) : undefined;
  if (value === undefined || isGood(value)) return value as T | undefined;
  throw badBody(`${name} must be ${wanted}`);
}
