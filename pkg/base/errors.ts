/**
 * An error a caller is expected to handle. `code` is for programs and for docs/errors.md, `message` for
 * people: *Cannot ‹do what› ‹"to what"›[ as ‹what must hold›]: ‹what is›*.
 */
export abstract class OteError extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** For the default branch of a switch over a union: a value that should not exist ends loudly. */
export function assertNever(value: never, what: string): never {
  throw new TypeError(`Cannot handle ${what} ${JSON.stringify(value)}`);
}

/** The `code` of an error of ours or of Node, or "UNKNOWN" for anything else that was thrown. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return "UNKNOWN";
}

/** What an error says, whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
