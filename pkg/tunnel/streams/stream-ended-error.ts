import { OteError } from "../../base/errors.ts";

/** A stream ended in another way than that both sides had said everything; `code` says why. */
export class StreamEndedError extends OteError {
  readonly code: string;
  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }
}
