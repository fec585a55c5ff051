import type { StatusCause } from "../../apis/status.ts";

/** A field must not be left out. */
export function required(field: string, why = ""): StatusCause {
  const message = why === "" ? "Required value" : `Required value: ${why}`;
  return { reason: "FieldValueRequired", message, field };
}

/** A field holds what it must not. */
export function invalid(field: string, value: unknown, why: string): StatusCause {
  const message = `Invalid value: ${JSON.stringify(value ?? null)}: ${why}`;
  return { reason: "FieldValueInvalid", message, field };
}

/** A field holds none of the few values that it can. */
export function unsupported(field: string, value: unknown, known: readonly string[]): StatusCause {
  const list = known.map((item) => JSON.stringify(item)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value ?? "")}: supported values: ${list}`;
  return { reason: "FieldValueNotSupported", message, field };
}

/** A field must not be there, or not be changed. */
export function forbidden(field: string, why: string): StatusCause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${why}`, field };
}

/** A number that is below zero. */
export function negative(field: string, value: unknown): StatusCause[] {
  if (typeof value !== "number" || value >= 0) return [];
  return [invalid(field, value, "must be greater than or equal to 0")];
}

/** A number that no port can have. */
export function badPort(field: string, value: unknown): StatusCause[] {
  if (typeof value !== "number" || (value >= 1 && value <= 65_535)) return [];
  return [invalid(field, value, "must be between 1 and 65535, inclusive")];
}
