import { errorText, OteError } from "../../base/errors.ts";

/** A certificate, a key or authorities that an entry was told to use cannot be used. */
export class EntryFileError extends OteError {
  readonly code = "ENTRY_FILE_INVALID";
  constructor(file: string, cause: unknown) {
    super(`Cannot use "${file}" for the entry: ${errorText(cause)}`, { cause });
  }
}
